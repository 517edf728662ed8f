import { expect, it } from '@jest/globals';
import { fanOutOf } from '../../../src/plan/fan-out.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import {
  checkpointEveryMs,
  deadAfterMs,
  eventsPerLook,
  pollEverySeconds,
} from '../../../src/plan/poll-intervals.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { planOf } from '../../support/measure/run-fixture.ts';
import { capacitySearch } from '../../support/plan/simulated-service.ts';

const account = (isCharged: boolean) => ({ limits: accountLimitsOf('default'), live: [], isCharged });
const searching = (isCharged: boolean): Plan => {
  const plan = planOf();
  return { ...plan, profile: { ...plan.profile, search: capacitySearch }, account: account(isCharged) };
};

it('looks at a search each second in a rehearsal, and every five on AWS', () => {
  expect([false, true].map((isCharged) => checkpointEveryMs(searching(isCharged)))).toEqual([1_000, 5_000]);
  expect([false, true].map((isCharged) => fanOutOf(searching(isCharged)))).toMatchObject([
    { isWatched: true, watchSeconds: 1 },
    { isWatched: true, watchSeconds: 5 },
  ]);
  expect(fanOutOf(planOf())).toMatchObject({ isWatched: false, watchSeconds: 5 });
});

it('takes no slice for dead before three checkpoints, and ten seconds, are missing', () => {
  expect([false, true].map((isCharged) => deadAfterMs(searching(isCharged)))).toEqual([10_000, 15_000]);
  expect(deadAfterMs(planOf())).toBe(30_000);
});

it('takes at most a third of the events of an execution for the looks of the longest search', () => {
  const longestSeconds = 900;
  const most = Math.max(
    ...[false, true].map((isCharged) => longestSeconds / pollEverySeconds(searching(isCharged))),
  );
  expect(most * eventsPerLook).toBe(8_100);
  expect(most * eventsPerLook).toBeLessThan(25_000 / 3);
});
