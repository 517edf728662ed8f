import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makeArrivalRate } from '../../../src/plan/arrival-rate.ts';
import { randomCases } from '../../support/effort.ts';
import { areaOf, loads } from '../../support/plan/arbitraries.ts';

describe('makeArrivalRate', () => {
  it('integrates to the area under the stages', () => {
    fc.assert(
      fc.property(loads, (load) => {
        const { messages } = makeArrivalRate(load);
        expect(Math.abs(messages - areaOf(load))).toBeLessThanOrEqual(areaOf(load) * 1e-12);
      }),
      randomCases(),
    );
  });

  it('inverts its integral', () => {
    fc.assert(
      fc.property(loads, fc.double({ min: 0, max: 1, noNaN: true }), (load, share) => {
        const rate = makeArrivalRate(load);
        const x = share * rate.messages;
        // The foot of a ramp is flat: there the way back is exact to a millionth of a message, or of all of them.
        const tolerance = 1e-6 + rate.messages * 1e-9;
        expect(Math.abs(rate.messagesBy(rate.offsetMsOf(x)) - x)).toBeLessThanOrEqual(tolerance);
      }),
      randomCases(),
    );
  });

  it('agrees with stepping through the rate in small steps', () => {
    const load = {
      startRatePerSecond: 50,
      stages: [
        { durationMs: 4_000, targetPerSecond: 200 },
        { durationMs: 2_000, targetPerSecond: 200 },
        { durationMs: 1_000, targetPerSecond: 0 },
        { durationMs: 3_000, targetPerSecond: 0 },
        { durationMs: 0, targetPerSecond: 120 },
        { durationMs: 5_000, targetPerSecond: 30 },
      ],
    };
    const rate = makeArrivalRate(load);
    const knots = [0, 4_000, 6_000, 7_000, 10_000, 10_000, 15_000];
    const heights = [50, 200, 200, 0, 0, 120, 30];
    const rateAt = (ms: number) => {
      const i = knots.findLastIndex((knot) => knot <= ms);
      const within = (ms - knots[i]!) / (knots[i + 1]! - knots[i]!);
      return heights[i]! + (heights[i + 1]! - heights[i]!) * within;
    };
    const stepMs = 0.5;
    let stepped = 0;
    let furthest = 0;
    for (let ms = 0; ms < 15_000; ms += stepMs) {
      stepped += (rateAt(ms + stepMs / 2) * stepMs) / 1_000;
      furthest = Math.max(furthest, Math.abs(rate.messagesBy(ms + stepMs) - stepped));
    }
    expect(furthest).toBeLessThan(5e-7);
  });

  it('never goes back in time, and stays within the run', () => {
    fc.assert(
      fc.property(loads, fc.integer({ min: 0, max: 1_000_000 }), (load, seed) => {
        const rate = makeArrivalRate(load);
        const count = Math.floor(rate.messages);
        const from = count === 0 ? 0 : seed % count;
        let before = 0;
        for (let x = from + 0.5; x < Math.min(from + 500, rate.messages); x++) {
          const offsetMs = rate.offsetMsOf(x);
          const onward = offsetMs >= before && offsetMs <= rate.durationMs;
          if (!onward) expect({ x, offsetMs, before }).toBe('onward and within the run');
          before = offsetMs;
        }
      }),
      randomCases(),
    );
  });

  it('gives the same answer in any order', () => {
    fc.assert(
      fc.property(loads, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (load, shares) => {
        const rate = makeArrivalRate(load);
        for (const share of shares) {
          const x = share * rate.messages;
          expect(rate.offsetMsOf(x)).toBe(makeArrivalRate(load).offsetMsOf(x));
        }
      }),
      randomCases(),
    );
  });

  it('skips stretches without load', () => {
    const rate = makeArrivalRate({
      startRatePerSecond: 0,
      stages: [
        { durationMs: 10_000, targetPerSecond: 0 },
        { durationMs: 0, targetPerSecond: 10 },
        { durationMs: 1_000, targetPerSecond: 10 },
        { durationMs: 0, targetPerSecond: 0 },
        { durationMs: 10_000, targetPerSecond: 0 },
        { durationMs: 0, targetPerSecond: 10 },
        { durationMs: 1_000, targetPerSecond: 10 },
        { durationMs: 5_000, targetPerSecond: 0 },
        { durationMs: 5_000, targetPerSecond: 0 },
      ],
    });
    expect(rate.messages).toBe(45);
    expect(rate.offsetMsOf(0.5)).toBe(10_050);
    expect(rate.offsetMsOf(9.5)).toBe(10_950);
    expect(rate.offsetMsOf(10.5)).toBe(21_050);
    expect(rate.offsetMsOf(44.9999)).toBeLessThanOrEqual(27_000);
    expect(rate.offsetMsOf(45)).toBeLessThanOrEqual(rate.durationMs);
  });
});
