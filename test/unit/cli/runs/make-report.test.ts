import { describe, expect, it } from '@jest/globals';
import { reportOf, type Subscriber } from '../../../../src/cli/runs/make-report.ts';
import type { RunRecord } from '../../../../src/aws/run-store.ts';
import type { ArrivalWindow } from '../../../../src/measure/arrival-window.ts';
import type { Report } from '../../../../src/report/report-model.ts';
import { planOf, resultOf, windowOf } from '../../../support/measure/run-fixture.ts';

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
});
