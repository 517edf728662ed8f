import { describe, expect, it } from '@jest/globals';
import {
  erlangB,
  erlangC,
  kneeOf,
  meanTimeInSystem,
  meanWait,
  quantileInSystem,
  refusedShare,
  shareInSystem,
  shareThatWaits,
} from '../../../support/queueing/mmc.ts';

/** ∫₀^∞ f, by the trapezoid rule, for f that decays within `until`. */
function integral(f: (t: number) => number, until: number, steps = 200_000): number {
  const width = until / steps;
  let sum = (f(0) + f(until)) / 2;
  for (let i = 1; i < steps; i++) sum += f(i * width);
  return sum * width;
}

describe('the formulas of M/M/c', () => {
  it.each([
    [1, 0.5, 1 / 3, 0.5],
    [2, 1, 0.2, 1 / 3],
    [10, 8, 0.1217, 0.4092],
    [100, 90, 0.027, 0.217],
  ])(
    'has the tabulated values of Erlang for %i servers and %d erlangs',
    (servers, erlangs, blocked, waits) => {
      expect(erlangB(servers, erlangs)).toBeCloseTo(blocked, 3);
      expect(erlangC(servers, erlangs)).toBeCloseTo(waits, 3);
    },
  );

  it('is the exponential of M/M/1 for one server', () => {
    const queue = { servers: 1, meanService: 0.1, rate: 8 };
    for (const t of [0, 0.1, 1]) expect(shareInSystem(queue, t)).toBeCloseTo(Math.exp(-2 * t), 10);
    expect(quantileInSystem(queue, 0.99)).toBeCloseTo(Math.log(100) / 2, 8);
    expect(kneeOf(queue, { share: 0.99, atMost: 2 })).toBeCloseTo(10 - Math.log(100) / 2, 6);
  });

  it.each([
    [2, 1],
    [4, 3],
    [4, 3.7],
    [20, 17],
  ])('has tails whose area is the mean, for %i servers and %d erlangs', (servers, rate) => {
    const queue = { servers, meanService: 1, rate };
    expect(integral((t) => shareThatWaits(queue, t), 300)).toBeCloseTo(meanWait(queue), 4);
    expect(integral((t) => shareInSystem(queue, t), 300)).toBeCloseTo(meanTimeInSystem(queue), 4);
  });

  it('adds the service time to the wait', () => {
    const queue = { servers: 4, meanService: 1, rate: 3.5 };
    const waits = erlangC(4, 3.5);
    // P(W + S > 3): the wait is 0 with 1 − C, and else exponential with cμ − λ = 0.5.
    const longer = integral((w) => waits * 0.5 * Math.exp(-0.5 * w) * Math.exp(-Math.max(0, 3 - w)), 100);
    expect(shareInSystem(queue, 3)).toBeCloseTo((1 - waits) * Math.exp(-3) + longer, 5);
  });

  it('refuses what M/M/c/K does: B without a place to wait, M/M/1/K’s share for one server', () => {
    expect(refusedShare({ servers: 10, meanService: 1, rate: 8 }, 0)).toBe(erlangB(10, 8));
    const [rho, places] = [0.9, 4];
    expect(refusedShare({ servers: 1, meanService: 1, rate: rho }, places)).toBeCloseTo(
      ((1 - rho) * rho ** (places + 1)) / (1 - rho ** (places + 2)),
      12,
    );
    expect(refusedShare({ servers: 2, meanService: 1, rate: 4 }, 1_000)).toBeCloseTo(0.5, 10);
  });

  it('has no knee where an idle service is slower than the objective', () => {
    expect(kneeOf({ servers: 4, meanService: 1 }, { share: 0.99, atMost: 4 })).toBe(0);
    expect(kneeOf({ servers: 4, meanService: 1 }, { share: 0.99, atMost: 5 })).toBeGreaterThan(2);
  });
});
