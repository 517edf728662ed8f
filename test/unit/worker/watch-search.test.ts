import { describe, expect, it } from '@jest/globals';
import type { StoredAction } from '../../../src/plan/actions/action.ts';
import { loadChangeOf } from '../../../src/plan/actions/load-kinds.ts';
import { stopAction, stopOf } from '../../../src/plan/actions/stop.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { pollEverySeconds } from '../../../src/plan/poll-intervals.ts';
import type { HoldOutcome, JudgedHold } from '../../../src/plan/search/judged-hold.ts';
import type { SearchEnd } from '../../../src/plan/search/search-answer.ts';
import type { SearchSettings } from '../../../src/profile/search.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { makeRunControl } from '../../../src/worker/run-control.ts';
import { watchRun } from '../../../src/worker/watch-run.ts';
import { planOf } from '../../support/measure/run-fixture.ts';
import { capacitySearch, holdOf } from '../../support/plan/simulated-service.ts';
import { objectiveSearch } from '../../support/queueing/held-service.ts';
import { type Failure, makeMemoryRun } from '../../support/run/memory-run.ts';

// Searches in virtual time: the real run store and control over memory, and a service that fails above a level.

const capacity = 3_137;

function searchPlan(
  duration = '5m',
  limits: object = { enforce: false },
  search: SearchSettings = capacitySearch,
): Plan {
  const plan = planOf({
    stages: [{ duration, target: 1_000 }],
    ratePerSecond: undefined,
    connect: { ratePerSecond: 10 },
    limits,
  });
  return {
    ...plan,
    profile: { ...plan.profile, search },
    account: {
      limits: accountLimitsOf('default', { publishInPerSecond: 3_137 }),
      live: [],
      isCharged: false,
    },
  };
}

interface Scene {
  readonly plan?: Plan;
  readonly outcomeOf?: (level: number) => HoldOutcome;
  /** The metric of an interval, of a search that holds an objective. */
  readonly objectiveMsOf?: (level: number) => number;
  readonly failureOf?: (request: number) => Failure | undefined;
  /** Looks at once. */
  readonly looks?: number;
  /** Called before each look. @param seconds since publishing began */
  readonly before?: (seconds: number, control: ReturnType<typeof makeRunControl>) => Promise<void>;
}

/** How long after a hold all of it is measured. */
const measuredAfterMs = 2_500;

async function search(scene: Scene = {}) {
  const { plan = searchPlan(), looks = 1 } = scene;
  const { outcomeOf = (level) => (level <= capacity ? 'passed' : 'failed') } = scene;
  const { store, control: topic, requests } = makeMemoryRun(scene.failureOf);
  const { runId, timeline } = plan;
  const control = { ...topic, ...makeRunControl({ store, control: topic }) };
  let now = timeline.createdAt;
  let failed = 0;
  const look = () =>
    watchRun(plan, {
      store,
      control,
      metrics: { names: [], sums: async () => ({}) },
      judgeHold: async (_run, step) =>
        now < step.holdUntil + measuredAfterMs
          ? undefined
          : {
              ...holdOf(step, outcomeOf(step.level), step.step),
              ...step,
              ...(scene.objectiveMsOf && { objectiveMs: scene.objectiveMsOf(step.level) }),
            },
      now: () => now,
    });
  for (let goesOn = true; goesOn; ) {
    now += pollEverySeconds(plan) * 1_000;
    await scene.before?.((now - timeline.publishAt) / 1_000, control);
    const ends = await Promise.allSettled(Array.from({ length: looks }, look));
    failed += ends.filter(({ status }) => status === 'rejected').length;
    goesOn = ends.every((end) => end.status === 'rejected' || end.value);
  }
  const made = requests();
  const actions: StoredAction[] = [];
  for await (const action of store.actions(runId)) actions.push(action);
  const judged: JudgedHold[] = [];
  for await (const hold of store.judgedHolds(runId)) judged.push(hold);
  return { plan, actions, judged, failed, requests: made, announced: await topic.read(runId) };
}

type Searched = Awaited<ReturnType<typeof search>>;

/** Every step has its two actions once, and none begins before the one before was judged. */
function expectOrderly({ actions, judged, plan }: Searched): void {
  for (const hold of judged) {
    const ofStep = actions.filter(({ step }) => step?.step === hold.step);
    expect(ofStep.map((action) => [action.at, loadChangeOf(action)])).toEqual([
      [hold.at, { kind: 'rate', perSecond: hold.level }],
      [hold.holdUntil, { kind: 'rate', perSecond: capacitySearch.from }],
    ]);
    expect(hold.holdFrom % 1_000).toBe(0);
    expect(hold.holdFrom - hold.at).toBeGreaterThanOrEqual(capacitySearch.settleMs);
    expect(hold.holdUntil - hold.holdFrom).toBe(capacitySearch.holdMs);
  }
  expect(judged[0]!.at).toBeGreaterThanOrEqual(plan.timeline.publishAt);
  for (const [i, hold] of judged.slice(1).entries())
    expect(hold.at).toBeGreaterThanOrEqual(judged[i]!.holdUntil + measuredAfterMs);
}

const stopOfRun = ({ actions }: Searched) => stopOf(actions.at(-1)!);

describe('a search', () => {
  it('holds one level after the other, and stops its run with the answer', async () => {
    const found = await search();
    expectOrderly(found);
    expect(found.judged[0]!.at).toBe(found.plan.timeline.publishAt);
    expect(found.judged.map(({ level, outcome, repeats }) => [level, outcome, repeats])).toEqual([
      [1_000, 'passed', undefined],
      [2_000, 'passed', undefined],
      [4_000, 'failed', undefined],
      [2_828, 'passed', undefined],
      [3_363, 'failed', undefined],
      [3_084, 'passed', undefined],
      [3_220, 'failed', undefined],
      [3_084, 'passed', 5],
      [3_220, 'failed', 6],
    ]);
    expect(stopOfRun(found)).toMatchObject({
      by: 'search',
      ended: 'found',
      reason: 'the search ended: it found its answer (3,084/s passes, 3,220/s fails)',
    });
    expect(found.announced).toMatchObject({ k: found.actions.length - 1 });
  });

  it('ends with the levels found so far where the time is over', async () => {
    const ended = await search({ plan: searchPlan('25s') });
    expectOrderly(ended);
    expect(stopOfRun(ended)).toMatchObject({ by: 'search', ended: 'out-of-time' });
    expect(ended.judged.at(-1)!.holdUntil).toBeLessThan(ended.plan.timeline.publishEndAt);
    expect(ended.judged.length).toBeGreaterThan(1);
  });

  it('repeats a void hold once, and then says what it needs', async () => {
    const ended = await search({ outcomeOf: (level) => (level < 4_000 ? 'passed' : 'void') });
    expect(ended.judged.slice(-2).map(({ level, repeats }) => [level, repeats])).toEqual([
      [4_000, undefined],
      [4_000, 2],
    ]);
    expect(stopOfRun(ended)).toMatchObject({ by: 'search', ended: 'void' });
  });

  it('ends with the refusal of a level that no action may have', async () => {
    const ended = await search({ plan: searchPlan('5m', {}) });
    expectOrderly(ended);
    expect(ended.judged.map(({ level }) => level)).toEqual([1_000, 2_000]);
    const { reason, ...stop } = stopOfRun(ended)!;
    expect(stop).toMatchObject({ by: 'search', ended: 'refused' });
    expect(reason).toMatch(/^the search ended: its next level was refused \(2,000\/s passes\): Preflight/);
    expect(reason).toContain('PublishIn');
  });

  it('issues nothing more once a user has stopped the run', async () => {
    const stop = { at: 0, action: stopAction({ reason: 'enough' }) };
    let isStopped = false;
    const stopped = await search({
      async before(seconds, control) {
        if (seconds < 12 || isStopped) return;
        isStopped = true;
        await control.issue(planOf().runId, stop);
      },
    });
    expectOrderly(stopped);
    expect(stopOfRun(stopped)).toMatchObject({ reason: 'enough' });
    expect(stopped.judged.length).toBe(1);
  });

  it('goes on beside actions of users', async () => {
    const other = { kind: 'network', network: { delay: '5ms' } };
    const found = await search({
      before: async (seconds, control) => {
        if (seconds % 3 === 0)
          await control.issue(planOf().runId, { at: planOf().timeline.publishAt, action: other });
      },
    });
    expectOrderly(found);
    expect(stopOfRun(found)).toMatchObject({ ended: 'found' });
  });
});

describe('a search that holds an objective', () => {
  const settings = { ...objectiveSearch, from: 1_000, to: 8_000, at: 100 };
  // A service whose p99 is 100 ms at 2,000 messages a second, and that takes 2,200.
  const objectiveMsOf = (level: number) => (level < 2_180 ? 20_000 / (2_200 - level) : 5_000);
  const scene: Scene = {
    plan: searchPlan('4m', { enforce: false }, settings),
    objectiveMsOf,
    outcomeOf: (level) => (objectiveMsOf(level) > 200 ? 'failed' : 'passed'),
  };
  const expectHeld = ({ actions, judged, announced }: Searched): void => {
    expect(judged.length).toBeGreaterThan(10);
    // One action for each interval: its level lasts until the next one.
    for (const { step, at, level } of judged)
      expect(
        actions
          .filter((action) => action.step?.step === step)
          .map((action) => [action.at, loadChangeOf(action)]),
      ).toEqual([[at, { kind: 'rate', perSecond: level }]]);
    for (const [i, { at }] of judged.slice(1).entries())
      expect(at).toBeGreaterThanOrEqual(judged[i]!.holdUntil + measuredAfterMs);
    for (const { level } of judged.slice(8)) expect(Math.abs(level / 2_000 - 1)).toBeLessThan(0.1);
    expect(stopOf(announced!)).toMatchObject({ by: 'search', ended: 'found' });
  };

  it('changes the level from one interval to the next until its time is over', async () => {
    const held = await search(scene);
    expectHeld(held);
    expect(stopOfRun(held)!.reason).toMatch(
      /^the search ended: its time was over \([12],\d{3}\/s keeps end_to_end_latency p\(99\) at 100 ms\)$/,
    );
    const { plan, judged } = held;
    expect(plan.timeline.publishEndAt - judged.at(-1)!.holdUntil).toBeLessThan(20_000);
  });

  it('issues no interval twice beside another look, or where requests fail', async () => {
    expectHeld(await search({ ...scene, looks: 3 }));
    expectHeld(await search({ ...scene, failureOf: (n) => (n % 7 === 0 && n < 400 ? 'after' : undefined) }));
  });

  it('ends where the lowest level overloads the service', async () => {
    const ended = await search({ ...scene, outcomeOf: () => 'failed', objectiveMsOf: () => 900 });
    expect(stopOfRun(ended)).toMatchObject({ by: 'search', ended: 'none-passed' });
    expect(new Set(ended.judged.map(({ level }) => level))).toEqual(new Set([1_000]));
  });

  it('ends where intervals say nothing of the service', async () => {
    const ended = await search({ ...scene, outcomeOf: () => 'void' });
    expect(stopOfRun(ended)).toMatchObject({ by: 'search', ended: 'void' });
    expect(ended.judged.length).toBe(5);
  });
});

describe('a look at a search that fails', () => {
  const expectEnded = (found: Searched, ended: SearchEnd): void => {
    expectOrderly(found);
    // A stop that could not be stored is announced all the same.
    expect(stopOf(found.announced!)).toMatchObject({ by: 'search', ended });
    expect(found.announced!.k ?? found.actions.length - 1).toBe(found.actions.length - 1);
  };

  it.each(['before', 'after'] as const)(
    'issues no step twice, whichever of its requests fails %s it was done',
    async (failure) => {
      // Of the first two of its levels.
      const plan = searchPlan('5m', { enforce: false }, { ...capacitySearch, to: 2_000, confirm: 1 });
      const { requests } = await search({ plan });
      for (let request = 1; request <= requests; request++) {
        const outcome = await search({ plan, failureOf: (n) => (n === request ? failure : undefined) });
        expect(outcome.failed).toBeLessThanOrEqual(1);
        expectEnded(outcome, 'all-passed');
      }
    },
  );

  it('issues no step twice beside another look', async () => {
    expectEnded(await search({ looks: 3 }), 'found');
  });

  it('goes on where every seventh request fails', async () => {
    const found = await search({ failureOf: (n) => (n % 7 === 0 && n < 400 ? 'after' : undefined) });
    expect(found.failed).toBeGreaterThan(10);
    expectEnded(found, 'found');
  });
});
