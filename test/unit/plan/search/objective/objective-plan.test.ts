import { describe, expect, it } from '@jest/globals';
import type { AccountView } from '../../../../../src/plan/account.ts';
import { withActions } from '../../../../../src/plan/actions/with-actions.ts';
import { checkStoredPlan } from '../../../../../src/plan/check-plan.ts';
import { type DraftPlan, draftPlan } from '../../../../../src/plan/make-plan.ts';
import { preflight } from '../../../../../src/plan/preflight.ts';
import { busiestSearch } from '../../../../../src/plan/search/search-forecast.ts';
import { actionsOfStep, makeStep } from '../../../../../src/plan/search/step-actions.ts';
import type { ObjectiveSearch } from '../../../../../src/profile/search.ts';
import { accountLimitsOf } from '../../../../../src/targets/aws-iot/quotas.ts';
import { parseProfile } from '../../../../../src/targets/parse-profile.ts';

const rehearsal: AccountView = { limits: accountLimitsOf('default'), live: [], isCharged: false };
const onAws = { ...rehearsal, isCharged: true };
const held = {
  devices: 400,
  search: {
    hold: { metric: 'end_to_end_latency p(99)', at: 500 },
    from: 1_000,
    to: 8_000,
    for: '5m',
  },
};

function draftOf(profile: object, account: AccountView = rehearsal): DraftPlan {
  return draftPlan({ profile: parseProfile(profile), runId: 'r', now: 1e12, account });
}

describe('the plan of a search that holds an objective', () => {
  it('has the lowest level for as long as the objective is held, and slices for the highest', () => {
    const { plan, errors, walls } = draftOf({ ...held, search: { ...held.search, to: 40_000 } });
    expect([errors, walls]).toEqual([[], []]);
    expect(plan.profile).toMatchObject({
      startRatePerSecond: 1_000,
      stages: [{ durationMs: 300_000, targetPerSecond: 1_000 }],
    });
    expect(plan.slices.count).toBe(8);
    expect(checkStoredPlan(plan)).toEqual([]);
  });

  it('is refused where it lasts longer than a Lambda', () => {
    const { walls } = draftOf({ ...held, search: { ...held.search, for: '15m' } });
    expect(walls.map(({ path, hint }) => [path, hint])).toEqual([
      ['search.for', expect.stringMatching(/^shorten the run by \d+s$/)],
    ]);
  });

  it('is refused as a stored plan whose settings are out of range', () => {
    const { plan } = draftOf(held);
    const search = plan.profile.search as ObjectiveSearch;
    const broken = { ...search, at: 0, holdMs: 500, settleMs: -1, precision: 2, forMs: 0 };
    const problems = checkStoredPlan({ ...plan, profile: { ...plan.profile, search: broken } });
    expect(problems.length).toBeGreaterThanOrEqual(5);
  });
});

describe('preflight of a search that holds an objective', () => {
  it('forecasts the highest level all the time, which no level exceeds', () => {
    const { plan } = draftOf(held);
    const busiest = busiestSearch(plan);
    expect(busiest.load).toMatchObject({ messages: 8_000 * 300, peakPerSecond: 8_000 });
    const search = plan.profile.search as ObjectiveSearch;
    const step = makeStep(search, { level: 8_000 }, { step: 0, at: plan.timeline.publishAt + 5_000 });
    const actual = withActions(plan, actionsOfStep(search, step));
    expect(actual.load.messages).toBe(1_000 * 5 + 8_000 * 295);
    expect(preflight(plan).cost.totalUsd).toBeGreaterThan(
      preflight(draftOf({ devices: 400, ratePerSecond: 7_000, duration: '5m' }).plan).cost.totalUsd,
    );
  });

  it('says how long an interval takes, and cautions where there are too few', () => {
    expect(preflight(draftOf(held).plan).objective).toEqual({
      intervalSeconds: 8.801,
      longestIntervalSeconds: 18,
      intervals: 34,
      seconds: 300,
      cautions: [],
    });
    const short = { ...held, search: { ...held.search, for: '1m' } };
    expect(preflight(draftOf(short, onAws).plan).objective).toMatchObject({
      intervalSeconds: 18.001,
      intervals: 3,
      cautions: [
        'It may not settle in 1m: from the lowest to the highest level takes up to 10 intervals, 3m1s. Bring search.from and search.to nearer together, or make search.for longer.',
      ],
    });
  });

  it('refuses a highest level past a quota', () => {
    const { plan } = draftOf({ ...held, search: { ...held.search, to: 17_000 } });
    const [refusal] = preflight(plan).refusals;
    expect(refusal).toMatchObject({ path: 'search.to' });
    expect(refusal!.message).toMatch(/^inbound publishes per second \(PublishIn\): 17,000\/s planned/);
  });
});
