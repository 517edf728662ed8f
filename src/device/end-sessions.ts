import type { Clock } from '../shared/clock.ts';
import { type MakeTransport, silentListener, type TransportClients } from './transport.ts';

/** For all of them. A session that could not be ended ends an hour later, or as the target has it. */
const endWithinMs = 2_000;

/**
 * Ends the sessions of clients whose sessions outlive their connections: each connects once more with a clean start, so that the target
 * queues nothing for it any more [MQTT-3.1.2-4].
 * @param clean whose sessions end with their connections
 * @returns how many connected
 */
export async function endSessions(
  clean: MakeTransport,
  clients: TransportClients,
  clock: Clock,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const settled = new Set<number>();
  let connects = 0;
  const settle = (client: number): void => {
    settled.add(client);
    if (settled.size === clients.count) resolve();
  };
  const transport = clean(
    {
      ...silentListener,
      connected(client) {
        connects++;
        settle(client);
      },
      connectFailed: settle,
      disconnected: settle,
    },
    clients,
  );
  const cancel = clock.setTimer(endWithinMs, resolve);
  for (let client = 0; client < clients.count; client++) transport.connect(client);
  await promise;
  cancel();
  await transport.close();
  return connects;
}
