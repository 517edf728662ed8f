import { expect, it } from '@jest/globals';
import { renderReportHtml } from '../../../src/report/html.ts';
import { notesOf } from '../../../src/report/notes.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { renderTerminalSummary } from '../../../src/report/terminal-summary.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';

const noFaults = reportOf(runOf());
const troubled: Report = {
  ...noFaults,
  unrelated: { notJson: 1, noEnvelope: 0 },
  redelivered: 2_000,
  liveView: {
    cause: { httpStatus: null, isWholeRun: false },
    resentPoints: 1_200,
    refusedPoints: 0,
    leftPoints: 34,
  },
};

it('says what befell a run beside its ledger, and nothing of one that nothing befell', () => {
  expect(notesOf(noFaults)).toEqual([]);
  expect(notesOf(troubled)).toEqual([
    'Beside them 1 message not of Stampede’s making came on the same topics.',
    '2,000 messages came to measure-latency again: an invocation died or failed with them.',
    'InfluxDB could not be reached, or its token not be read, for a part of the run. Of the live view’s points 1,200 were sent again at the end, 34 are in the ' +
      `run store under runs/${noFaults.runId}/influx-overflow; the report needs none of them.`,
  ]);
});

it('says it in the terminal and on the page', () => {
  for (const text of [renderTerminalSummary(troubled), renderReportHtml(troubled)]) {
    expect(text).toContain('2,000 messages came to measure-latency again');
    expect(text).toMatch(
      /InfluxDB could not be reached,\s+or its token not be read, for a part of\s+the run\./,
    );
  }
});
