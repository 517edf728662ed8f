import mqtt from 'mqtt';
import { until } from '../../until.ts';

/** A well-behaved pair: what goes in at one end comes out at the other. */
export interface Observers {
  /** Publishes that were acknowledged. */
  readonly acked: number;
  /** Ends them. @returns the numbers that came, in their order */
  end(): Promise<number[]>;
}

/** @param everyMs between two publishes of QoS 1 */
export async function startObservers(port: number, everyMs: number): Promise<Observers> {
  const connect = (clientId: string) =>
    mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { clientId, reconnectPeriod: 0, keepalive: 1_200 });
  const [publisher, subscriber] = await Promise.all([connect('observer-out'), connect('observer-in')]);
  const received: number[] = [];
  subscriber.on('message', (_topic, payload) => received.push(Number(payload.toString())));
  await subscriber.subscribeAsync('observer/+/n', { qos: 1 });
  let acked = 0;
  let sent = 0;
  const publishing = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    const publish = publisher.publishAsync('observer/1/n', String(sent++), { qos: 1 }).then(
      () => acked++,
      () => {},
    );
    publishing.add(publish);
    void publish.finally(() => publishing.delete(publish));
  }, everyMs);
  return {
    get acked() {
      return acked;
    },
    async end() {
      clearInterval(timer);
      await until(() => acked >= sent && received.length >= sent, 'the last messages of the observers');
      await Promise.all([publisher.endAsync(true), subscriber.endAsync(true)]);
      return received;
    },
  };
}
