import { type EventEmitter, once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import {
  connectClient,
  connectPacket,
  connectRaw,
  makeVirtualTime,
  startTestIotCore,
  type TestClient,
} from '../../../../support/iot-core/fixture.ts';
import { until } from '../../../../support/until.ts';

type Event = Readonly<Record<string, unknown>>;

const presence = '$aws/events/presence/+/device-1';

/** MQTT.js that reads events. */
async function watch(iotCore: { mqttPort: number }, filter: string): Promise<TestClient> {
  const watcher = await connectClient(iotCore, { clientId: 'watcher' });
  await watcher.client.subscribeAsync(filter, { qos: 1 });
  return watcher;
}

const eventsOf = ({ received }: TestClient): Event[] => received.map(({ text }) => JSON.parse(text) as Event);

describe('presence events', () => {
  it('say of a connection that it began and ended, as AWS documents', async () => {
    const iotCore = await startTestIotCore();
    const watcher = await watch(iotCore, presence);
    const { client } = await connectClient(iotCore, { clientId: 'device-1' });
    await client.endAsync();
    await watcher.got(2);
    expect(watcher.received.map(({ topic }) => topic)).toEqual([
      '$aws/events/presence/connected/device-1',
      '$aws/events/presence/disconnected/device-1',
    ]);
    const [connected, disconnected] = eventsOf(watcher);
    const shared = {
      clientId: 'device-1',
      timestamp: expect.any(Number),
      sessionIdentifier: expect.stringMatching(/^[0-9a-f]{32}$/),
      principalIdentifier: 'anonymous',
      versionNumber: expect.any(Number),
    };
    expect(connected).toEqual({ ...shared, eventType: 'connected', ipAddress: '127.0.0.1' });
    expect(disconnected).toEqual({
      ...shared,
      eventType: 'disconnected',
      clientInitiatedDisconnect: true,
      disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
    });
    expect(disconnected!.sessionIdentifier).toBe(connected!.sessionIdentifier);
    expect(disconnected!.versionNumber).toBe(connected!.versionNumber);
    expect(Math.abs(Date.now() - Number(connected!.timestamp))).toBeLessThan(60_000);
  });

  it('have versions that grow from one connection of a client to the next', async () => {
    const iotCore = await startTestIotCore();
    const watcher = await watch(iotCore, presence);
    for (let i = 0; i < 3; i++)
      await (await connectClient(iotCore, { clientId: 'device-1' })).client.endAsync();
    await watcher.got(6);
    const versions = eventsOf(watcher).map(({ versionNumber }) => Number(versionNumber));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(3);
  });

  it('name the reason of an end', async () => {
    const time = makeVirtualTime();
    const iotCore = await startTestIotCore({}, time.clock);
    const watcher = await connectRaw(iotCore);
    watcher.write(connectPacket('watcher', 4, { keepalive: 1_200 }));
    watcher.write({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: '$aws/events/presence/disconnected/#', qos: 0 }],
    });
    await watcher.packet(1);
    const connect = async (keepalive = 1_200) => {
      const device = await connectRaw(iotCore, 5);
      device.write(connectPacket('device-1', 5, { keepalive }));
      await device.packet(0);
      return device;
    };
    let seen = 2;
    const reason = async (): Promise<unknown> => {
      const packet = (await watcher.packet(seen++)) as unknown as { payload: Buffer };
      return (JSON.parse(packet.payload.toString()) as Event).disconnectReason;
    };
    (await connect()).socket.destroy();
    expect(await reason()).toBe('CONNECTION_LOST');
    await connect(30);
    await time.advance(47_000);
    expect(await reason()).toBe('MQTT_KEEP_ALIVE_TIMEOUT');
    await connect();
    const twin = await connect();
    expect(await reason()).toBe('DUPLICATE_CLIENTID');
    twin.write({
      cmd: 'publish',
      topic: 'a/b',
      payload: Buffer.alloc(131_073),
      qos: 0,
      dup: false,
      retain: false,
    });
    expect(await reason()).toBe('CLIENT_ERROR');
  });

  it('go to rules and to no wildcard at the first level, and not of client ids with a wildcard', async () => {
    const sql = "SELECT clientId AS clientId, eventType AS eventType FROM '$aws/events/presence/#'";
    const iotCore = await startTestIotCore({ ruleSql: sql });
    const all = await connectClient(iotCore, { clientId: 'all' });
    await all.client.subscribeAsync('#');
    const odd = await connectClient(iotCore, { clientId: 'odd+client' });
    await odd.client.endAsync();
    const { client } = await connectClient(iotCore, { clientId: 'device-1' });
    await client.endAsync();
    await until(() => iotCore.arrivals.length >= 3);
    expect(iotCore.arrivals).toEqual([
      { clientId: 'all', eventType: 'connected' },
      { clientId: 'device-1', eventType: 'connected' },
      { clientId: 'device-1', eventType: 'disconnected' },
    ]);
    expect(all.received).toEqual([]);
  });

  it('cannot be published by a client', async () => {
    const iotCore = await startTestIotCore();
    const { client } = await connectClient(iotCore, { clientId: 'forger' });
    const closed = once(client as unknown as EventEmitter, 'close');
    client.publish('$aws/events/presence/connected/device-1', '{}');
    await closed;
  });
});

describe('subscription events', () => {
  it('name the filters of a SUBSCRIBE and of an UNSUBSCRIBE', async () => {
    const iotCore = await startTestIotCore();
    const watcher = await watch(iotCore, '$aws/events/subscriptions/+/device-1');
    const { client } = await connectClient(iotCore, { clientId: 'device-1' });
    await client.subscribeAsync(['foo/bar', 'dog/#']);
    await client.unsubscribeAsync(['dog/#', 'never/there']);
    await watcher.got(2);
    expect(eventsOf(watcher)).toMatchObject([
      { clientId: 'device-1', eventType: 'subscribed', topics: ['foo/bar', 'dog/#'] },
      { clientId: 'device-1', eventType: 'unsubscribed', topics: ['dog/#'] },
    ]);
  });
});
