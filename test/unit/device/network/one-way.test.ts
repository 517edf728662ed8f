import { describe, expect, it } from '@jest/globals';
import { DirectionCounters } from '../../../../src/device/network/shaping/network-counters.ts';
import { headerBytes, OneWay, segmentBytes } from '../../../../src/device/network/shaping/one-way.ts';
import { passesAt } from '../../../../src/device/network/shaping/stalls.ts';
import { WakeHeap } from '../../../../src/device/network/shaping/wake-heap.ts';
import { LatencyHistogram } from '../../../../src/measure/latency-histogram.ts';
import { NetworkDraws, standardNormalCdf } from '../../../../src/plan/network/network-draws.ts';
import { changeNetwork } from '../../../../src/profile/network-conditions.ts';
import type { NetworkObject } from '../../../../src/profile/network-presets.ts';
import { VirtualClock } from '../../../support/device/virtual-clock.ts';

interface Sent {
  readonly atMs: number;
  readonly bytes: number;
}

/** Gives packets to one direction in virtual time. @returns when each came out, and counters */
async function pass(
  form: NetworkObject,
  packets: readonly Sent[],
  seed = 1,
  direction: 'up' | 'down' = 'up',
) {
  const clock = new VirtualClock(0);
  const conditions = changeNetwork({}, form);
  const counters = new DirectionCounters();
  const delays: number[] = [];
  const outMs: number[] = [];
  let outBytes = 0;
  const total = packets.reduce((sum, { bytes }) => sum + bytes, 0);
  const done = Promise.withResolvers<void>();
  const starts = packets.flatMap(({ atMs, bytes }) => Array.from({ length: bytes }, () => atMs));
  const way = new OneWay({
    heap: new WakeHeap(clock),
    draws: new NetworkDraws(seed, 0, 0),
    counters,
    conditions: () => conditions,
    direction,
    phase: 0,
    overheadBytes: headerBytes,
    deliver(bytes, nowMs) {
      delays.push(nowMs - starts[outBytes]!);
      outMs.push(nowMs);
      outBytes += bytes!.length;
      if (outBytes === total) done.resolve();
    },
  });
  way.measured(2 * 50);
  for (const { atMs, bytes } of packets)
    clock.setTimer(atMs, () => way.give(Buffer.alloc(bytes), clock.now()));
  await clock.runUntil(done.promise);
  return { delays, outMs, counters };
}

const every = (ms: number, count: number, bytes = 100): Sent[] =>
  Array.from({ length: count }, (_, i) => ({ atMs: i * ms, bytes }));

function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))]!;
}

/** The larger of 1 ms and 1 %. */
function expectNear(actual: number, expected: number, share = 0.01): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(Math.max(1, share * expected));
}

/** Within 1 %. */
function expectShare(actual: number, expected: number): void {
  expect(Math.abs(actual / expected - 1)).toBeLessThanOrEqual(0.01);
}

describe('a delay', () => {
  it('that is constant is exact', async () => {
    const { delays } = await pass({ delay: '200ms' }, every(50, 500));
    for (const delay of delays) expectNear(delay, 200);
  });

  it.each([
    ['a range', { delay: '50ms..150ms' }, (q: number) => 50 + 100 * q],
    ['exponential', { delay: { exponential: '100ms' } }, (q: number) => -100 * Math.log(1 - q)],
    ['a range, correlated', { delay: '50ms..150ms', correlation: 0.5 }, (q: number) => 50 + 100 * q],
  ])('of %s has its quantiles', async (_name, form, expected) => {
    // Far enough apart that none waits for the one before it.
    const { delays } = await pass(form, every(2_000, 100_000, 1));
    for (const q of [0.1, 0.5, 0.9, 0.99]) expectNear(quantile(delays, q), expected(q));
  });

  it('of a normal distribution has its mean, deviation and quantiles', async () => {
    const { delays } = await pass(
      { delay: { normal: { mean: '100ms', sd: '20ms' } } },
      every(1_000, 100_000, 1),
    );
    const deviations = [0, 1, 1.959964];
    for (const z of deviations) expectNear(quantile(delays, standardNormalCdf(z)), 100 + 20 * z);
    const mean = delays.reduce((sum, delay) => sum + delay) / delays.length;
    const sd = Math.sqrt(delays.reduce((sum, delay) => sum + (delay - mean) ** 2, 0) / delays.length);
    expectNear(mean, 100);
    expectNear(sd, 20);
  });

  it.each([0.2, 0.8])('with a correlation of %d is that much like the one before it', async (correlation) => {
    const form = { delay: { normal: { mean: '300ms', sd: '20ms' } }, correlation };
    const { delays } = await pass(form, every(1_000, 100_000, 1));
    const covariance = (apart: number) => {
      const products = delays.slice(apart).map((delay, i) => (delay - 300) * (delays[i]! - 300));
      return products.reduce((sum, each) => sum + each) / products.length;
    };
    const measured = covariance(1) / covariance(0);
    expect(Math.abs(measured - correlation)).toBeLessThanOrEqual(0.01);
  });

  it('keeps packets in order', async () => {
    const { outMs } = await pass({ delay: '1ms..500ms' }, every(1, 2_000));
    expect(outMs).toEqual(outMs.toSorted((a, b) => a - b));
  });

  it('is the same for the same seed, and another for another', async () => {
    const packets = every(100, 50);
    const [a, b, c] = await Promise.all([1, 1, 2].map((seed) => pass({ delay: '1ms..50ms' }, packets, seed)));
    expect(a!.delays).toEqual(b!.delays);
    expect(a!.delays).not.toEqual(c!.delays);
  });
});

describe('a bandwidth', () => {
  it.each(['64kbit', '1mbit'])('of %s is what passes of a long transfer', async (bandwidth) => {
    const packets = every(0, 200, segmentBytes);
    const { outMs } = await pass({ bandwidth }, packets);
    const bits = 200 * (segmentBytes + headerBytes) * 8;
    expectNear(outMs.at(-1)!, (bits / (bandwidth === '64kbit' ? 64_000 : 1_000_000)) * 1_000);
  });

  it.each(['up', 'down'] as const)('of both ways has its own rate %s', async (direction) => {
    const rates = { up: 64_000, down: 500_000 };
    const packets = every(0, 200, segmentBytes);
    const { outMs } = await pass({ bandwidth: { up: '64kbit', down: '500kbit' } }, packets, 1, direction);
    expectNear(outMs.at(-1)!, ((200 * (segmentBytes + headerBytes) * 8) / rates[direction]) * 1_000);
  });

  it('of one packet is its time on the line', async () => {
    const { delays } = await pass({ bandwidth: '100kbit', delay: '100ms' }, every(1_000, 20, 559));
    for (const delay of delays) expectNear(delay, 150);
  });
});

describe('a loss', () => {
  it('of lone packets costs a timeout of a round trip and 200 ms', async () => {
    const packets = 100_000;
    const { delays, counters } = await pass({ loss: 0.2, delay: '50ms' }, every(20_000, packets, 1));
    expectShare(counters.lost / packets, 0.2 / 0.8);
    const late = delays.filter((delay) => delay > 51);
    expectShare(late.length / packets, 0.2);
    expectNear(quantile(late, 0.5), 50 + 100 + 200);
  });

  it('within a stream is noticed by the packets after it', async () => {
    const { delays } = await pass({ loss: 0.01, delay: '50ms' }, every(5, 20_000));
    // It is noticed a round trip after the third packet after it, and takes the way once more.
    expectNear(quantile(delays, 0.5), 50);
    expect(Math.max(...delays.slice(100))).toBeGreaterThan(150);
    expect(quantile(delays, 0.99)).toBeLessThan(200);
  });

  it.each([0.005, 0.02])(
    'of %d lets through about what Mathis and others give of a long transfer',
    async (loss) => {
      const packets = every(0, 5_000, segmentBytes);
      const { outMs } = await pass({ loss, delay: '50ms' }, packets);
      const segmentsPerSecond = (5_000 / outMs.at(-1)!) * 1_000;
      const mathis = Math.sqrt(1.5 / loss) / 0.1;
      expect(segmentsPerSecond / mathis).toBeGreaterThan(0.6);
      expect(segmentsPerSecond / mathis).toBeLessThan(1.6);
    },
  );

  it('loses no byte', async () => {
    const { counters } = await pass({ loss: 0.2, delay: '5ms' }, every(3, 1_000, 2_000));
    expect(counters.bytes).toBe(2_000_000);
    expect(LatencyHistogram.decode(counters.result().delay).count).toBe(counters.packets);
  });
});

describe('a stall', () => {
  it('holds what falls into it until its end', async () => {
    const { delays } = await pass({ stall: { everySeconds: 10, for: '2s' } }, every(1_000, 1_000));
    const held = delays.filter((delay) => delay > 0);
    expectShare(held.length / delays.length, 0.2);
    expectNear(Math.max(...held), 2_000);
  });

  it('begins at the phase of its device', () => {
    const stall = { everySeconds: 10, forMs: 1_000 };
    expect(passesAt(5_100, stall, 0.5)).toBe(6_000);
    expect(passesAt(100, stall, 0.5)).toBe(100);
    expect(passesAt(100, undefined, 0.5)).toBe(100);
  });
});

it('has the normal distribution', () => {
  expect(standardNormalCdf(0)).toBeCloseTo(0.5, 6);
  expect(standardNormalCdf(1.959964)).toBeCloseTo(0.975, 6);
  expect(standardNormalCdf(-1)).toBeCloseTo(0.158655, 6);
});
