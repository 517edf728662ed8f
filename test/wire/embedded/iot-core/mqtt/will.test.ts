import { describe, expect, it } from '@jest/globals';
import {
  connectPacket,
  connectRaw,
  makeVirtualTime,
  type RawClient,
  startTestIotCore,
} from '../../../../support/iot-core/fixture.ts';

const will = { topic: 'wills/a', payload: Buffer.from('gone'), qos: 1, retain: false } as const;

/** One client that leaves a will, and one that receives it. */
async function start(version: 4 | 5, more: object = {}) {
  const time = makeVirtualTime();
  const iotCore = await startTestIotCore({}, time.clock);
  const heir = await connectRaw(iotCore);
  heir.write(connectPacket('heir', 4, { keepalive: 1_200 }));
  heir.write({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'wills/+', qos: 0 }] });
  await heir.packet(1);
  const testator = await connectRaw(iotCore, version);
  testator.write(connectPacket('testator', version, { will, ...more }));
  await testator.packet(0);
  return { ...time, iotCore, heir, testator };
}

/** Nothing came before the answer to a ping. */
async function expectNoWill(heir: RawClient): Promise<void> {
  const before = heir.packets.length;
  heir.write({ cmd: 'pingreq' });
  expect(await heir.packet(before)).toMatchObject({ cmd: 'pingresp' });
}

describe('a will', () => {
  it.each([4, 5] as const)('is sent when the client goes without a word, version %i', async (version) => {
    const { heir, testator } = await start(version);
    testator.socket.destroy();
    expect(await heir.packet(2)).toMatchObject({
      cmd: 'publish',
      topic: 'wills/a',
      payload: Buffer.from('gone'),
    });
  });

  it('is sent at the end of the keep-alive, and by an eviction', async () => {
    const { heir, advance, iotCore } = await start(4, { keepalive: 30 });
    await advance(47_000);
    await heir.packet(2);
    const twins = [await connectRaw(iotCore), await connectRaw(iotCore)];
    twins[0]?.write(connectPacket('twin', 4, { will: { ...will, topic: 'wills/twin' } }));
    await twins[0]?.packet(0);
    twins[1]?.write(connectPacket('twin'));
    expect(await heir.packet(3)).toMatchObject({ topic: 'wills/twin' });
  });

  it.each([4, 5] as const)('is dropped by a DISCONNECT, version %i', async (version) => {
    const { heir, testator } = await start(version);
    testator.write({ cmd: 'disconnect' });
    await testator.closed;
    await expectNoWill(heir);
  });

  it.each([
    ['asks for it', { reasonCode: 0x04 }],
    ['reports an error', { reasonCode: 0x80 }],
    ['is not valid', { properties: { sessionExpiryInterval: 5 } }],
  ])('is sent by a DISCONNECT that %s', async (_what, disconnect) => {
    const { heir, testator } = await start(5);
    testator.write({ cmd: 'disconnect', ...disconnect });
    await heir.packet(2);
  });

  it('waits for its delay, and is not sent to a client that is back by then', async () => {
    const delayed = { will: { ...will, properties: { willDelayInterval: 10 } } };
    const session = { properties: { sessionExpiryInterval: 60 } };
    const { heir, testator, iotCore, advance } = await start(5, { ...delayed, ...session });
    testator.socket.destroy();
    await expectNoWill(heir);
    const back = await connectRaw(iotCore, 5);
    back.write(connectPacket('testator', 5, { clean: false, ...delayed, ...session }));
    await back.packet(0);
    await advance(20_000);
    await expectNoWill(heir);
    back.socket.destroy();
    await expectNoWill(heir);
    await advance(11_500);
    expect(await heir.packet(5)).toMatchObject({ cmd: 'publish', topic: 'wills/a' });
  });

  it('does not wait longer than its session', async () => {
    const { heir, testator } = await start(5, { will: { ...will, properties: { willDelayInterval: 10 } } });
    testator.socket.destroy();
    await heir.packet(2);
  });

  it('of QoS 2 refuses an MQTT 3.1.1 client too, which has no return code of its own for it', async () => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore, 4);
    raw.write(connectPacket('testator', 4, { will: { ...will, qos: 2 } }));
    // Server unavailable (3.2.2.3).
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack', returnCode: 3 });
    expect(iotCore.sum('Connect.ClientError')).toBe(1);
    expect(iotCore.sum('Connect.Success')).toBe(0);
  });

  it.each([
    [{ ...will, qos: 2 }, 0x9b],
    [{ ...will, topic: 'wills/#' }, 0x90],
  ])('that cannot be kept refuses the client', async (bad, reasonCode) => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore, 5);
    raw.write(connectPacket('testator', 5, { will: bad }));
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack', reasonCode });
  });
});
