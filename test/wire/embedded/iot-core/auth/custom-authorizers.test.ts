import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { generate, type Packet, parser } from 'mqtt-packet';
import { PolicyError } from '../../../../../src/embedded/iot-core/policies/policy.ts';
import { type AuthorizerEvent, handler } from '../../../../support/embedded/fixtures/authorizer.ts';
import {
  atEnd,
  connectPacket,
  makeVirtualTime,
  type RawClient,
} from '../../../../support/iot-core/fixture.ts';
import {
  type GuardedIotCore,
  startGuarded,
} from '../../../../support/iot-core/listeners/listener-fixture.ts';
import { until } from '../../../../support/until.ts';

/** Through the listener for custom authorizers, by the byte. */
async function connectRaw(iotCore: GuardedIotCore): Promise<RawClient> {
  const socket = connectTls({
    host: '127.0.0.1',
    port: iotCore.wssPort,
    servername: 'localhost',
    ca: iotCore.certificates.authority,
    ALPNProtocols: ['mqtt'],
  });
  const packets: Packet[] = [];
  const reader = parser({ protocolVersion: 5 });
  reader.on('packet', (packet) => packets.push(packet));
  socket.on('data', (chunk) => reader.parse(chunk));
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  atEnd(() => socket.destroy());
  return {
    socket,
    packets,
    closed,
    write: (what) => void socket.write(Buffer.isBuffer(what) ? what : generate(what, { protocolVersion: 5 })),
    packet: async (n) => {
      await until(() => packets.length > n);
      return packets[n]!;
    },
  };
}

const user = { username: 'fleet?x-amz-customauthorizer-name=plain', password: Buffer.from('open sesame') };
const publish = (topic: string, messageId: number): Packet => ({
  cmd: 'publish',
  topic,
  messageId,
  payload: '{}',
  qos: 1,
  dup: false,
  retain: false,
});

describe('a custom authorizer', () => {
  it('receives the credentials of the client', async () => {
    const iotCore = await startGuarded();
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('custom-1', 5, user));
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack', reasonCode: 0 });
    expect(iotCore.events).toEqual([
      {
        signatureVerified: false,
        protocols: ['tls', 'mqtt'],
        protocolData: {
          tls: { serverName: 'localhost' },
          mqtt: {
            username: user.username,
            password: Buffer.from('open sesame').toString('base64'),
            clientId: 'custom-1',
          },
        },
        connectionMetadata: { id: expect.any(String) },
      },
    ]);
  });

  it('is waited for: what the client sends meanwhile is read afterwards, in order', async () => {
    let answer: (value: unknown) => void = () => {};
    const answered = new Promise((resolve) => {
      answer = resolve;
    });
    const iotCore = await startGuarded({}, {}, undefined, async (event) => {
      await answered;
      return handler(event);
    });
    const raw = await connectRaw(iotCore);
    raw.write(
      Buffer.concat(
        [connectPacket('c', 5, user), publish('custom/1', 1)].map((packet) =>
          generate(packet, { protocolVersion: 5 }),
        ),
      ),
    );
    await until(() => iotCore.events.length === 1);
    raw.write(publish('custom/2', 2));
    raw.write(Buffer.concat([generate(publish('custom/3', 3), { protocolVersion: 5 }).subarray(0, 5)]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(raw.packets).toEqual([]);
    answer(undefined);
    await raw.packet(2);
    raw.write(generate(publish('custom/3', 3), { protocolVersion: 5 }).subarray(5));
    await raw.packet(3);
    expect(raw.packets.map((packet) => [packet.cmd, 'messageId' in packet ? packet.messageId : 0])).toEqual([
      ['connack', 0],
      ['puback', 1],
      ['puback', 2],
      ['puback', 3],
    ]);
  });

  it('may be the default, and is not asked about a client that is gone', async () => {
    const iotCore = await startGuarded({ defaultAuthorizer: 'plain' });
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('c', 5, { ...user, username: 'fleet' }));
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack', reasonCode: 0 });
    const gone = await connectRaw(iotCore);
    gone.write(connectPacket('d', 5, { ...user, username: 'fleet' }));
    gone.socket.end();
    await gone.closed;
    await until(() => iotCore.events.length === 2);
    raw.write(publish('custom/1', 1));
    await raw.packet(1);
    expect(iotCore.internalErrors).toEqual([]);
  });

  it('is asked again after refreshAfterInSeconds: a no ends the connection', async () => {
    const { clock, advance } = makeVirtualTime();
    let isKnown = true;
    const iotCore = await startGuarded({}, {}, clock, async (event: AuthorizerEvent) => ({
      ...(await handler(event)),
      isAuthenticated: isKnown,
    }));
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('c', 5, { ...user, keepalive: 1_200 }));
    await raw.packet(0);
    await advance(299_000);
    expect(iotCore.events).toHaveLength(1);
    isKnown = false;
    await advance(2_000);
    await until(() => iotCore.events.length === 2);
    expect(await raw.packet(1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x87 });
  });

  it('lets a connection last for disconnectAfterInSeconds, however often it is refreshed', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startGuarded({}, {}, clock);
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('c', 5, { ...user, keepalive: 1_200 }));
    await raw.packet(0);
    await advance(301_000);
    await until(() => iotCore.events.length === 2);
    raw.write(publish('custom/1', 1));
    await raw.packet(1);
    await advance(298_000);
    expect(raw.packets).toHaveLength(2);
    await advance(2_000);
    expect(await raw.packet(2)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x87 });
  });

  const good = {
    isAuthenticated: true,
    principalId: 'p',
    disconnectAfterInSeconds: 300,
    refreshAfterInSeconds: 300,
    policyDocuments: [],
  };
  it.each([
    ['nothing', null, /is no object/],
    ['no verdict', { ...good, isAuthenticated: 'yes' }, /isAuthenticated/],
    ['a principal that is none', { ...good, principalId: 'a-b' }, /principalId/],
    ['no times', { ...good, refreshAfterInSeconds: undefined }, /refreshAfterInSeconds/],
    ['eleven policies', { ...good, policyDocuments: Array(11).fill('{}') }, /at most 10/],
    ['a policy that is too long', { ...good, policyDocuments: ['x'.repeat(2_049)] }, /2048 characters/],
  ])('that answers %s refuses every client, and says why', async (_what, answer, message) => {
    const iotCore = await startGuarded({}, {}, undefined, () => answer);
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('c', 5, user));
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack', reasonCode: 0x87 });
    expect(String(iotCore.takeInternalError())).toMatch(message);
    expect(iotCore.sum('Connect.AuthError')).toBe(1);
  });

  it('whose policy is not supported refuses every client, and says why', async () => {
    const document = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: '*', Resource: '*', Condition: {} }],
    };
    const iotCore = await startGuarded({}, {}, undefined, () => ({
      ...good,
      policyDocuments: [JSON.stringify(document)],
    }));
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('c', 5, user));
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack', reasonCode: 0x87 });
    expect(iotCore.takeInternalError()).toBeInstanceOf(PolicyError);
  });

  it('that does not answer within five seconds refuses every client', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startGuarded({}, {}, clock, () => new Promise(() => {}));
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('c', 5, user));
    await until(() => iotCore.events.length === 1);
    await advance(5_000);
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack', reasonCode: 0x87 });
    expect(String(iotCore.takeInternalError())).toMatch(/has not answered within 5000 ms/);
  });

  it('that cannot be invoked refuses every client', async () => {
    const iotCore = await startGuarded({}, { invokeUrl: 'http://127.0.0.1:9' });
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('c', 5, user));
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack', reasonCode: 0x87 });
    expect(String(iotCore.takeInternalError())).toMatch(/authorizer failed: .*ECONNREFUSED/);
  });
});
