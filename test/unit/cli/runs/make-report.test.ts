import { describe, expect, it } from '@jest/globals';
import { type MissingReport, reportOf, type Subscriber } from '../../../../src/cli/runs/make-report.ts';
import type { RunRecord } from '../../../../src/aws/run-archive.ts';
import type { ArrivalWindow } from '../../../../src/measure/arrival-window.ts';
import type { Report } from '../../../../src/report/report-model.ts';
import { describeAnswer } from '../../../../src/report/search-text.ts';
import { makeTestPlan } from '../../../support/device/make-run.ts';
import { planOf, resultOf, windowOf } from '../../../support/measure/run-fixture.ts';
import { holdOf } from '../../../support/plan/simulated-service.ts';
import { makeMemoryRun } from '../../../support/run/memory-run.ts';
import { withSearch } from '../../../support/search/search-plan.ts';
import { runSearched, stepOf } from '../../../support/search/searched-run.ts';

const base = planOf();
const slices = Array.from({ length: base.slices.count }, (_, slice) => resultOf(base, slice));
const sent = slices.reduce((all, { messages }) => all + messages.sent, 0);

/** A run that left everything but a report, in memory; its last window is stored when the test says so. */
function makeRecord(subscriber: 'queue' | 'stream' | 'direct' = 'queue') {
  const { deployment } = base;
  const plan = { ...base, deployment: { ...deployment!, subscriber } };
  let stored: Report | undefined;
  const everything = slices.flatMap(({ slice, messages }) =>
    Array.from({ length: messages.sent }, (_, n): [number, number] => [slice, n]),
  );
  const windows: ArrivalWindow[] = [windowOf(plan, everything.slice(7))];
  const record: RunRecord = {
    getPlan: async () => plan,
    deadLetters: async () => [],
    getFaults: async () => undefined,
    getReport: async () => stored,
    putReport: async (report) => {
      stored = report;
    },
    async *sliceResults() {
      yield* slices;
    },
    async *sliceDeaths() {},
    async *actions() {},
    async *judgedHolds() {},
    async *subscribers() {},
    async *arrivalWindows() {
      yield* windows;
    },
  };
  return {
    make: (from: Subscriber) => reportOf(record, plan.runId, { now: plan.timeline.deadlineAt, subscriber: from }),
    storeRest: () => void windows.push(windowOf(plan, everything.slice(0, 7))),
  };
}

describe('a report made from the files of a run', () => {
  it('says what is not known once embedded AWS has ended, why, and what to do', async () => {
    const report = await makeRecord().make('ended');
    expect(report.messages).toMatchObject({ sent, received: sent - 7, lost: 0, unaccounted: 7 });
    expect(report.reasons.at(-1)).toBe(
      '7 messages not accounted for, and not known to be lost: the report was made from the files that the run left after ' +
        'embedded AWS had ended, and what the arrivals queue and the dead-letter queues held then is not kept; ' +
        'run the profile again to measure it.',
    );
  });

  it.each([
    ['queue', 'arrivals queue and the dead-letter queues'],
    ['stream', 'arrivals stream and the dead-letter queues'],
    ['direct', 'dead-letter queues'],
  ] as const)('names where the messages of `subscriber: %s` may be', async (subscriber, where) => {
    const { make, storeRest } = makeRecord(subscriber);
    const early = await make('may-read');
    expect(early.reasons.at(-1)).toContain(`without reading the ${where}; while`);
    expect(early.reasons.at(-1)).toContain(`\`npx stampede report ${base.runId}\` reads the files again.`);
    storeRest();
    const late = await make('may-read');
    expect(late.messages).toMatchObject({ received: sent, unaccounted: 0 });
    expect(late.reasons.join()).not.toContain('not accounted for');
  });

  describe('of a search', () => {
    /** Stores a run of 60 messages a second with a hold of 150; its service loses messages that are due after an instant. */
    async function searched(lostFrom = Number.POSITIVE_INFINITY) {
      const made = withSearch(makeTestPlan({ devices: 6, slices: 2, ratePerSecond: 60, seconds: 6 }));
      const plan = { ...made, profile: { ...made.profile, thresholds: planOf().profile.thresholds } };
      const step = stepOf(plan, 2, 4, 0, 150);
      const actions = [
        { at: step.holdFrom - 500, action: { kind: 'rate' as const, perSecond: 150 }, step },
        { at: step.holdUntil, action: { kind: 'rate' as const, perSecond: 60 }, step },
      ];
      const announced = actions.map((action, k) => ({ receivedAt: action.at - 300, action: { ...action, k } }));
      const run = await runSearched(plan, { announced }, ({ at }) => (at >= lostFrom ? undefined : 20));
      const { store } = makeMemoryRun();
      await store.putPlan(plan);
      for (const action of actions) await store.putAction(plan.runId, action);
      for (const result of run.results) await store.putSliceResult(result);
      for (const window of run.windows) await store.putArrivalWindow(window);
      const seen = { ...holdOf({ level: 150 }, 'failed', 0), ...step };
      await store.putJudgedHold(plan.runId, seen);
      const { deadlineAt } = plan.timeline;
      const report = (ending: Partial<MissingReport> = {}) =>
        reportOf(store, plan.runId, { now: deadlineAt, subscriber: 'ended', ...ending });
      return { step, report };
    }

    it('judges its holds from the files, and nothing over the whole run', async () => {
      const { report } = await searched();
      const { search, thresholds } = await report();
      expect(search?.steps).toMatchObject([{ level: 150, outcome: 'passed', seen: 'failed' }]);
      expect(search?.steps[0]?.figures).toMatchObject({ received: 300, lost: 0 });
      expect(search?.answer).toMatchObject({ ended: 'out-of-time', holds: 150, breaks: null });
      expect(thresholds).toEqual([]);
    });

    it('takes no message for lost that a queue may hold', async () => {
      const { step } = await searched();
      const { report } = await searched(step.holdFrom + 1_000);
      const [hold] = (await report()).search?.steps ?? [];
      expect(hold).toMatchObject({ outcome: 'void', figures: { lost: 0 }, voidBecause: [{ kind: 'no-data' }] });
      expect(hold?.figures.notYetAccounted).toBeGreaterThan(100);
    });

    it('is of an aborted run where StopExecution ended it', async () => {
      const { report } = await searched();
      const aborted = await report({ execution: { status: 'ABORTED' } });
      expect(aborted).toMatchObject({ verdict: 'aborted', search: { answer: { ended: 'stopped' } } });
      expect(aborted.reasons[0]).toMatch(/^The execution was stopped by StopExecution/);
      expect(aborted.reasons).toContain(describeAnswer(aborted.search!));
    });
  });
});
