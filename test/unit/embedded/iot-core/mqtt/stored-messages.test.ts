import { describe, expect, it } from '@jest/globals';
import { AccountQuotas } from '../../../../../src/embedded/iot-core/account-quotas.ts';
import { Message } from '../../../../../src/embedded/iot-core/mqtt/message.ts';
import { Session, type SessionConnection } from '../../../../../src/embedded/iot-core/mqtt/session.ts';
import { accountLimitsOf } from '../../../../../src/targets/aws-iot/quotas.ts';
import { makeVirtualTime } from '../../../../support/iot-core/fixture.ts';

function messageOf(text: string, nowMs: number, expirySeconds?: number): Message {
  const bytes = Buffer.from(text);
  return new Message({
    topic: 'commands',
    bytes,
    start: 0,
    end: bytes.length,
    headers: { qos: 1, retain: false, expirySeconds },
    publisher: undefined,
    clientId: undefined,
    nowMs,
  });
}

/** A device of a persistent session, and what it receives, with milliseconds since it was made. */
function makeSleeper(perSecond = 10, queuedPerSecond = Number.POSITIVE_INFINITY) {
  const { clock, advance } = makeVirtualTime();
  const startedAt = clock.now();
  const limits = { ...accountLimitsOf('default'), queuedMessagesPerSecond: queuedPerSecond };
  const quotas = new AccountQuotas(limits, 1);
  const session = new Session('sleeper', 3_600, {
    clock,
    perSecond,
    admit: (nowMs) => quotas.admitQueued(nowMs),
  });
  const received: { readonly text: string; readonly atMs: number; readonly packetId: number }[] = [];
  const connect = (more: Partial<SessionConnection> & { readonly acknowledges?: boolean } = {}) => {
    const { acknowledges = true } = more;
    session.connection = {
      receiveMaximum: 100,
      hasRoom: true,
      sendQos0() {},
      close() {},
      sendQos1(message, _retain, packetId) {
        received.push({ text: `${message.payload}`, atMs: clock.now() - startedAt, packetId });
        if (acknowledges) clock.setTimer(1, () => session.acknowledge(packetId, clock.now()));
        return true;
      },
      ...more,
    };
    session.resume(clock.now());
  };
  const disconnect = () => {
    session.connection = undefined;
    session.pause();
  };
  const send = (text: string, expirySeconds?: number) =>
    session.deliver(messageOf(text, clock.now(), expirySeconds), 1, false, clock.now());
  const texts = () => received.map(({ text }) => text);
  return { advance, connect, disconnect, send, received, texts, quotas, session, clock };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}`);

describe('messages stored for a client that was not connected', () => {
  it('take 60 s at 10 a second when there are 600 of them, in their order', async () => {
    const device = makeSleeper();
    for (const text of numbers(0, 600)) expect(device.send(text)).toBe('stored');
    device.connect();
    await device.advance(59_899);
    expect(device.received).toHaveLength(599);
    await device.advance(10_000);
    expect(device.texts()).toEqual(numbers(0, 600));
    expect(device.received.map(({ atMs }) => atMs)).toEqual(numbers(0, 600).map((n) => Number(n) * 100));
  });

  it('go on where they were after disconnects in the middle; what was not acknowledged comes again', async () => {
    const device = makeSleeper();
    for (const text of numbers(0, 50)) device.send(text);
    // 21 of them, of which the last three find no one to acknowledge them.
    device.connect();
    await device.advance(1_750);
    device.disconnect();
    device.connect({ acknowledges: false });
    await device.advance(300);
    device.disconnect();
    const unacknowledged = device.received.slice(18);
    expect(unacknowledged.map(({ text }) => text)).toEqual(numbers(18, 21));
    await device.advance(5_000);
    device.connect();
    await device.advance(10_000);
    expect(device.texts()).toEqual([...numbers(0, 21), ...numbers(18, 50)]);
    expect(device.received.slice(21, 24).map(({ packetId }) => packetId)).toEqual(
      unacknowledged.map(({ packetId }) => packetId),
    );
  });

  it('keep their identifiers for when they come again: what is published meanwhile takes none of them', async () => {
    const device = makeSleeper();
    device.connect({ acknowledges: false });
    for (const text of numbers(0, 3)) device.send(text);
    device.disconnect();
    const sent: { readonly text: string; readonly packetId: number }[] = [];
    device.connect({
      sendQos1({ payload }, _retain, packetId) {
        sent.push({ text: `${payload}`, packetId });
        return true;
      },
    });
    // Once through all identifiers, while two of the three wait.
    for (let i = 0; i < 65_535; i++) {
      device.send('live');
      device.session.acknowledge(sent.at(-1)!.packetId, device.clock.now());
    }
    const live = sent.filter(({ text }) => text === 'live').map(({ packetId }) => packetId);
    expect(live.filter((packetId) => packetId <= 4)).toEqual([4, 4]);
    await device.advance(1_000);
    expect(sent.filter(({ text }) => text !== 'live')).toEqual([
      { text: '0', packetId: 1 },
      { text: '1', packetId: 2 },
      { text: '2', packetId: 3 },
    ]);
  });

  it('come no faster to a client that connects often', async () => {
    const device = makeSleeper();
    for (const text of numbers(0, 100)) device.send(text);
    for (let i = 0; i < 16; i++) {
      device.connect();
      await device.advance(60);
      device.disconnect();
    }
    expect(device.received).toHaveLength(10);
  });

  it('do not hold up what is published meanwhile', async () => {
    const device = makeSleeper();
    for (const text of numbers(0, 20)) device.send(text);
    device.connect();
    await device.advance(1_010);
    expect(device.send('live')).toBe('passed');
    expect(device.texts()).toEqual([...numbers(0, 11), 'live']);
    await device.advance(1_000);
    expect(device.texts()).toEqual([...numbers(0, 11), 'live', ...numbers(11, 20)]);
  });

  it('wait for a client that takes one at a time, and leave out what has expired by its turn', async () => {
    const device = makeSleeper(1_000);
    for (const text of numbers(0, 4)) device.send(text);
    device.send('expired', 5);
    device.send('last', 60);
    await device.advance(10_000);
    device.connect({ receiveMaximum: 1 });
    await device.advance(100);
    expect(device.texts()).toEqual([...numbers(0, 4), 'last']);
  });

  it('are as many a second as the account may queue: the others are dropped, and the stored ones stay', async () => {
    const device = makeSleeper(10, 5);
    const became = numbers(0, 8).map((text) => device.send(text));
    expect(became).toEqual([...Array(5).fill('stored'), ...Array(3).fill('not-stored')]);
    expect(device.quotas.refusals).toEqual({ queuedMessagesPerSecond: 3 });
    await device.advance(1_000);
    expect(device.send('later')).toBe('stored');
    device.connect();
    await device.advance(2_000);
    expect(device.texts()).toEqual([...numbers(0, 5), 'later']);
  });
});
