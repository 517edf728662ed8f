import { expect, it } from '@jest/globals';
import { deploymentOf } from '../../../src/plan/deployment.ts';
import {
  filesPerFold,
  foldEverySeconds,
  foldsOf,
  isFolded,
  secondsBetweenLooks,
} from '../../../src/plan/folds.ts';
import { forecastUsage, pollsOf } from '../../../src/plan/forecast-usage.ts';
import { legSplitOf } from '../../../src/plan/legs.ts';
import { eventsPerLook } from '../../../src/plan/poll-intervals.ts';
import { planOfLongRun } from '../../support/measure/folded-run.ts';
import { planOf } from '../../support/measure/run-fixture.ts';

const windows = { seconds: 60, count: 1 };
const fast = planOfLongRun({ devices: 20_000, ratePerSecond: 20_000, duration: '72h', windows });
const slow = planOfLongRun({ devices: 100, ratePerSecond: 100, duration: '719h', windows });

it('folds an hour at a time, or as many windows as a look reads in a minute', () => {
  expect(foldEverySeconds(slow)).toBe(3_600);
  // 40 shards with a batch a second.
  expect(foldEverySeconds(fast)).toBe(240);
  expect(40 * foldEverySeconds(fast)).toBeLessThanOrEqual(filesPerFold);
  expect([foldsOf(slow), foldsOf(fast)]).toEqual([719, 1_080]);
});

it('keeps the execution, and each child, below the events that its history may have', () => {
  for (const plan of [fast, slow]) {
    expect(pollsOf(plan, deploymentOf(plan)) * eventsPerLook).toBeLessThan(24_900);
    expect(Math.ceil(legSplitOf(plan).count / 2) * 9).toBeLessThan(24_900);
  }
  expect([secondsBetweenLooks(fast), secondsBetweenLooks(slow)]).toEqual([120, 959]);
});

it('forecasts its looks and sums, and of a run of less than an hour nothing more', () => {
  const used = forecastUsage(slow);
  expect(used.lambda.summarize).toMatchObject({ invocations: 1 + pollsOf(slow, deploymentOf(slow)) });
  expect(used.stateTransitions).toBeGreaterThan(3 * pollsOf(slow, deploymentOf(slow)));
  const hour = planOf({ stages: undefined, ratePerSecond: 4, duration: '59m' });
  expect(isFolded(hour)).toBe(false);
  expect([pollsOf(hour, deploymentOf(hour)), foldsOf(hour)]).toEqual([0, 0]);
  expect(forecastUsage(hour).lambda.summarize).toMatchObject({ invocations: 1 });
});
