import { describe, expect, it } from '@jest/globals';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import { buildReport } from '../../../src/report/build-report.ts';
import { describeSlices } from '../../../src/report/report-figures.ts';
import { requested, runOf } from '../../support/report/report-fixture.ts';

const sums = { 'PublishIn.Success': 3_000, 'Connect.Success': 404 };

/** A run of 5,700 messages that the user stopped after 3,000 were due. */
function stopped(
  thresholds: object,
  counts: Partial<RunLedger['messages']> = {},
  rest: Partial<RunLedger> = {},
) {
  const { plan, ledger } = runOf({}, { thresholds });
  const at = plan.timeline.publishAt + 6_500;
  return buildReport({
    plan,
    cloudwatch: { sums, requested },
    now: at + 5_000,
    ledger: {
      ...ledger,
      stoppedOn: { command: 'stop', reason: 'stopped by the user', at },
      stoppedBy: { 'stopped by the user': 4 },
      slices: { ...ledger.slices, completed: 0, stopped: 4 },
      messages: {
        ...ledger.messages,
        intended: 3_000,
        sent: 2_990,
        dropped: 10,
        acked: 2_982,
        unacknowledged: 8,
        received: 2_985,
        arrivals: 2_985,
        lost: 5,
        ...counts,
      },
      droppedBy: { stopped: 10 },
      cutOff: 8,
      ...rest,
    },
  });
}

const outcomeOf = (thresholds: object, counts = {}, rest: Partial<RunLedger> = {}) => {
  const { reasons, thresholds: results } = stopped(thresholds, counts, rest);
  const [metric] = Object.keys(thresholds);
  const result = results.find((each) => each.metric === metric);
  const isListed = reasons.some((reason) => reason.startsWith(`Threshold ${metric} `));
  return { isExcused: result?.isExcusedByStop === true, isListed };
};

const excused = { isExcused: true, isListed: false };
const failed = { isExcused: false, isListed: true };

describe('thresholds of a run that was stopped', () => {
  it.each([
    ['what the stop kept from being sent', { dropped: ['count==0'] }],
    ['answers that it did not wait for', { unacknowledged: ['count<=7'] }],
    ['messages that it cut off on their way', { lost: ['count==0'] }],
    ['a count that was still to grow', { sent: ['count>=5700'] }],
    ['a share that the cut messages spoil', { acked: ['rate==1'] }],
    ['a mean over a part of the stages', { throughput: ['rate>=475'] }],
    ['a peak that was still to come', { peak_rate: ['value>=1000'] }],
    ['CloudWatch’s sum that was still to grow', { 'cloudwatch.PublishIn.Success': ['count>=5700'] }],
    ['samples that were still to come', { end_to_end_latency: ['count>=100000'] }],
    ['what nothing was measured of', { 'cloudwatch.RuleMessageThrottled': ['count==0'] }],
  ])('are not judged by %s', (_, thresholds) => {
    expect(outcomeOf(thresholds)).toEqual(excused);
  });

  it.each([
    ['messages dropped for another reason', { dropped: ['count==0'] }, { dropped: 11 }, {}],
    [
      'answers that did not come in time',
      { unacknowledged: ['count==0'] },
      { unacknowledged: 9, acked: 2_981 },
      {},
    ],
    ['more lost than was in flight', { lost: ['count==0'] }, { lost: 14, received: 2_976 }, {}],
    ['a latency of what was measured', { end_to_end_latency: ['p(95)<1'] }, {}, {}],
    ['a latency’s maximum', { end_to_end_latency: ['max<1'] }, {}, {}],
    ['a peak', { peak_rate: ['value<100'] }, {}, {}],
    ['CloudWatch’s sum', { 'cloudwatch.PublishIn.Success': ['count<2000'] }, {}, {}],
    [
      'devices that had their turn',
      { devices_not_connected: ['count==0'] },
      {},
      { devices: { planned: 400, connected: 398, unknown: 0, connectFailed: 9, reconnects: 0 } },
    ],
  ])('are failed by %s', (_, thresholds, counts, rest) => {
    expect(outcomeOf(thresholds, counts, rest)).toEqual(failed);
  });

  it('do not take for missing the devices that had no turn to connect yet', () => {
    const { plan } = runOf();
    const at = plan.timeline.publishAt - 400;
    const early = {
      devices: { planned: 400, connected: 250, unknown: 0, connectFailed: 0, reconnects: 0 },
      stoppedOn: { command: 'stop', reason: 'stopped by the user', at } as const,
    };
    expect(outcomeOf({ devices_not_connected: ['count==0'] }, {}, early)).toEqual(excused);
  });

  it('say of themselves that they are not judged, and the run is aborted', () => {
    const report = stopped({ dropped: ['count==0'], sent: ['count>=5700'] });
    expect(report).toMatchObject({
      verdict: 'aborted',
      reasons: ['The run ended before its time: stopped by the user.'],
    });
  });
});

describe('an execution that StopExecution ended', () => {
  const { plan, ledger } = runOf();
  const reportOf = (of: RunLedger, execution: Parameters<typeof buildReport>[0]['execution'], now: number) =>
    buildReport({
      plan,
      ledger: of,
      cloudwatch: { sums: {}, requested },
      now,
      ...(execution && { execution }),
    });

  it('is aborted though its Lambdas ran on to their end, and says by whom', () => {
    const execution = { status: 'ABORTED', error: 'TooLate', cause: 'maintenance window, J. Doe' } as const;
    expect(reportOf(ledger, execution, plan.timeline.drainEndAt)).toMatchObject({
      verdict: 'aborted',
      reasons: ['The execution was stopped by StopExecution: TooLate: maintenance window, J. Doe.'],
      execution,
    });
  });

  it('says that no reason is known, and which slices may still run', () => {
    const slices = { ...ledger.slices, completed: 3, died: 1 };
    const going = reportOf({ ...ledger, slices }, { status: 'ABORTED' }, plan.timeline.publishAt + 3_000);
    expect(going.verdict).toBe('aborted');
    expect(going.reasons).toEqual([
      'The execution was stopped by StopExecution, which named neither an error nor a cause.',
      `1 of 4 slices had not stored an end when this report was made; StopExecution does not end Lambdas, so they may still have been running: \`npx stampede stop ${plan.runId}\` stops them.`,
    ]);
    expect(describeSlices(going)).toBe('4 slices: 3 completed, 1 without an end');
    const after = reportOf({ ...ledger, slices }, { status: 'ABORTED' }, plan.timeline.deadlineAt + 1);
    expect(after.reasons[1]).toBe('1 of 4 slices had not stored an end when this report was made.');
  });

  it('has failed where it timed out', () => {
    expect(reportOf(ledger, { status: 'TIMED_OUT' }, plan.timeline.deadlineAt)).toMatchObject({
      verdict: 'failed',
      reasons: ['The execution timed out before it had made its report.'],
    });
  });
});
