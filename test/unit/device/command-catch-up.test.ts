import { describe, expect, it } from '@jest/globals';
import { CommandReceiver } from '../../../src/device/command-receiver.ts';
import { countedStreamsOf } from '../../../src/device/counted-streams.ts';
import { SliceCounters } from '../../../src/device/slice-counters.ts';
import type { Transport } from '../../../src/device/transport.ts';
import { Message } from '../../../src/embedded/iot-core/mqtt/message.ts';
import { Session } from '../../../src/embedded/iot-core/mqtt/session.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { commandFilters } from '../../../src/plan/downlinks.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { makeVirtualTime } from '../../support/iot-core/fixture.ts';

// One device that receives commands, and the session that the embedded IoT Core keeps for it, in virtual time.

const topic = 'stampede-commands/r/devices/d0';

/** @param perSecond stored messages that the service sends */
function makeLock(connect: object = {}, expirySeconds?: number, perSecond = 10) {
  const { clock, advance } = makeVirtualTime();
  const profile = parseProfile({
    groups: {
      locks: {
        devices: 1,
        idle: true,
        duration: '300s',
        connect: { cleanStart: false, sessionExpiry: '1h', ...connect },
      },
      operator: {
        from: 'backend',
        devices: 1,
        ratePerSecond: 10,
        duration: '60s',
        ...(expirySeconds && { publish: { messageExpiry: `${expirySeconds}s` } }),
      },
    },
  });
  const plan = makePlan({ runId: 'r', now: clock.now(), profile });
  const asked: string[] = [];
  const transport = { subscribe: (_device: number, filter: string) => asked.push(filter) };
  const receiver = new CommandReceiver({
    plan,
    slice: sliceOf(plan, 0),
    transport: transport as unknown as Transport,
    clock,
    random: () => 0.5,
    counters: new SliceCounters(sliceOf(plan, 0).devices, clock.now(), countedStreamsOf(sliceOf(plan, 0))),
  });
  const session = new Session('lock', 3_600, { clock, perSecond, admit: () => true });
  let connections = 0;
  return {
    plan,
    advance,
    asked,
    receiver,
    /** @param acknowledges false: its PUBACKs are lost with its connection */
    connect(isResumed: boolean, acknowledges = true) {
      const connection = ++connections;
      session.connection = {
        receiveMaximum: 100,
        hasRoom: true,
        sendQos0() {},
        close() {},
        sendQos1({ payload }, retain, packetId) {
          receiver.received(0, { topic, payload, qos: 1, dup: false, retain });
          if (acknowledges)
            clock.setTimer(1, () => {
              if (connection === connections) session.acknowledge(packetId, clock.now());
            });
          return true;
        },
      };
      receiver.connected(0, isResumed);
      session.resume(clock.now());
    },
    disconnect() {
      connections++;
      session.connection = undefined;
      session.pause();
      receiver.disconnected(0);
    },
    /** Commands of the backend, 100 ms apart, from now on. */
    async send(count: number, first = 0) {
      for (let n = first; n < first + count; n++) {
        const nowMs = clock.now();
        const stampede = { run: 'r', slice: 1, deviceGroup: 2, n, device: 1, at: nowMs, sent: nowMs };
        const bytes = Buffer.from(JSON.stringify({ stampede }));
        const headers = { qos: 1, retain: false, expirySeconds } as const;
        const start = { start: 0, end: bytes.length, publisher: undefined, clientId: undefined };
        session.deliver(new Message({ topic, bytes, headers, nowMs, ...start }), 1, false, nowMs);
        await advance(100);
      }
    },
    result() {
      const { downlink, catchUp } = receiver.result(clock.now());
      const { times, ...counts } = catchUp!;
      const { count, max } = LatencyHistogram.decode(times).summary();
      return { ...downlink!, ...counts, drains: count, longestMs: max };
    },
  };
}

describe('a device whose session keeps commands', () => {
  it('takes 60 s for 600 of them at 10 a second, each once and in their order', async () => {
    const lock = makeLock();
    lock.connect(false);
    lock.receiver.subscribed(0, topic);
    lock.disconnect();
    await lock.send(600);
    lock.connect(true);
    await lock.advance(70_000);
    const result = lock.result();
    expect(result).toMatchObject({
      arrivals: 600,
      seen: { 1: [0, 600] },
      stored: 600,
      drains: 1,
      reordered: 0,
      repeated: 0,
      interrupted: 0,
    });
    expect(result.longestMs).toBeGreaterThan(59_800);
    expect(result.longestMs).toBeLessThan(60_100);
  });

  it('loses none and repeats what it had not acknowledged, with disconnects in the middle', async () => {
    const lock = makeLock();
    lock.connect(false);
    lock.receiver.subscribed(0, topic);
    lock.disconnect();
    await lock.send(600);
    // Ten seconds of each connection: at the end of every second one three messages are not acknowledged.
    for (let i = 0; i < 3; i++) {
      lock.connect(true);
      await lock.advance(9_750);
      lock.disconnect();
      lock.connect(true, false);
      await lock.advance(300);
      lock.disconnect();
      await lock.advance(5_000);
    }
    lock.connect(true);
    await lock.advance(60_000);
    expect(lock.result()).toMatchObject({
      arrivals: 600 + 9,
      seen: { 1: [0, 600] },
      stored: 600,
      reordered: 0,
      repeated: 9,
      interrupted: 6,
      drains: 1,
      resumed: 7,
      unresumed: 1,
    });
  });

  it('receives what is sent meanwhile before what was stored, which is then out of order', async () => {
    const lock = makeLock();
    lock.connect(false);
    lock.receiver.subscribed(0, topic);
    lock.disconnect();
    await lock.send(50);
    lock.connect(true);
    await lock.send(10, 50);
    await lock.advance(10_000);
    // Of 50 that were stored 49 came after the first live one.
    expect(lock.result()).toMatchObject({ arrivals: 60, stored: 50, reordered: 49, repeated: 0 });
  });

  it.each([true, false])('notes what expired, where the session kept it: %s', async (isKept) => {
    const lock = makeLock({}, 3, 5);
    await lock.advance(lock.plan.timeline.publishAt - lock.plan.timeline.createdAt);
    lock.connect(false);
    lock.receiver.subscribed(0, topic);
    lock.disconnect();
    // Away for 5 s: 20 expire, and 30 are stored for up to 3 s more, in which others expire before their turn comes.
    await lock.send(50);
    if (isKept) lock.connect(true);
    else lock.receiver.connected(0, true);
    await lock.advance(10_000);
    const { seen, kept, expired } = lock.result();
    const arrived = IntervalSet.decode(seen['1'] ?? []);
    const missing = IntervalSet.decode(kept!['1']!).without(arrived);
    const unexplained = missing.without(IntervalSet.decode(expired!['1']!));
    if (isKept) {
      expect(missing.count).toBeGreaterThan(30);
      expect(arrived.count).toBeGreaterThan(10);
      expect(unexplained.count).toBe(0);
    } else {
      expect(missing.count).toBe(50);
      expect(Math.abs(unexplained.count - 30)).toBeLessThanOrEqual(1);
    }
  });

  it('subscribes once in a session, and again when there is none', () => {
    const lock = makeLock();
    expect(commandFilters(lock.plan, groupsOf(lock.plan)[0]!, 0)).toEqual([topic]);
    // A session of an earlier run has no subscription to the commands of this one.
    lock.connect(true);
    expect(lock.asked).toEqual([topic]);
    lock.receiver.subscribed(0, topic);
    lock.disconnect();
    lock.connect(true);
    expect(lock.asked).toEqual([topic]);
    lock.disconnect();
    lock.connect(false);
    expect(lock.asked).toEqual([topic, topic]);
  });

  it('counts as kept only what was due once its session had the subscription', async () => {
    const lock = makeLock();
    lock.connect(false);
    await lock.advance(lock.plan.timeline.publishAt - lock.plan.timeline.createdAt + 1_000);
    lock.receiver.subscribed(0, topic);
    expect(lock.result()).toMatchObject({ offline: { 1: [0, 10] }, kept: {} });
    // Offline for ten seconds, and a second before them, in which commands may have been under way.
    await lock.advance(5_000);
    lock.disconnect();
    await lock.advance(10_000);
    lock.connect(true);
    expect(lock.result()).toMatchObject({ kept: { 1: [50, 110] } });
  });

  it('has nothing to catch up on where its sessions end with its connections', () => {
    const lock = makeLock({ cleanStart: true, sessionExpiry: '0s' });
    lock.connect(false);
    expect(lock.receiver.result(0)).not.toHaveProperty('catchUp');
  });
});
