import { describe, expect, it } from '@jest/globals';
import { CommandReceiver } from '../../../src/device/command-receiver.ts';
import { replyTokenOf } from '../../../src/device/command-replies.ts';
import { countedStreamsOf } from '../../../src/device/counted-streams.ts';
import { SliceCounters } from '../../../src/device/slice-counters.ts';
import type { OutgoingMessage, Transport } from '../../../src/device/transport.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { OfflineTimes } from '../../../src/measure/offline-times.ts';
import {
  commandFilters,
  commandStreamsOf,
  commandTopic,
  downlinksOf,
  replyTopic,
} from '../../../src/plan/downlinks.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { sharesOf } from '../../../src/plan/slices.ts';
import { type ScheduledStream, streamsOf } from '../../../src/plan/streams.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { VirtualClock } from '../../support/device/virtual-clock.ts';

const devices = 4;
const commands = 40;

function play(address: 'device' | 'broadcast', reply?: object, messageExpiry?: string) {
  const profile = parseLoadProfile({
    duration: '10s',
    groups: {
      meters: {
        devices,
        ratePerSecond: 1,
        ...(reply && { reply }),
        ...(messageExpiry && { connect: { cleanStart: false, sessionExpiry: '1h' } }),
      },
      operator: {
        from: 'backend',
        command: { address },
        ratePerSecond: commands / 10,
        ...(messageExpiry && { publish: { messageExpiry } }),
      },
    },
  });
  const { plan } = draftPlan({ runId: 'run', profile, now: 1_700_000_000_000 });
  const [meters] = groupsOf(plan);
  const [slice] = sharesOf(meters!);
  const [stream] = downlinksOf(plan).flatMap(commandStreamsOf);
  const [schedule] = streamsOf(plan, stream!.slice) as ScheduledStream[];
  const clock = new VirtualClock(plan.timeline.createdAt);
  const sent: { readonly device: number; readonly topic: string; readonly atMs: number }[] = [];
  const asked: string[] = [];
  const transport = {
    subscribe: (device: number, filter: string) => asked.push(`${device} ${filter}`),
    flush() {},
    send(device: number, { topic, token }: OutgoingMessage) {
      expect(token).toBe(replyTokenOf(stream!.slice));
      sent.push({ device, topic, atMs: clock.now() });
      return true;
    },
  } as unknown as Transport;
  const counters = new SliceCounters(slice!.devices, clock.now(), countedStreamsOf(slice!));
  const receiver = new CommandReceiver({
    plan,
    slice: slice!,
    transport,
    clock,
    random: () => 0.5,
    counters,
  });
  const filtersOf = (device: number) => commandFilters(plan, meters!, device);
  const online = (device: number) => {
    receiver.connected(device, false);
    for (const filter of filtersOf(device)) receiver.subscribed(device, filter);
  };
  const intendedAt = (n: number) => plan.timeline.publishAt + schedule!.offsetMs(n);
  /** Command n comes to a device, so long after it was intended. */
  const deliver = (device: number, n: number) => {
    const at = intendedAt(n);
    const envelope = {
      run: 'run',
      slice: stream!.slice,
      deviceGroup: 2,
      n,
      device: devices,
      at,
      sent: at + 0.1,
    };
    const topic = commandTopic(stream!, n);
    const payload = Buffer.from(JSON.stringify({ stampede: envelope, command: 'reset' }));
    receiver.received(device, { topic, payload, qos: 1, dup: false, retain: false });
  };
  const key = String(stream!.slice);
  const ranksOf = (sets: Readonly<Record<string, readonly number[]>>) => {
    const ranks: number[] = [];
    IntervalSet.decode(sets[key] ?? []).forEachInterval((start, length) => {
      for (let rank = start; rank < start + length; rank++) ranks.push(rank);
    });
    return ranks;
  };
  return { plan, clock, receiver, online, deliver, intendedAt, ranksOf, sent, asked, filtersOf };
}

async function passUntil(clock: VirtualClock, instant: number): Promise<void> {
  const over = Promise.withResolvers<void>();
  clock.setTimer(instant - clock.now(), over.resolve);
  await clock.runUntil(over.promise);
}

describe('devices that receive commands', () => {
  it.each([1, 7.5, 40, 250, 2_000])('measure a delay of %d ms within 1 ms or 1 %%', async (delayMs) => {
    const { clock, receiver, online, deliver, intendedAt } = play('device');
    for (let device = 0; device < devices; device++) online(device);
    for (let n = 0; n < commands; n++)
      clock.setTimer(intendedAt(n) + delayMs - clock.now(), () => deliver(n % devices, n));
    await passUntil(clock, intendedAt(commands - 1) + delayMs + 1);
    const { latency } = receiver.result(clock.now()).downlink;
    const measured = new LatencyHistogram();
    measured.mergeEncoded(latency);
    const tolerance = Math.max(1, delayMs / 100);
    expect(measured.count).toBe(commands);
    for (const share of [1, 50, 99, 100])
      expect(Math.abs(measured.percentileAt(share) - delayMs)).toBeLessThanOrEqual(tolerance);
    expect(receiver.isComplete(clock.now())).toBe(true);
  });

  it('know which commands were due while they were not subscribed', async () => {
    const { clock, receiver, online, deliver, intendedAt, ranksOf } = play('device');
    for (let device = 0; device < devices; device++) online(device);
    await passUntil(clock, intendedAt(0));
    // Device 1 is away from just after command 13 until just before command 29: it misses 17, 21 and 25.
    await passUntil(clock, intendedAt(14));
    receiver.disconnected(1);
    await passUntil(clock, intendedAt(28));
    online(1);
    await passUntil(clock, intendedAt(commands - 1) + 1);
    for (let n = 0; n < commands; n++) if (![17, 21, 25].includes(n)) deliver(n % devices, n);
    const { seen, offline, arrivals } = receiver.result(clock.now()).downlink;
    expect(arrivals).toBe(commands - 3);
    const ranks = ranksOf(seen);
    expect(ranks).toHaveLength(commands - 3);
    // Command 13 may have been under way when the connection was lost, and came.
    expect(ranksOf(offline).filter((rank) => !ranks.includes(rank))).toEqual([17, 21, 25]);
  });

  it('know when they were not subscribed, for what a late backend sends then', async () => {
    const { plan, clock, receiver, online, deliver, intendedAt, ranksOf } = play('device');
    for (let device = 0; device < devices; device++) online(device);
    await passUntil(clock, intendedAt(20) + 1);
    // Device 1 is away from 5 s to 7 s; of 1, 5, 9 … 37 it has received the first.
    receiver.disconnected(1);
    await passUntil(clock, intendedAt(28) + 1);
    online(1);
    deliver(1, 1);
    const endAt = intendedAt(28) + 1_001;
    await passUntil(clock, endAt);
    receiver.disconnected(2);
    const { offlineTimes, offline } = receiver.result(endAt + 500).downlink;
    expect(ranksOf(offline)).toEqual([17, 21, 25, 30, 34]);
    const { createdAt } = plan.timeline;
    const times = new OfflineTimes(offlineTimes!, devices, createdAt).search();
    const [lostAt, backAt] = [intendedAt(20) + 1, intendedAt(28) + 1];
    // Until it was subscribed, which took no time here, and from a second before the disconnect on.
    expect(times.shareOf(1, createdAt, lostAt - 1_001)).toBe('none');
    expect(times.shareOf(1, lostAt - 1_000, backAt - 1)).toBe('all');
    expect(times.shareOf(1, backAt - 50, backAt + 50)).toBe('part');
    expect(times.shareOf(1, backAt + 1, endAt)).toBe('none');
    expect(times.shareOf(2, endAt - 1_000, endAt + 499)).toBe('all');
    expect(times.shareOf(0, createdAt, endAt)).toBe('none');
  });

  it('know which of those expired before they were subscribed again', async () => {
    const { clock, receiver, online, intendedAt, ranksOf } = play('device', undefined, '2s');
    for (let device = 0; device < devices; device++) online(device);
    await passUntil(clock, intendedAt(8) + 1);
    // Commands are 250 ms apart. Device 1 is away from 2 s to 7 s, and returns to its session: what was due at 5 s has expired.
    receiver.disconnected(1);
    // A checkpoint in the meantime, at which 13 had not expired.
    await passUntil(clock, intendedAt(16) + 1);
    expect(ranksOf(receiver.result(clock.now()).downlink.expired!)).toEqual([5]);
    await passUntil(clock, intendedAt(28) + 1);
    receiver.connected(1, true);
    // Device 2 is away for a second.
    receiver.disconnected(2);
    await passUntil(clock, intendedAt(32) + 1);
    receiver.connected(2, true);
    // Device 3 does not come back.
    receiver.disconnected(3);
    await passUntil(clock, intendedAt(39) + 3_000);
    const { kept, expired } = receiver.result(clock.now()).downlink;
    expect(ranksOf(kept!)).toEqual([5, 9, 13, 17, 21, 25, 26, 30, 31, 35, 39]);
    expect(ranksOf(expired!)).toEqual([5, 9, 13, 17, 31, 35, 39]);
  });

  it('rank each delivery of a broadcast, and count duplicates as arrivals', () => {
    const { receiver, online, deliver, ranksOf, clock } = play('broadcast');
    for (let device = 0; device < devices; device++) online(device);
    for (const [device, n] of [
      [0, 0],
      [3, 0],
      [3, 0],
      [2, 5],
    ] as const)
      deliver(device, n);
    const { seen, arrivals, unrelated } = receiver.result(clock.now()).downlink;
    expect(ranksOf(seen)).toEqual([0, 3, 22]);
    expect(arrivals).toBe(4);
    expect(unrelated).toBe(0);
  });

  it('leave commands for others, and messages of others, apart', () => {
    const { receiver, online, deliver, clock } = play('device');
    online(0);
    deliver(0, 1);
    receiver.received(0, {
      topic: 'stampede-commands/run/devices/d0',
      payload: Buffer.from('hello'),
      qos: 0,
      dup: false,
      retain: false,
    });
    expect(receiver.result(clock.now()).downlink).toMatchObject({ arrivals: 0, unrelated: 2, seen: {} });
  });

  it('reply to the client that sent a command, after their delay', async () => {
    const { plan, clock, receiver, online, deliver, intendedAt, sent } = play('device', {
      delay: '100ms..300ms',
    });
    for (let device = 0; device < devices; device++) online(device);
    await passUntil(clock, intendedAt(0));
    const from = clock.now();
    deliver(0, 0);
    receiver.disconnected(1);
    deliver(1, 1);
    expect(receiver.isComplete(clock.now())).toBe(false);
    await passUntil(clock, from + 301);
    expect(sent.map(({ device, topic }) => [device, topic])).toEqual([
      [0, replyTopic(downlinksOf(plan)[0]!.sender, devices)],
    ]);
    expect(sent[0]!.atMs - from).toBeGreaterThanOrEqual(100);
    expect(sent[0]!.atMs - from).toBeLessThanOrEqual(300);
    expect(receiver.result(clock.now()).downlink.repliesSent).toEqual({ 1: 1 });
  });

  it('count no reply that the transport refuses after it has taken it', async () => {
    const { clock, receiver, online, deliver, intendedAt } = play('device', { delay: '10ms..20ms' });
    for (let device = 0; device < devices; device++) online(device);
    await passUntil(clock, intendedAt(0));
    for (let n = 0; n < devices; n++) deliver(n, n);
    await passUntil(clock, clock.now() + 30);
    expect(receiver.result(clock.now()).downlink.repliesSent).toEqual({ 1: devices });
    expect(receiver.refused(replyTokenOf(1))).toBe(true);
    expect(receiver.result(clock.now()).downlink.repliesSent).toEqual({ 1: devices - 1 });
    // Publishes of the devices' own, with and without an answer, are no replies.
    for (const token of [~0, ~8, 0, 77]) expect(receiver.refused(token)).toBe(false);
  });

  it('try a refused subscription again, later with each refusal, and on no other connection sooner', async () => {
    const { plan, clock, receiver, asked, filtersOf } = play('device');
    const [filter] = filtersOf(0);
    const again = () => asked.splice(0);
    receiver.connected(0, false);
    expect(again()).toEqual([`0 ${filter}`]);
    receiver.subscribeRefused(0, filter!, 'QuotaExceeded');
    // Half of what the backoff begins with; the service closes the connection in the meantime.
    receiver.disconnected(0);
    receiver.connected(0, false);
    await passUntil(clock, clock.now() + 499);
    expect(again()).toEqual([]);
    await passUntil(clock, clock.now() + 2);
    expect(again()).toEqual([`0 ${filter}`]);
    receiver.subscribeRefused(0, filter!, 'QuotaExceeded');
    receiver.disconnected(0);
    await passUntil(clock, clock.now() + 1_001);
    expect(again()).toEqual([]);
    receiver.connected(0, false);
    expect(again()).toEqual([`0 ${filter}`]);
    receiver.subscribeRefused(0, filter!, 'QuotaExceeded');
    // An attempt that waits does not keep the slice open.
    expect(receiver.isComplete(plan.timeline.drainEndAt)).toBe(true);
    await passUntil(clock, clock.now() + 2_001);
    expect(again()).toEqual([`0 ${filter}`]);
    receiver.subscribed(0, filter!);
    // Another connection begins anew.
    receiver.disconnected(0);
    receiver.connected(0, false);
    expect(again()).toEqual([`0 ${filter}`]);
    receiver.subscribeRefused(0, filter!, 'QuotaExceeded');
    receiver.stop();
    await passUntil(clock, clock.now() + 60_000);
    expect(again()).toEqual([]);
    expect(receiver.result(clock.now()).downlink.subscribeRefusedBy).toEqual({ QuotaExceeded: 4 });
  });

  it('do not try again what they may not subscribe to', async () => {
    const { clock, receiver, asked, filtersOf } = play('broadcast');
    const [filter] = filtersOf(0);
    receiver.connected(0, false);
    receiver.subscribeRefused(0, filter!, 'NotAuthorized');
    await passUntil(clock, clock.now() + 60_000);
    receiver.disconnected(0);
    receiver.connected(0, false);
    expect(asked).toEqual([`0 ${filter}`]);
    // Another device is another client.
    receiver.connected(1, false);
    expect(asked).toEqual([`0 ${filter}`, `1 ${filter}`]);
  });
});
