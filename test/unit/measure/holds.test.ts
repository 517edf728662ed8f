import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { HoldLedger } from '../../../src/measure/hold-record.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { SearchStep } from '../../../src/plan/search/judged-hold.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { randomCases } from '../../support/effort.ts';
import { planOf } from '../../support/measure/run-fixture.ts';
import { withSearch } from '../../support/search/search-plan.ts';
import { runSearched, type SearchedRun, stepOf } from '../../support/search/searched-run.ts';

const counters = [
  'intended',
  'sent',
  'dropped',
  'acked',
  'throttled',
  'failed',
  'unacknowledged',
  'arrivals',
  'received',
  'lost',
] as const;

function closeHolds(
  { plan, results, windows }: SearchedRun,
  steps: readonly SearchStep[],
): { holds: HoldLedger[]; run: RunLedger } {
  const ledger = makeLedger(plan, { steps });
  for (const result of results) ledger.addSlice(result);
  for (const window of windows) ledger.addWindow(window);
  return { holds: steps.map((step) => ledger.closeHold(step, false)), run: ledger.close() };
}

/** Steps that cover a run from before its first message on. @param cuts seconds after publishing began */
function partition(plan: SearchedRun['plan'], cuts: readonly number[]): SearchStep[] {
  const ends = [-5, ...new Set(cuts.toSorted((a, b) => a - b)), 60];
  return ends.slice(1).map((until, i) => stepOf(plan, ends[i]!, until, i));
}

const answer = fc.oneof(
  fc.integer({ min: 1, max: 1_500 }),
  fc.constantFrom('throttled' as const, 'failed' as const, undefined),
);
const services = fc.record({
  answers: fc.array(answer, { minLength: 1, maxLength: 8 }),
  transits: fc.array(fc.oneof(fc.integer({ min: 1, max: 4_000 }), fc.constant(undefined)), {
    minLength: 1,
    maxLength: 8,
  }),
  cuts: fc.array(fc.integer({ min: -4, max: 12 }), { maxLength: 4 }),
  maxUnacknowledged: fc.integer({ min: 1, max: 20 }),
});

describe('holds of a run', () => {
  it('have together what the run has, whatever its service does', async () => {
    await fc.assert(
      fc.asyncProperty(services, async ({ answers, transits, cuts, maxUnacknowledged }) => {
        const plan = withSearch(
          makeTestPlan({
            devices: 4,
            slices: 2,
            ratePerSecond: 25,
            seconds: 4,
            publish: { maxUnacknowledged },
          }),
        );
        const run = await runSearched(
          plan,
          { behaviour: { publish: (_device, n) => answers[n % answers.length] } },
          ({ n }) => transits[n % transits.length],
        );
        const steps = partition(plan, cuts);
        const { holds, run: whole } = closeHolds(run, steps);
        for (const counter of counters)
          expect([counter, sumBy(holds, ({ messages }) => messages[counter])]).toEqual([
            counter,
            whole.messages[counter],
          ]);
        for (const name of [
          'end_to_end_latency',
          'rule_latency',
          'transit',
          'puback_round_trip',
          'send_lag',
        ] as const)
          expect([name, sumBy(holds, ({ latencies }) => latencies[name].count)]).toEqual([
            name,
            whole.latencies[name].count,
          ]);
        expect(holds.every(({ pending }) => pending.length === 0)).toBe(true);
      }),
      randomCases(20),
    );
  });

  it('are what an envelope says was due in them', async () => {
    const plan = withSearch(makeTestPlan({ devices: 5, slices: 3, ratePerSecond: 50, seconds: 5 }));
    const run = await runSearched(plan, {}, ({ n }) => (n % 7 === 0 ? undefined : 10 + n));
    const step = stepOf(plan, 1, 3);
    const [hold] = closeHolds(run, [step]).holds as [HoldLedger];
    const due = run.messages.filter(({ at }) => at >= step.holdFrom && at < step.holdUntil);
    const arrived = due.filter(({ arrivedAt }) => arrivedAt !== undefined);
    expect(due).toHaveLength(100);
    expect(hold.messages).toMatchObject({
      intended: due.length,
      sent: due.length,
      acked: due.length,
      received: arrived.length,
      lost: due.length - arrived.length,
      duplicates: 0,
    });
    const latencies = arrived.map(({ at, arrivedAt }) => arrivedAt! - at).sort((a, b) => a - b);
    const { p99, max, count } = hold.latencies.end_to_end_latency.summary();
    expect(count).toBe(latencies.length);
    for (const [figure, ms] of [
      [p99, latencies[Math.ceil(0.99 * count) - 1]!],
      [max, latencies.at(-1)!],
    ] as const)
      expect(Math.abs(figure / (ms + 0.5) - 1)).toBeLessThan(0.02);
  });

  it('have the counts of each group and kind of message, which are together the hold’s', async () => {
    const plan = withSearch(
      planOf({
        devices: undefined,
        stages: undefined,
        duration: '6s',
        groups: {
          meters: {
            devices: 6,
            messages: {
              reading: { ratePerSecond: 30 },
              alarm: { ratePerSecond: 6, qos: 0 },
            },
          },
          trackers: { devices: 4, ratePerSecond: 12 },
        },
      }),
    );
    const run = await runSearched(plan, {}, ({ n }) => (n % 5 === 0 ? undefined : 30));
    const step = stepOf(plan, 1, 4);
    const [hold] = closeHolds(run, [step]).holds as [HoldLedger];
    const due = run.messages.filter(({ at }) => at >= step.holdFrom && at < step.holdUntil);
    const [meters, trackers] = hold.groups;
    expect(sumBy(hold.groups, ({ messages }) => messages.intended)).toBe(due.length);
    expect(meters!.kinds.map(({ kind, messages }) => [kind, messages.intended, messages.acked])).toEqual([
      ['reading', 90, 90],
      ['alarm', 18, 0],
    ]);
    expect(trackers!.messages).toMatchObject({ intended: 36, sent: 36, acked: 36 });
    for (const { arrivals, latencies } of [...meters!.kinds, trackers!] as const)
      expect(latencies?.end_to_end_latency.count).toBe(arrivals);
    expect(hold.devices).toMatchObject({ planned: 10, connected: 10 });
  });

  it('count what users wanted to send in them', async () => {
    const plan = withSearch(
      makeTestPlan({ devices: 4, seconds: 4, users: { thinkTime: { kind: 'constant', ms: 70 } } }),
    );
    const run = await runSearched(plan, { behaviour: { publish: () => 30 } });
    const step = stepOf(plan, 1, 3);
    const [hold] = closeHolds(run, [step]).holds as [HoldLedger];
    const due = run.messages.filter(({ at }) => at >= step.holdFrom && at < step.holdUntil);
    expect(due.length).toBeGreaterThan(70);
    expect(hold.messages).toMatchObject({ intended: due.length, acked: due.length, received: due.length });
  });

  it('say of a slice that died what it had recorded, and that its record is not complete', async () => {
    const plan = withSearch(makeTestPlan({ devices: 4, slices: 2, ratePerSecond: 40, seconds: 6 }));
    const run = await runSearched(plan, { checkpointEveryMs: 500 });
    const step = stepOf(plan, 1, 4);
    const killedAt = step.holdFrom + 1_200;
    const last = run.runs[1]!.checkpoints.findLast(({ at }) => at < killedAt) as SliceResult;
    const [hold] = closeHolds({ ...run, results: [run.results[0]!, last] }, [step]).holds as [HoldLedger];
    expect(hold.pending).toEqual([{ slice: 1, at: last.at, isDead: false }]);
    const { intended, sent, dropped, sendUnknown } = hold.messages;
    expect(intended).toBe(120);
    expect(sent + dropped + sendUnknown).toBe(intended);
  });

  it('count no slice as dead that still runs, or that died after they were over', async () => {
    const plan = withSearch(makeTestPlan({ devices: 4, slices: 2, ratePerSecond: 40, seconds: 6 }));
    const run = await runSearched(plan, { checkpointEveryMs: 500 });
    const results = run.runs.map(({ checkpoints }) => checkpoints.at(-1) as SliceResult);
    const { holds, run: whole } = closeHolds({ ...run, results }, [stepOf(plan, 1, 3)]);
    expect(holds[0]!.pending).toEqual([]);
    expect(holds[0]!.slices).toMatchObject({ planned: 2, completed: 2, died: 0 });
    expect(whole.slices.died).toBe(2);
  });

  it('are refused by a ledger that was made without them', () => {
    const plan = withSearch(makeTestPlan());
    expect(() => makeLedger(plan).closeHold(stepOf(plan, 0, 1), false)).toThrow(RangeError);
  });
});
