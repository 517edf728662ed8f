import { describe, expect, it } from '@jest/globals';
import { accountLimitsOf } from '../../../../../src/targets/aws-iot/quotas.ts';
import {
  connectClient,
  connectPacket,
  connectRaw,
  makeVirtualTime,
  startTestIotCore,
} from '../../../../support/iot-core/fixture.ts';
import { until } from '../../../../support/until.ts';

describe('CONNECT', () => {
  it.each([4, 5] as const)('accepts MQTT.js, version %i', async (protocolVersion) => {
    const iotCore = await startTestIotCore();
    const { client } = await connectClient(iotCore, { protocolVersion });
    expect(client.connected).toBe(true);
    expect(iotCore.sum('Connect.Success')).toBe(1);
  });

  it('states the capabilities of the service to MQTT 5', async () => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore, 5);
    raw.write(
      connectPacket('', 5, {
        keepalive: 5,
        properties: { sessionExpiryInterval: 1_000_000, topicAliasMaximum: 3 },
      }),
    );
    const connack = await raw.packet(0);
    expect(connack).toMatchObject({
      cmd: 'connack',
      reasonCode: 0,
      sessionPresent: false,
      properties: {
        receiveMaximum: 100,
        maximumPacketSize: 149_504,
        topicAliasMaximum: 8,
        retainAvailable: true,
        wildcardSubscriptionAvailable: true,
        subscriptionIdentifiersAvailable: false,
        sharedSubscriptionAvailable: true,
        serverKeepAlive: 30,
        sessionExpiryInterval: 3_600,
        assignedClientIdentifier: expect.stringMatching(/^auto-/),
      },
    });
  });

  it.each([
    [4, { returnCode: 2 }],
    [5, { reasonCode: 0x85 }],
  ] as const)('refuses a client id past 128 bytes, version %i', async (version, answer) => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore, version);
    raw.write(connectPacket('x'.repeat(129), version));
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack', ...answer });
    await raw.closed;
    expect(iotCore.sum('Connect.ClientError')).toBe(1);
  });

  it('refuses a client that wants to be authenticated by AUTH', async () => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore, 5);
    raw.write(connectPacket('x', 5, { properties: { authenticationMethod: 'SCRAM-SHA-1' } }));
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack', reasonCode: 0x87 });
    await raw.closed;
    expect(iotCore.sum('Connect.AuthError')).toBe(1);
  });

  it('refuses a version that is neither 3.1.1 nor 5', async () => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore);
    raw.write({ ...connectPacket('old'), protocolId: 'MQIsdp', protocolVersion: 3 } as never);
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack', returnCode: 1 });
    await raw.closed;
  });

  it.each([
    [4, { returnCode: 3 }],
    [5, { reasonCode: 0x97 }],
  ] as const)("throttles past the account's quota, version %i", async (version, answer) => {
    const { clock, advance } = makeVirtualTime();
    const limits = { ...accountLimitsOf('default'), connectsPerSecond: 1 };
    const iotCore = await startTestIotCore({ limits }, clock);
    const connect = async (clientId: string) => {
      const raw = await connectRaw(iotCore, version);
      raw.write(connectPacket(clientId, version));
      return raw.packet(0);
    };
    const accepted = version === 5 ? { reasonCode: 0 } : { returnCode: 0 };
    expect(await connect('a')).toMatchObject(accepted);
    expect(await connect('b')).toMatchObject(answer);
    await advance(1_000);
    expect(await connect('c')).toMatchObject(accepted);
    expect(iotCore.sum('Connect.Success')).toBe(2);
    expect(iotCore.sum('Connect.Throttle')).toBe(1);
  });

  it('evicts the first of two clients with one id, and sends MQTT 5 the reason', async () => {
    const iotCore = await startTestIotCore();
    const first = await connectRaw(iotCore, 5);
    first.write(connectPacket('twin', 5));
    await first.packet(0);
    const second = await connectRaw(iotCore, 4);
    second.write(connectPacket('twin', 4));
    expect(await second.packet(0)).toMatchObject({ returnCode: 0, sessionPresent: false });
    expect(await first.packet(1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8e });
    await first.closed;
    expect((await iotCore.admin('GET', '/process')).connected).toBe(1);
  });

  it('ends a second CONNECT on one connection', async () => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore, 5);
    raw.write(connectPacket('again', 5));
    raw.write(connectPacket('again', 5));
    expect(await raw.packet(1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x82 });
    await raw.closed;
  });
});

describe('keep-alive', () => {
  it.each([
    [5, 30],
    [60, 60],
    [0, 1_200],
    [5_000, 1_200],
  ])(
    'of %i s is treated as %i s, and ends a silence of one and a half times that',
    async (requested, seconds) => {
      const { clock, advance } = makeVirtualTime();
      const iotCore = await startTestIotCore({}, clock);
      const raw = await connectRaw(iotCore, 5);
      raw.write(connectPacket('quiet', 5, { keepalive: requested }));
      await raw.packet(0);
      await advance(seconds * 1_500 - 1_500);
      expect((await iotCore.admin('GET', '/process')).connected).toBe(1);
      await advance(2_500);
      expect(await raw.packet(1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8d });
      await raw.closed;
    },
  );

  it('is kept by PINGREQ', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore({}, clock);
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('alive', 4, { keepalive: 30 }));
    await raw.packet(0);
    for (let i = 1; i <= 4; i++) {
      await advance(40_000);
      raw.write({ cmd: 'pingreq' });
      expect(await raw.packet(i)).toMatchObject({ cmd: 'pingresp' });
    }
    expect(iotCore.sum('Ping.Success')).toBe(4);
  });

  it('does not wait for a CONNECT that never comes', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore({}, clock);
    const raw = await connectRaw(iotCore);
    // The connection has been seen once another one is served.
    const other = await connectRaw(iotCore);
    other.write(connectPacket('other'));
    await other.packet(0);
    await advance(11_000);
    await raw.closed;
    await until(() => iotCore.internalErrors.length === 0);
  });
});
