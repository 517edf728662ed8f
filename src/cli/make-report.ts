import { collectRecord } from '../aws/collect-run.ts';
import { AwsAccessError } from '../aws/plain-faults.ts';
import { buildReport } from '../report/build-report.ts';
import { renderReportHtml } from '../report/html.ts';
import type { Report } from '../report/report.ts';
import type { RunRecord } from './run-directory.ts';

const unasked =
  'the report was made of the run’s record alone, and the subscriber’s queues were not asked what they hold';

/**
 * A run's report: the one in its record, or one made of what slices and subscriber have left there, which is then put
 * beside it. CloudWatch is asked nothing: whoever is asked to make a report this late has no service to ask.
 * @throws when there is not even a plan
 */
export async function reportOf(record: RunRecord, runId: string, now: number): Promise<Report> {
  const stored = await record.getReport(runId);
  if (stored !== undefined) return stored;
  const plan = await record.getPlan(runId);
  const ledger = await collectRecord(record, plan, unasked);
  const report = buildReport({
    plan,
    ledger,
    cloudwatch: { sums: {}, asked: [] },
    faults: await record.getFaults(runId),
    now,
  });
  await record.putReport(report, renderReportHtml(report));
  return report;
}

/** The same, of a run that was cut off and may have left too little to make one of. */
export async function reportIfAny(
  record: RunRecord,
  runId: string,
  now: number,
): Promise<Report | undefined> {
  try {
    return await reportOf(record, runId, now);
  } catch (error) {
    if (error instanceof AwsAccessError) throw error;
    return undefined;
  }
}
