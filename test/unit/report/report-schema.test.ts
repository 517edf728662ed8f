import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { formatReportJson } from '../../../src/report/report-json.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';

const schema = JSON.parse(readFileSync(new URL('../../../docs/report.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv({ strict: true, allErrors: true }).compile(schema);

const errorsOf = (report: unknown): string[] =>
  validate(report)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);

describe('docs/report.schema.json', () => {
  it.each([
    ['flawless', {}],
    [
      'with every trouble',
      { lostPerThousand: 5, throttledPerThousand: 4, duplicatedPerThousand: 1, died: [1] },
    ],
    ['of nothing', { died: [0, 1, 2, 3] }],
  ])('holds for a report %s', (_what, troubles) => {
    expect(errorsOf(JSON.parse(formatReportJson(reportOf(runOf(troubles)))))).toEqual([]);
  });

  it('holds for a report of a run that was stopped', () => {
    const { plan, ledger } = runOf();
    const stoppedOn = {
      command: 'stop',
      reason: 'threshold lost_messages count==0 failed: it is 1',
      at: plan.timeline.publishAt,
      threshold: { metric: 'lost_messages', expression: 'count==0', actual: 1 },
    } as const;
    const slices = { ...ledger.slices, completed: 0, stopped: 4 };
    const report = reportOf({ plan, ledger: { ...ledger, stoppedOn, slices, lastSentAt: stoppedOn.at + 3 } });
    expect(report.stop).toBeDefined();
    expect(errorsOf(JSON.parse(formatReportJson(report)))).toEqual([]);
  });

  it('holds for nothing else', () => {
    const report = JSON.parse(formatReportJson(reportOf(runOf())));
    expect(errorsOf({ ...report, verdict: 'fine' })).toEqual([
      '/verdict must be equal to one of the allowed values',
    ]);
    expect(errorsOf({ ...report, surprise: 1 })).toEqual([' must NOT have additional properties']);
    expect(errorsOf({ ...report, messages: { ...report.messages, lost: '0' } })).toEqual([
      '/messages/lost must be number',
    ]);
    expect(errorsOf({ ...report, throttling: undefined })).not.toEqual([]);
  });
});
