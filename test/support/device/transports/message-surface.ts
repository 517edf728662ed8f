import { expect, it } from '@jest/globals';
import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import { emptyMessage } from '../../../../src/device/payload-values.ts';
import { PropertyWriter } from '../../../../src/device/property-writer.ts';
import { cleanUpLater, open } from './open-transport.ts';

type Kind = 'dense' | 'device-sdk';
type Broker = () => Promise<{ readonly host: string; readonly port: number }>;

const scope = { seed: 1, devices: 10, offsetMsOf: () => 0, runId: 'run-7', slice: 2 };

/** MQTT.js, which has nothing in common with our clients, subscribed to a filter. */
async function subscribe(
  { host, port }: Awaited<ReturnType<Broker>>,
  filter: string,
  rap = true,
): Promise<{ client: MqttClient; got(count: number): Promise<IPublishPacket[]> }> {
  const client = await mqtt.connectAsync({ host, port, protocolVersion: 5, reconnectPeriod: 0 });
  cleanUpLater(() => client.endAsync(true));
  const packets: IPublishPacket[] = [];
  const waiting = new Set<() => void>();
  client.on('message', (_topic, _payload, packet) => {
    packets.push(packet);
    for (const resolve of waiting) resolve();
  });
  await client.subscribeAsync(filter, { qos: 1, rap });
  return {
    client,
    async got(count) {
      while (packets.length < count) await new Promise<void>((resolve) => waiting.add(resolve));
      return packets;
    },
  };
}

export function testProperties(kind: Kind, start: Broker): void {
  it('publishes properties and the RETAIN flag, as an independent subscriber sees them', async () => {
    const address = await start();
    const { got } = await subscribe(address, 'surface/d0');
    const { listener, transport } = open(kind, address);
    transport.connect(0);
    await listener.until('connected');
    const properties = new PropertyWriter({
      ...scope,
      contentType: 'application/json',
      payloadFormat: 'utf8',
      messageExpirySeconds: 300,
      userProperties: { run: '{runId}/{slice}', device: '{deviceId}', n: 'no {{n}}' },
    });
    const message = { ...emptyMessage(1), deviceIndex: 4, n: 17 };
    const plain = { topic: 'surface/d0', qos: 1, retain: false } as const;
    transport.send(0, {
      ...plain,
      token: 0,
      payload: Buffer.from('first'),
      retain: true,
      properties: properties.write(message),
    });
    transport.send(0, { ...plain, token: 1, payload: Buffer.from('second') });
    transport.flush();
    const [first, second] = await got(2);
    expect(first).toMatchObject({
      topic: 'surface/d0',
      retain: true,
      properties: {
        contentType: 'application/json',
        payloadFormatIndicator: true,
        userProperties: { run: 'run-7/2', device: 'd4', n: 'no 17' },
      },
    });
    expect(first!.payload.toString()).toBe('first');
    const { messageExpiryInterval } = first!.properties!;
    expect(messageExpiryInterval).toBeGreaterThan(290);
    expect(messageExpiryInterval).toBeLessThanOrEqual(300);
    expect(second).toMatchObject({ retain: false });
    expect(second!.properties?.userProperties).toBeUndefined();
    expect(second!.payload.toString()).toBe('second');
    // Kept by the broker, with its properties.
    const later = await subscribe(address, 'surface/d0');
    const [kept] = await later.got(1);
    expect(kept).toMatchObject({ retain: true, properties: { contentType: 'application/json' } });
    expect(kept!.payload.toString()).toBe('first');
  });
}

export function testAliases(kind: Kind, start: Broker): void {
  it('sends each topic once and then its alias, and topics past the maximum of the broker whole', async () => {
    const address = await start();
    const { got } = await subscribe(address, 'alias/+');
    const { listener, transport } = open(kind, address);
    const topics = Array.from({ length: 12 }, (_, i) => `alias/${i}`);
    const sendAll = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        for (const [i, topic] of topics.entries()) {
          const payload = Buffer.from(topic);
          transport.send(0, { token: i, topic, payload, qos: 1, retain: false, isAliased: true });
        }
        transport.flush();
        await listener.until('acknowledged', listener.of('acknowledged').length + 1);
      }
    };
    transport.connect(0);
    await listener.until('connected');
    await sendAll(3);
    await listener.until('acknowledged', 36);
    // Aliases are a connection's own.
    transport.disconnect(0, 'clean');
    await listener.until('disconnected');
    transport.connect(0);
    await listener.until('connected', 2);
    await sendAll(1);
    const packets = await got(48);
    expect(packets.map(({ payload }) => String(payload))).toEqual(packets.map(({ topic }) => topic));
    const counts = topics.map((topic) => packets.filter((packet) => packet.topic === topic).length);
    expect(counts).toEqual(topics.map(() => 4));
  });
}

export function testWill(kind: Kind, start: Broker): void {
  it('leaves a will, which is published when the connection drops and not by a clean end', async () => {
    const address = await start();
    const { got } = await subscribe(address, 'wills/#', false);
    const will = {
      topic: 'wills/one',
      payload: Buffer.from('lost'),
      qos: 1,
      retain: true,
      delaySeconds: 0,
    } as const;
    const { listener, transport } = open(kind, address, { will });
    transport.connect(0);
    await listener.until('connected');
    transport.disconnect(0, 'clean');
    await listener.until('disconnected');
    transport.connect(0);
    await listener.until('connected', 2);
    transport.disconnect(0, 'drop');
    await listener.until('disconnected', 2);
    const [packet] = await got(1);
    expect(packet).toMatchObject({ topic: 'wills/one', qos: 1 });
    expect(packet!.payload.toString()).toBe('lost');
    const later = await subscribe(address, 'wills/one');
    expect((await later.got(1))[0]).toMatchObject({ retain: true });
    expect(await got(1)).toHaveLength(1);
  });
}
