import { describe, expect, it } from '@jest/globals';
import { latencyBucketOf } from '../../../src/measure/latency-buckets.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { LevelMove, SearchStep } from '../../../src/plan/search/judged-hold.ts';
import type { ObjectiveSearch } from '../../../src/profile/search.ts';
import { isHoldComplete, isOverloadedSoFar, judgeHold } from '../../../src/report/judge-hold.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { objectiveSearch } from '../../support/queueing/held-service.ts';
import { withSearch } from '../../support/search/search-plan.ts';
import { runSearched, type SearchedRun, stepOf } from '../../support/search/searched-run.ts';

// Intervals of a search that keeps p99 at 100 ms: beyond 200 ms the service is overloaded.

function planOf(search: Partial<ObjectiveSearch> = {}): Plan {
  const plan = makeTestPlan({ devices: 6, slices: 2, ratePerSecond: 60, seconds: 6 });
  const thresholds = {
    lost_messages: [{ expression: 'count==0', abortOnFail: false, delayAbortEvalMs: 0 }],
  };
  const searched = withSearch(plan, { ...objectiveSearch, at: 100, ...search });
  return { ...searched, profile: { ...searched.profile, thresholds } };
}

interface LookOptions {
  readonly move?: LevelMove;
  /** Whether what arrived had been read. */
  readonly isRead?: boolean;
}

function look(
  { plan, results, windows }: SearchedRun,
  now: number,
  { move, isRead = true }: LookOptions = {},
) {
  const step: SearchStep = { ...stepOf(plan, 1, 4), ...(move && { move }) };
  const ledger = makeLedger(plan, { steps: [step] });
  for (const result of results) ledger.addSlice(result);
  if (isRead) for (const window of windows) ledger.addWindow(window);
  const input = { plan, ledger, step, goesOn: true, now: step.holdUntil + now };
  return {
    isComplete: isHoldComplete(input),
    isOverloaded: isOverloadedSoFar(input),
    judged: judgeHold({ ...input, cloudwatch: { sums: {}, requested: [] } }),
  };
}

describe('an interval of a search that holds an objective', () => {
  it.each([
    [60, 'passed', 62],
    [150, 'passed', 152],
    [260, 'failed', 262],
  ])('has the metric, and overloads beyond twice the objective: %i ms', async (transitMs, outcome, about) => {
    const run = await runSearched(planOf(), {}, () => transitMs);
    const { judged, isComplete } = look(run, 1_000);
    expect([isComplete, judged.outcome]).toEqual([true, outcome]);
    expect(Math.abs(judged.objectiveMs! / about - 1)).toBeLessThan(0.05);
    expect(judged.broke.map(({ metric, expression }) => `${metric} ${expression}`)).toEqual(
      outcome === 'failed' ? ['end_to_end_latency p(99)<=200'] : [],
    );
  });

  it('has the metric that is held, and no other', async () => {
    const slow = (n: number) => (n % 10 === 0 ? 150 : 20);
    const metricOf = async (search: Partial<ObjectiveSearch>): Promise<number> =>
      look(await runSearched(planOf(search), {}, ({ n }) => slow(n)), 1_000).judged.objectiveMs!;
    expect(await metricOf({})).toBeGreaterThan(140);
    expect(await metricOf({ percentile: 50 })).toBeLessThan(30);
    const { percentile: _, ...mean } = objectiveSearch;
    const plan = planOf();
    const ofMean = {
      ...plan,
      profile: { ...plan.profile, search: { ...mean, aggregation: 'avg' as const, at: 100 } },
    };
    const { objectiveMs } = look(await runSearched(ofMean, {}, ({ n }) => slow(n)), 1_000).judged;
    expect(objectiveMs!).toBeGreaterThan(30);
    expect(objectiveMs!).toBeLessThan(45);
  });

  it('breaks other thresholds, too', async () => {
    const run = await runSearched(planOf(), {}, ({ n }) => (n % 10 === 0 ? undefined : 20));
    const { judged } = look(run, 60_000);
    expect(judged.outcome).toBe('failed');
    expect(judged.broke.map(({ metric }) => metric)).toContain('lost_messages');
  });

  it.each([
    [12, 'failed'],
    [15, 'void'],
  ])(
    'overloads, though the generator was strained, where that made messages late by little: %i ms',
    async (lagMs, outcome) => {
      const run = await runSearched(planOf({ at: 130 }), {}, () => 400);
      const { holdFrom, holdUntil } = stepOf(run.plan, 1, 4);
      const seconds = Array.from({ length: (holdUntil - holdFrom) / 1_000 }, (_, i) => holdFrom / 1_000 + i);
      const ofSeconds = <Value>(value: Value) => Object.fromEntries(seconds.map((second) => [second, value]));
      const late = ofSeconds([latencyBucketOf(lagMs), 30]);
      const results = run.results.map((result) => ({
        ...result,
        holds: {
          ...result.holds!,
          cpuShare: ofSeconds(0.98),
          connectedSendLag: late,
          streams: result.holds!.streams.map((stream) => ({
            ...stream,
            latencies: { ...stream.latencies, send_lag: late },
          })),
        },
      }));
      expect(look({ ...run, results }, 1_000).judged.outcome).toBe(outcome);
    },
  );

  it('is judged before it is complete where messages are too late already, but not while a backlog is worked off', async () => {
    const run = await runSearched(planOf(), {}, () => 3_000);
    const soon = look(run, 100, { isRead: false });
    expect([soon.isComplete, soon.isOverloaded]).toEqual([false, false]);
    const late = look(run, 400, { isRead: false });
    expect([late.isComplete, late.isOverloaded, late.judged.outcome]).toEqual([false, true, 'failed']);
    expect(late.judged.objectiveMs).toBeGreaterThanOrEqual(390);
    for (const move of ['back-off', 'drain'] as const)
      expect(look(run, 400, { isRead: false, move }).isOverloaded).toBe(false);
    expect(look(run, 400, { isRead: false, move: 'track' }).isOverloaded).toBe(true);
  });
});
