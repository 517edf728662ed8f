import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deploymentOf } from '../../../src/plan/deployment.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { echoesDueBefore } from '../../../src/plan/observers.ts';
import { peaksOf } from '../../../src/plan/peaks.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { countDueBefore } from '../../../src/plan/schedule.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { intendedOfGroup, type ScheduledStream, streamsOf } from '../../../src/plan/streams.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { randomCases } from '../../support/effort.ts';

const durationMs = 60_000;

function draftOf(profile: object): Plan {
  const parsed = parseLoadProfile({ devices: 10, duration: '60s', ...profile });
  return draftPlan({ profile: parsed, runId: 'r', now: 0 }).plan;
}

function scheduleOf(plan: Plan, slice = 0): ScheduledStream {
  return streamsOf(plan, slice)[0] as ScheduledStream;
}

function offsetsOf({ messages, offsetMs }: ScheduledStream): number[] {
  return Array.from({ length: messages }, (_, n) => offsetMs(n));
}

function allOffsets(plan: Plan): number[] {
  return Array.from({ length: plan.slices.count }, (_, s) => offsetsOf(scheduleOf(plan, s)))
    .flat()
    .sort((a, b) => a - b);
}

/** Any load of any pattern, of some thousand messages. */
const anyLoads = fc
  .record({
    seed: fc.nat(1_000),
    devices: fc.integer({ min: 1, max: 60 }),
    devicesPerSlice: fc.integer({ min: 5, max: 60 }),
    echo: fc.record({ fraction: fc.constantFrom(0, 0.3) }),
  })
  .chain(({ devicesPerSlice, ...fleet }) =>
    fc
      .oneof(
        fc.record({
          arrivals: fc.constant('poisson'),
          ratePerSecond: fc.integer({ min: 1, max: 60 }),
        }),
        fc.record({
          everySeconds: fc.integer({ min: 2, max: 40 }),
          jitter: fc.constantFrom('1s', '300ms', '2s'),
        }),
        fc.record({
          jitter: fc.constant('50ms'),
          stages: fc.array(
            fc.record({
              duration: fc.constantFrom('0s', '10s', '25s'),
              target: fc.integer({ min: 0, max: fleet.devices * 15 }),
            }),
            { minLength: 1, maxLength: 4 },
          ),
        }),
        fc.record({
          everySeconds: fc.constantFrom<unknown>('2..9', { exponential: 4 }, { normal: { mean: 5, sd: 1 } }),
        }),
        fc.record({
          everySeconds: fc.integer({ min: 3, max: 25 }),
          together: fc.constant(true),
          jitter: fc.constantFrom(undefined, '100ms', '3s'),
        }),
        fc.record({
          burst: fc.record({
            count: fc.integer({ min: 2, max: 12 }),
            spacing: fc.constantFrom('1ms', '70ms', '100ms'),
            everySeconds: fc.integer({ min: 2, max: 25 }),
          }),
        }),
        fc.record({
          together: fc.constant(true),
          jitter: fc.constantFrom(undefined, '2s'),
          burst: fc.record({
            count: fc.integer({ min: 2, max: 12 }),
            spacing: fc.constantFrom('1ms', '70ms', '100ms'),
            everySeconds: fc.integer({ min: 4, max: 25 }),
          }),
        }),
      )
      .map((load) => ({
        ...fleet,
        ...JSON.parse(JSON.stringify(load)),
        ...('stages' in load ? { duration: undefined } : {}),
        slices: { devicesPerSlice },
      })),
  )
  .filter((profile) => {
    try {
      return draftOf(profile).load.messages > 0;
    } catch {
      return false;
    }
  });

describe('any pattern of arrivals', () => {
  it('is in the order of time, within the run, and the same in any order of calls', () => {
    fc.assert(
      fc.property(anyLoads, fc.array(fc.nat(), { minLength: 20, maxLength: 20 }), (profile, picks) => {
        const plan = draftOf(profile);
        const { publishAt, publishEndAt } = plan.timeline;
        let messages = 0;
        for (let slice = 0; slice < plan.slices.count; slice++) {
          const offsets = offsetsOf(scheduleOf(plan, slice));
          messages += offsets.length;
          const again = scheduleOf(plan, slice);
          const random = picks.map((pick) => pick % Math.max(1, offsets.length));
          for (const n of offsets.length > 0 ? random : []) expect(again.offsetMs(n)).toBe(offsets[n]);
          const isRising = offsets.every((offset, n) => n === 0 || offset >= offsets[n - 1]!);
          expect(isRising).toBe(true);
          expect(offsets[0] ?? 0).toBeGreaterThanOrEqual(0);
          expect(offsets.at(-1) ?? 0).toBeLessThanOrEqual(publishEndAt - publishAt);
        }
        expect(messages).toBe(sumBy(groupsOf(plan), intendedOfGroup));
        if (groupsOf(plan)[0]!.profile.pattern?.kind !== 'gaps') expect(messages).toBe(plan.load.messages);
      }),
      randomCases(),
    );
  });

  it('gives each device its messages in their order, each once', () => {
    fc.assert(
      fc.property(anyLoads, (profile) => {
        const plan = draftOf(profile);
        for (let slice = 0; slice < plan.slices.count; slice++) {
          const { turns, messages } = scheduleOf(plan, slice);
          const { devices } = sliceOf(plan, slice);
          const sentBy = Array.from({ length: devices }, (): number[] => []);
          for (let n = 0; n < messages; n++) {
            const own = sentBy[turns.deviceOf(n)]!;
            if (turns.messageOf(n) !== own.length) expect({ n, k: turns.messageOf(n) }).toBe(own.length);
            own.push(n);
          }
          const end = Math.floor((messages * 2) / 3);
          for (const own of sentBy) {
            for (const [i, n] of own.entries()) {
              expect(turns.countFrom(n, messages)).toBe(own.length - i);
              expect(turns.countFrom(n, end)).toBe(own.filter((other) => other >= n && other < end).length);
              expect((own[i + 1] ?? messages) - n).toBeLessThanOrEqual(turns.roundLength);
              if (i + 1 < own.length) expect(turns.nextOf(n)).toBe(own[i + 1]);
              else expect(turns.nextOf(n)).toBeGreaterThanOrEqual(messages);
            }
          }
        }
      }),
      randomCases(40),
    );
  });

  it('is counted by instants and by echoing devices as a list of it is', () => {
    fc.assert(
      fc.property(anyLoads, fc.integer({ min: 0, max: durationMs }), (profile, instant) => {
        const plan = draftOf(profile);
        const { echo, devices } = plan.profile as unknown as typeof profile;
        const echoing = Math.ceil(echo.fraction * devices);
        const echoingBefore = (i: number) => Math.floor((i * echoing) / devices);
        for (let s = 0; s < plan.slices.count; s++) {
          const slice = sliceOf(plan, s);
          const schedule = scheduleOf(plan, s);
          const offsets = offsetsOf(schedule);
          expect(countDueBefore(schedule, instant)).toBe(offsets.filter((ms) => ms < instant).length);
          const rankOf = echoesDueBefore(slice, 0);
          let echoed = 0;
          for (let n = 0; n < offsets.length; n++) {
            if (rankOf(n) !== echoed) expect({ n, rank: rankOf(n) }).toBe(echoed);
            const device = slice.firstDevice + schedule.turns.deviceOf(n);
            echoed += echoingBefore(device + 1) - echoingBefore(device);
          }
          expect(rankOf(offsets.length)).toBe(echoed);
        }
      }),
      randomCases(40),
    );
  });
});

describe('Poisson arrivals', () => {
  const plan = draftOf({
    devices: 1_000,
    ratePerSecond: 200,
    duration: '500s',
    arrivals: 'poisson',
    slices: { devicesPerSlice: 250 },
  });
  const offsets = allOffsets(plan);

  it('have counts a second whose variance is their mean', () => {
    const counts = new Array<number>(500).fill(0);
    for (const ms of offsets) counts[Math.min(499, Math.floor(ms / 1_000))]!++;
    // Σ (count − λ)² ÷ λ has the χ² distribution with 499 degrees of freedom: 499 ± √998.
    const chiSquare = counts.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    expect(Math.abs(chiSquare - 499) / Math.sqrt(998)).toBeLessThan(3);
  });

  it('are an exponential time apart', () => {
    const gaps = offsets.slice(1).map((ms, i) => ms - offsets[i]!);
    gaps.sort((a, b) => a - b);
    const distances = gaps.map((gap, i) => Math.abs(1 - Math.exp(-gap / 5) - (i + 0.5) / gaps.length));
    // Kolmogorov and Smirnov: above 1.63 ÷ √n in one of a hundred cases.
    expect(Math.max(...distances.filter((_, i) => i % 7 === 0))).toBeLessThan(1.63 / Math.sqrt(gaps.length));
  });

  it('follow the stages', () => {
    const stages = [
      { duration: '100s', target: 400 },
      { duration: '100s', target: 0 },
    ];
    const ramp = allOffsets(draftOf({ devices: 1_000, duration: undefined, stages, arrivals: 'poisson' }));
    const inFirstHalf = ramp.filter((ms) => ms < 50_000).length;
    expect(ramp).toHaveLength(40_000);
    // A quarter of the first stage's 20,000 messages, ± 3σ.
    expect(Math.abs(inFirstHalf - 5_000)).toBeLessThan(3 * Math.sqrt(5_000));
  });

  it('are others with another seed', () => {
    const other = { devices: 10, ratePerSecond: 10, arrivals: 'poisson', seed: 2 };
    expect(allOffsets(draftOf(other))).not.toEqual(allOffsets(draftOf({ ...other, seed: 3 })));
  });
});

describe('jitter', () => {
  it('moves each message by a uniform time, and keeps the rate up to both ends', () => {
    const devices = 1_000;
    const plan = draftOf({ devices, everySeconds: 20, jitter: '20s', duration: '200s' });
    const { turns, offsetMs, messages } = scheduleOf(plan);
    const { devices: own } = sliceOf(plan, 0);
    const moves: number[] = [];
    const counts = new Array<number>(20).fill(0);
    for (let n = 0; n < messages; n++) {
      const m = turns.messageOf(n) * own + turns.deviceOf(n);
      const evenMs = (m + 0.5 / plan.slices.count) * (200_000 / messages);
      if (evenMs > 10_000 && evenMs < 190_000) moves.push((offsetMs(n) - evenMs) / 20_000 + 0.5);
      counts[Math.min(19, Math.floor(offsetMs(n) / 10_000))]!++;
    }
    moves.sort((a, b) => a - b);
    const distances = moves.map((move, i) => Math.abs(move - (i + 0.5) / moves.length));
    expect(Math.max(...distances)).toBeLessThan(1.63 / Math.sqrt(moves.length));
    for (const count of counts) expect(Math.abs(count - messages / 20)).toBeLessThan(60);
  });

  it('is at most the time between two messages of a device', () => {
    expect(() => draftOf({ everySeconds: 20, jitter: '20001ms' })).toThrow(
      'is longer than the time between two messages of a device, 20s',
    );
  });
});

describe('bursts', () => {
  it('come as they do by hand', () => {
    // Two devices, 10 s apart, so that the bursts of one fit four times into a minute, and the last one ends by then.
    const plan = draftOf({ devices: 2, burst: { count: 3, spacing: '1s', everySeconds: 20 } });
    const { turns, offsetMs, messages } = scheduleOf(plan);
    const rounded = Array.from({ length: messages }, (_, n) => [turns.deviceOf(n), offsetMs(n)]);
    expect(rounded).toEqual(
      [5, 15, 25, 35, 45].flatMap((second, b) => [0, 1, 2].map((i) => [b % 2, (second + i) * 1_000])),
    );
    expect(plan.load).toEqual({ messages: 15, peakPerSecond: 1 });
  });

  it('overlap, and the peak is that of the busiest second', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 2, max: 30 }),
        fc.constantFrom('1ms', '10ms', '70ms', '250ms'),
        fc.integer({ min: 8, max: 15 }),
        (devices, count, spacing, everySeconds) => {
          const plan = draftOf({ devices, burst: { count, spacing, everySeconds }, duration: '90s' });
          const offsets = allOffsets(plan);
          let busiest = 0;
          for (let from = 0, to = 0; from < offsets.length; from++) {
            while (to < offsets.length && offsets[to]! - offsets[from]! < 999.999) to++;
            busiest = Math.max(busiest, to - from);
          }
          expect(busiest).toBeLessThanOrEqual(plan.load.peakPerSecond + 1e-6);
          expect(busiest).toBeGreaterThanOrEqual(plan.load.peakPerSecond - 1);
        },
      ),
      randomCases(40),
    );
  });

  it('are whole in each slice', () => {
    const burst = { count: 7, spacing: '20ms', everySeconds: 13 };
    const plan = draftOf({ devices: 47, burst, slices: { devicesPerSlice: 5 } });
    const messages = Array.from({ length: plan.slices.count }, (_, s) => scheduleOf(plan, s).messages);
    expect(messages.filter((own) => own % 7 !== 0)).toEqual([]);
    expect(messages.reduce((sum, own) => sum + own)).toBe(plan.load.messages);
  });

  it('come back after their period exactly', () => {
    const plan = draftOf({ devices: 7, burst: { count: 4, spacing: '50ms', everySeconds: 9 } });
    const { turns, offsetMs } = scheduleOf(plan);
    const own = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => {
      let n = 0;
      while (turns.messageOf(n) < k || turns.deviceOf(n) !== 3) n++;
      return offsetMs(n);
    });
    own.slice(4).forEach((ms, i) => {
      expect(ms - own[i]!).toBeCloseTo(9_000, 6);
    });
  });
});

describe('all devices together', () => {
  it('come within one second of each period, or within jitter', () => {
    for (const jitter of [undefined, '5s']) {
      const plan = draftOf({ devices: 100, everySeconds: 20, together: true, jitter });
      const lastsMs = jitter === undefined ? 1_000 : 5_000;
      const offsets = allOffsets(plan);
      expect(offsets).toHaveLength(300);
      for (const [n, ms] of offsets.entries()) {
        const inPeriod = ms - Math.floor(n / 100) * 20_000;
        expect(inPeriod).toBeGreaterThanOrEqual(0);
        expect(inPeriod).toBeLessThanOrEqual(lastsMs);
      }
      expect(plan.load.peakPerSecond).toBeCloseTo(100_000 / lastsMs, 9);
    }
  });

  it('leave out a period that they do not fit into', () => {
    expect(draftOf({ everySeconds: 20, together: true, duration: '40500ms' }).load.messages).toBe(20);
  });

  it('send bursts together', () => {
    const burst = { count: 5, spacing: '100ms', everySeconds: 30 };
    const plan = draftOf({ devices: 50, burst, together: true });
    const offsets = allOffsets(plan);
    expect(offsets).toHaveLength(500);
    expect(offsets.filter((ms) => ms <= 1_400)).toHaveLength(250);
    expect(offsets.filter((ms) => ms >= 30_000 && ms <= 31_400)).toHaveLength(250);
  });
});

describe('the peaks of a pattern', () => {
  const peakOf = (profile: object) => {
    const plan = draftOf(profile);
    return peaksOf(plan, deploymentOf(plan));
  };

  it('are those of the busiest second where messages are due at random', () => {
    const load = { devices: 1_000, ratePerSecond: 100, duration: '600s' };
    expect(peakOf(load).publishInPerSecond).toBe(100);
    const forecast = peakOf({ ...load, arrivals: 'poisson' }).publishInPerSecond!;
    const counts = new Array<number>(600).fill(0);
    for (const ms of allOffsets(draftOf({ ...load, arrivals: 'poisson' })))
      counts[Math.min(599, Math.floor(ms / 1_000))]!++;
    expect(Math.max(...counts)).toBeLessThanOrEqual(forecast);
    expect(Math.max(...counts)).toBeGreaterThan(forecast * 0.88);
  });

  it('are those of a device in its burst', () => {
    const burst = { count: 20, spacing: '50ms', everySeconds: 60 };
    const peaks = peakOf({ devices: 100, burst, duration: '5m', publish: { ackTimeout: '500ms' } });
    expect(peaks.publishesPerSecondPerConnection).toBeCloseTo(20, 6);
    // 20 messages begin each 600 ms.
    expect(peaks.publishInPerSecond).toBeGreaterThanOrEqual(33);
    expect(peaks.publishInPerSecond).toBeLessThanOrEqual(40);
    expect(peaks.unacknowledgedPerClient).toBeGreaterThanOrEqual(10);
  });
});
