import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makeLedger } from '../../../../src/measure/ledger.ts';
import type { AccountView } from '../../../../src/plan/account.ts';
import { withActions } from '../../../../src/plan/actions/with-actions.ts';
import { checkStoredPlan } from '../../../../src/plan/check-plan.ts';
import { groupsOf } from '../../../../src/plan/groups.ts';
import { type DraftPlan, draftPlan } from '../../../../src/plan/make-plan.ts';
import type { Plan } from '../../../../src/plan/plan.ts';
import { preflight } from '../../../../src/plan/preflight.ts';
import { makeReconnectTurns } from '../../../../src/plan/reconnect-turns.ts';
import { mostHolds, undisturbedHolds } from '../../../../src/plan/search/most-holds.ts';
import { busiestSearch, searchAsPlanned } from '../../../../src/plan/search/search-forecast.ts';
import { stepMs } from '../../../../src/plan/search/search-times.ts';
import { actionsOfStep } from '../../../../src/plan/search/step-actions.ts';
import { sliceOf } from '../../../../src/plan/slices.ts';
import { makeTakenDevices } from '../../../../src/plan/taken-devices.ts';
import type { CapacitySearch } from '../../../../src/profile/search.ts';
import { costOf } from '../../../../src/report/cost-report.ts';
import { sumBy } from '../../../../src/shared/counts.ts';
import { accountLimitsOf } from '../../../../src/targets/aws-iot/quotas.ts';
import { parseProfile } from '../../../../src/targets/parse-profile.ts';
import { randomCases } from '../../../support/effort.ts';
import { searchService } from '../../../support/plan/simulated-service.ts';

const rehearsal: AccountView = { limits: accountLimitsOf('default'), live: [], isCharged: false };

/** A search of seconds. */
const quick = {
  devices: 100,
  publish: { ackTimeout: '1s' },
  search: { from: 1_000, to: 8_000, settle: '1s', hold: '3s' },
};

function draftOf(profile: object, account: AccountView = rehearsal): DraftPlan {
  return draftPlan({ profile: parseProfile(profile), runId: 'r', now: 1e12, account });
}

function searchIn({ profile }: Plan): CapacitySearch {
  return profile.search as CapacitySearch;
}

function ratesOf(plan: Plan): (readonly [string | undefined, number])[] {
  return groupsOf(plan).map(({ group, profile }) => [group, profile.startRatePerSecond]);
}

describe('the plan of a search', () => {
  it('has the lowest level all the time, for as many steps as there may be', () => {
    const { plan, errors, walls } = draftOf(quick);
    expect([errors, walls]).toEqual([[], []]);
    const ms = mostHolds(searchIn(plan)) * stepMs(plan, searchIn(plan));
    expect(plan.profile).toMatchObject({
      startRatePerSecond: 1_000,
      stages: [{ durationMs: ms, targetPerSecond: 1_000 }],
    });
    expect(plan.timeline.publishEndAt - plan.timeline.publishAt).toBe(Math.ceil(ms));
    expect(checkStoredPlan(plan)).toEqual([]);
  });

  it('has the slices that the highest level needs', () => {
    const most = { ...quick, devices: 400, search: { ...quick.search, to: 40_000 } };
    expect(draftOf(most).plan.slices.count).toBe(8);
  });

  it('divides levels between groups in proportion to their own highest rates', () => {
    const groups = {
      a: { devices: 100, stages: [{ duration: '10s', target: 30 }] },
      b: { devices: 100, ratePerSecond: 10, duration: '1m' },
      c: { devices: 100, idle: true, duration: '1m' },
    };
    expect(ratesOf(draftOf({ ...quick, groups }).plan)).toEqual([
      ['a', 750],
      ['b', 250],
      ['c', 0],
    ]);
    expect(ratesOf(draftOf({ ...quick, groups, search: { ...quick.search, group: 'b' } }).plan)).toEqual([
      ['a', 30],
      ['b', 1_000],
      ['c', 0],
    ]);
  });

  it('divides levels between kinds of message, and keeps how they arrive', () => {
    const messages = { reading: { weight: 3, arrivals: 'poisson' }, status: { weight: 1 } };
    const { plan } = draftOf({ ...quick, ratePerSecond: 100, messages });
    const [group] = groupsOf(plan);
    expect(group!.profile.startRatePerSecond).toBe(1_000);
    expect(group!.profile.messages).toMatchObject([
      { name: 'reading', startRatePerSecond: 750, pattern: { kind: 'poisson' } },
      { name: 'status', startRatePerSecond: 250 },
    ]);
    expect(checkStoredPlan(plan)).toEqual([]);
  });

  it('leaves users and bursts of other groups as busy as they ever are', () => {
    const groups = {
      meters: { devices: 100, ratePerSecond: 10, duration: '1m' },
      people: { stages: [{ duration: '10s', target: 20 }], thinkTime: '1s' },
      pulses: { devices: 10, everySeconds: 10, together: true, duration: '30s' },
    };
    const { plan, errors } = draftOf({ ...quick, groups, search: { ...quick.search, group: 'meters' } });
    expect(errors).toEqual([]);
    const [, people, pulses] = groupsOf(plan);
    const lastsMs = plan.timeline.publishEndAt - plan.timeline.publishAt;
    expect(people!.profile.users).toMatchObject({ startUsers: 20 });
    expect(people!.profile.stages).toMatchObject([{ targetUsers: 20 }]);
    expect(pulses!.load.messages).toBe(10 * Math.floor((lastsMs - 1_000) / 10_000 + 1));
    expect(checkStoredPlan(plan)).toEqual([]);
  });

  it('holds users of one group, and leaves the others as busy as they ever are', () => {
    const groups = {
      meters: { devices: 100, ratePerSecond: 10, duration: '1m' },
      people: { devices: 400, stages: [{ duration: '10s', target: 20 }], thinkTime: '1s' },
    };
    const search = { ...quick.search, of: 'users', from: 50, to: 400 };
    const { plan, errors } = draftOf({ ...quick, groups, search });
    expect(errors).toEqual([]);
    const [meters, people] = groupsOf(plan);
    expect(meters!.profile).toMatchObject({ startRatePerSecond: 10 });
    expect(people!.profile).toMatchObject({ users: { startUsers: 50 }, stages: [{ targetUsers: 50 }] });
    expect(preflight(plan).search!.levels).toEqual([50, 100, 200, 400, 283, 336, 367, 383, 383, 400]);
    expect(busiestSearch(plan).load.peakPerSecond).toBeCloseTo(10 + 400 / 1.01, 6);
    expect(checkStoredPlan(plan)).toEqual([]);
  });

  it('lets devices of groups that stay connected connect again, in proportion to their number', () => {
    const groups = {
      meters: { devices: 300, ratePerSecond: 10 },
      trackers: { devices: 100, idle: true },
      poles: { devices: 50, ratePerSecond: 5, connect: { protocol: 'https' } },
    };
    const search = { ...quick.search, of: 'connects', from: 10, to: 200 };
    const { plan, errors, walls } = draftOf({ ...quick, devices: undefined, duration: '1m', groups, search });
    expect([errors, walls]).toEqual([[], []]);
    const profiles = groupsOf(plan).map(({ profile }) => profile);
    expect(profiles.map(({ startRatePerSecond }) => startRatePerSecond)).toEqual([0, 0, 5]);
    expect(profiles.map(({ reconnects }) => reconnects?.[0]?.reconnectsPerSecond)).toEqual([
      7.5,
      2.5,
      undefined,
    ]);
    const { quotas } = preflight(plan);
    expect(quotas.find(({ quota }) => quota === 'connectsPerSecond')).toMatchObject({ peak: 200 });
    expect(checkStoredPlan(plan)).toEqual([]);
  });

  it('has devices for the highest level, of which those of the lowest are taken in, each as busy as by the profile', () => {
    const groups = {
      meters: { devices: 100, everySeconds: 10 },
      trackers: { devices: 50, ratePerSecond: 5, lifecycle: { awake: '1m', asleep: '1m' } },
    };
    const search = { ...quick.search, of: 'devices', from: 50, to: 400 };
    const { plan, errors, walls } = draftOf({ ...quick, devices: undefined, duration: '1m', groups, search });
    expect([errors, walls]).toEqual([[], []]);
    const [meters] = groupsOf(plan);
    expect(plan.profile).toMatchObject({ devices: 450, search: { planned: 100 } });
    expect((plan.profile.search as CapacitySearch).connectsPerSecond).toBeCloseTo(
      meters!.profile.connect.ratePerSecond,
      6,
    );
    expect(meters!.profile).toMatchObject({
      devices: 400,
      startRatePerSecond: 40,
      deviceSteps: [{ atMs: 0, devices: 50 }],
    });
    expect(checkStoredPlan(plan)).toEqual([]);
  });

  it('has a cost with a connect for each turn that its devices take at most', () => {
    const search = { of: 'connects', from: 100, to: 400, settle: '5s', hold: '10s' };
    const { plan } = draftOf({ devices: 900, search });
    const busiest = busiestSearch(plan);
    const numbers = Array.from({ length: plan.slices.count }, (_, slice) => slice);
    const turns = sumBy(numbers, (slice) => makeReconnectTurns(sliceOf(busiest, slice)).count);
    const seconds = (plan.timeline.publishEndAt - plan.timeline.publishAt) / 1_000;
    expect(turns).toBeGreaterThan(search.from * seconds);
    const { cost } = preflight(plan);
    // Each slice has a control channel.
    expect(cost.usage.iot.connects).toBe(900 + plan.slices.count + turns);
    const capped = draftOf({ devices: 900, search, limits: { maxCostUsd: 0.01 } }).plan;
    expect(preflight(capped).refusals).toEqual([
      expect.objectContaining({
        path: 'limits.maxCostUsd',
        hint: expect.stringMatching(/^lower search.to or shorten the search; or allow more/),
      }),
    ]);
  });

  it('has a cost with a connect for each time that its devices are taken in', () => {
    const search = { ...quick.search, of: 'devices', from: 50, to: 400 };
    const { plan } = draftOf({ ...quick, devices: undefined, everySeconds: 10, duration: '1m', search });
    const busiest = busiestSearch(plan);
    const stretches = sumBy(
      Array.from({ length: plan.slices.count }, (_, slice) => sliceOf(busiest, slice)),
      (slice) => {
        const { connected } = makeTakenDevices(slice);
        return sumBy(Array.from({ length: slice.devices }), (_, device) => connected(device).length);
      },
    );
    expect(stretches).toBeGreaterThan(1_000);
    expect(preflight(plan).cost.usage.iot.connects).toBe(stretches + plan.slices.count);
  });

  it('is refused for connects past a quota by the setting that makes most of them', () => {
    const search = { of: 'connects', from: 100, to: 2_000, settle: '5s', hold: '10s' };
    const refused = (connect?: object) =>
      preflight(draftOf({ devices: 4_000, search, ...(connect && { connect }) }).plan).refusals.map(
        ({ path }) => path,
      );
    expect(refused()).toEqual(['search.to']);
    expect(refused({ ratePerSecond: 3_000 })).toEqual(['connect.ratePerSecond']);
  });

  it('has the reserve for void and contradicting holds only so far as a Lambda lasts', () => {
    const { plan, walls } = draftOf({ ...quick, search: { ...quick.search, hold: '45s' } });
    const search = searchIn(plan);
    expect(walls).toEqual([]);
    const steps = (plan.timeline.publishEndAt - plan.timeline.publishAt) / stepMs(plan, search);
    expect(Math.floor(steps)).toBeGreaterThanOrEqual(undisturbedHolds(search));
    expect(Math.floor(steps)).toBeLessThan(mostHolds(search));
    expect(plan.timeline.deadlineAt - plan.timeline.createdAt).toBeLessThanOrEqual(900_000);
  });

  it('is refused where even without a reserve it lasts longer than a Lambda', () => {
    const { walls } = draftOf({ devices: 100, search: { from: 1_000, to: 8_000 } });
    expect(walls).toHaveLength(1);
    expect(walls[0]).toMatchObject({
      path: 'search.to',
      message: expect.stringMatching(/^a slice would live 1\dm.*, and a Lambda ends at 15m$/),
      hint: expect.stringMatching(
        /^shorten the search by .*: it has up to 10 steps of 1m.* each; bring search.from and search.to nearer together,/,
      ),
    });
  });
});

describe('preflight of a search', () => {
  it('forecasts what no search of it exceeds', () => {
    const { plan } = draftOf(quick);
    const search = searchIn(plan);
    const busiest = busiestSearch(plan);
    const each = stepMs(plan, search);
    const most = (preflight(plan).search!.longestSeconds * 1_000) / each;
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 9_000 }),
        fc.array(fc.constantFrom('passed', 'failed', 'void', 'by limit'), { minLength: 1, maxLength: 30 }),
        (limit, given) => {
          const { judged } = searchService(search, (level, before) => {
            const outcome = given[before.length % given.length]!;
            return outcome === 'by limit' ? (level <= limit ? 'passed' : 'failed') : outcome;
          });
          expect(judged.length).toBeLessThanOrEqual(Math.floor(most));
          const actual = withActions(
            plan,
            judged.flatMap(({ level, step }) => {
              const at = plan.timeline.publishAt + step * each;
              const holdFrom = at + search.settleMs + 1_000;
              const holdUntil = holdFrom + search.holdMs;
              return actionsOfStep(search, { step, level, at, holdFrom, holdUntil });
            }),
          );
          expect(actual.load.messages).toBeLessThanOrEqual(busiest.load.messages);
          expect(actual.load.peakPerSecond).toBeLessThanOrEqual(busiest.load.peakPerSecond);
        },
      ),
      randomCases(100),
    );
  });

  it('says the steps, their time and their cost', () => {
    const { search, cost } = preflight(draftOf(quick).plan);
    expect(search).toMatchObject({
      levels: [1_000, 2_000, 4_000, 8_000, 5_657, 6_727, 7_336, 7_661, 7_661, 8_000],
      holds: 10,
      mostHolds: 20,
      cautions: [],
    });
    expect(search!.longestSeconds).toBeCloseTo(20 * search!.stepSeconds, 6);
    const constant = preflight(draftOf({ devices: 100, ratePerSecond: 1_000, duration: '5m' }).plan);
    expect(cost.totalUsd).toBeGreaterThan(constant.cost.totalUsd);
  });

  it('is forecast as before it began, whichever levels it came to', () => {
    const { plan } = draftOf(quick);
    const at = plan.timeline.publishAt + 2_000;
    const step = { step: 0, level: 3_000, at, holdFrom: at + 1_000, holdUntil: at + 4_000 };
    const ended = withActions(plan, actionsOfStep(searchIn(plan), step));
    expect(busiestSearch(ended)).toBe(ended);
    expect(searchAsPlanned(ended)).toEqual(busiestSearch(plan));
    const cost = costOf(ended, makeLedger(ended).close());
    expect(cost!.forecastUsd).toBeCloseTo(preflight(plan).cost.totalUsd, 5);
  });

  it('refuses a highest level past a quota, and a cost past the ceiling', () => {
    const { plan } = draftOf({
      ...quick,
      devices: 400,
      search: { ...quick.search, to: 17_000 },
      limits: { maxCostUsd: 0.5 },
    });
    const refusals = preflight(plan).refusals;
    expect(refusals.map(({ path }) => path)).toEqual([
      'search.to',
      'search.to',
      'search.to',
      'limits.maxCostUsd',
    ]);
    expect(refusals[0]!.message).toMatch(/^inbound publishes per second \(PublishIn\): 17,000\/s planned/);
    expect(refusals[3]!.hint).toMatch(/^lower search\.to or shorten the search, to about /);
  });

  it('cautions that a quota within reach is found too high where levels are short', () => {
    const limits = accountLimitsOf('default', { publishInPerSecond: 3_137 });
    const cautionsOf = (search: object) => {
      const profile = { ...quick, limits: { enforce: false }, search: { ...quick.search, ...search } };
      return preflight(draftOf(profile, { ...rehearsal, limits }).plan).search!.cautions;
    };
    expect(cautionsOf({})).toEqual([
      'The search may find 3,137/s of inbound publishes per second (PublishIn) up to 25 % too high: a quota may let through a second’s worth before it refuses any, and a level lasts 4s (settle and hold). To within 5 % it has to last 20s, such as with --hold 19s; 4s are enough for --precision 0.25.',
    ]);
    expect(cautionsOf({ hold: '19s' })).toEqual([]);
    expect(cautionsOf({ precision: 0.25 })).toEqual([]);
    expect(cautionsOf({ to: 3_000 })).toEqual([]);
  });

  it('cautions on AWS that CloudWatch cannot see what is shorter than its minute', () => {
    const onAws = { ...rehearsal, isCharged: true };
    const cautionsOf = (profile: object, account: AccountView) =>
      preflight(draftOf(profile, account).plan).search!.cautions;
    expect(cautionsOf(quick, onAws)).toEqual([
      'CloudWatch counts by the minute, and a hold lasts 3s: it cannot show which quota throttled messages in it. Missing acknowledgements still break a level at QoS 1; for the quota’s name give a hold of 60s or more.',
    ]);
    expect(cautionsOf(quick, rehearsal)).toEqual([]);
    expect(cautionsOf({ ...quick, search: { ...quick.search, hold: '60s' } }, onAws)).toEqual([]);
  });
});
