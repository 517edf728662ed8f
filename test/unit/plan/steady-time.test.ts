import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bookStepsOf } from '../../../src/plan/book-steps.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { refuseSlopes } from '../../../src/plan/refuse-slopes.ts';
import { leastSteadySteps, steadyTimeOf } from '../../../src/plan/steady-time.ts';
import { randomCases } from '../../support/effort.ts';
import { planOf } from '../../support/measure/run-fixture.ts';

const at = (target: number, duration: string) => [
  { duration: '0s', target },
  { duration, target },
];

describe('steady time', () => {
  it('is that at the rate that is planned for the longest, without ramps and what follows them', () => {
    const plan = planOf({
      stages: [
        { duration: '10m', target: 50 },
        { duration: '15m', target: 50 },
        { duration: '5m', target: 200 },
        { duration: '9m', target: 200 },
      ],
    });
    const { ratePerSecond, seconds, secondsPerStep, steps } = steadyTimeOf(plan);
    expect([ratePerSecond, secondsPerStep, steps.length]).toEqual([50, 30, Math.floor(seconds / 30)]);
    expect(seconds).toBeGreaterThanOrEqual(15 * 60 - 52);
    expect(steps[0]! * 1_000 - plan.timeline.publishAt).toBeGreaterThanOrEqual(10 * 60_000 + 50_000);
    expect((steps.at(-1)! + 30) * 1_000 - plan.timeline.publishAt).toBeLessThanOrEqual(25 * 60_000);
  });

  it('counts a rate that comes again, but not one of the same sum', () => {
    const kinds = (reading: object[], alarm: object[]) => ({
      stages: undefined,
      messages: { reading: { stages: reading }, alarm: { stages: alarm } },
    });
    const day = [...at(30, '6m'), ...at(10, '6m'), ...at(30, '6m')];
    expect(steadyTimeOf(planOf(kinds(day, at(5, '18m')))).steps.length).toBe(20);
    const swapped = [...at(5, '6m'), ...at(25, '6m'), ...at(5, '6m')];
    const { ratePerSecond, seconds } = steadyTimeOf(planOf(kinds(day, swapped)));
    expect(ratePerSecond).toBe(35);
    expect(seconds).toBeGreaterThan(10 * 60);
    expect(
      steadyTimeOf(planOf(kinds([...at(30, '6m'), ...at(10, '6m')], [...at(5, '6m'), ...at(25, '6m')])))
        .seconds,
    ).toBeLessThan(6 * 60);
  });

  it('ends where the run was stopped, and is nothing of a ramp', () => {
    const plan = planOf({ stages: at(20, '30m') });
    const stopped = steadyTimeOf(plan, plan.timeline.publishAt + 6 * 60_000);
    expect(stopped.seconds).toBeLessThanOrEqual(6 * 60 - 50);
    expect(steadyTimeOf(planOf({ stages: [{ duration: '1h', target: 20 }] })).steps).toEqual([]);
  });

  it('has enough steps from the stated length on, and never more than slopes need', () => {
    fc.assert(
      fc.property(fc.integer({ min: 660, max: 29 * 86_400 }), (seconds) => {
        const plan = planOf({ stages: at(1, `${seconds}s`), limits: { maxCostUsd: 1e6 } });
        const { steps, secondsPerStep } = steadyTimeOf(plan);
        expect(steps.length).toBeGreaterThanOrEqual(leastSteadySteps);
        expect(steps.length).toBeLessThanOrEqual(120);
        expect(secondsPerStep % bookStepsOf(plan).secondsPerStep).toBe(0);
      }),
      randomCases(100),
    );
  });

  it('is at another rate where devices are taken out', () => {
    const timeline = [{ at: '12m', devices: 50 }];
    const plan = planOf({ devices: 100, stages: at(20, '30m'), timeline });
    const { ratePerSecond, seconds } = steadyTimeOf(plan);
    expect(ratePerSecond).toBe(10);
    expect(seconds).toBeLessThanOrEqual(18 * 60 - 50);
    expect(seconds).toBeGreaterThanOrEqual(18 * 60 - 52);
  });

  it('has no step longer than its stretches, however often they come again', () => {
    const stages = Array.from({ length: 200 }, () => [...at(10, '5m'), ...at(20, '1m')]).flat();
    const plan = planOf({ stages, limits: { maxCostUsd: 1e6 } });
    const { ratePerSecond, seconds, secondsPerStep, steps } = steadyTimeOf(plan);
    expect([ratePerSecond, steps.length, seconds]).toEqual([10, 100, 100 * secondsPerStep]);
    expect(secondsPerStep).toBeLessThanOrEqual(250);
  });

  it('that is too short for a threshold is refused before the run, with how much it takes', () => {
    const thresholds = { end_to_end_latency: ['p(99)<500', 'p(99).slope<1%/h'] };
    const short = planOf({ stages: at(20, '1m'), thresholds });
    const refusal = {
      path: 'thresholds.end_to_end_latency[1]',
      message: 'a slope needs 11m at one planned rate, and this run has 1m',
      hint: 'plan a stage of 11m or more at one rate (the longer, the better a slope is known), or remove the threshold',
    };
    expect(preflight(short).refusals).toEqual([refusal]);
    expect(refuseSlopes(planOf({ stages: at(20, '11m'), thresholds }))).toEqual([]);
    expect(refuseSlopes(planOf({ stages: at(20, '1m') }))).toEqual([]);
    const ramps = [{ duration: '12h', target: 20 }, ...at(20, '12m'), { duration: '12h', target: 40 }];
    const [long] = refuseSlopes(planOf({ stages: ramps, thresholds, limits: { maxCostUsd: 1e6 } }));
    expect(long?.message).toBe('a slope needs 15m at one planned rate, and this run has 12m');
  });
});
