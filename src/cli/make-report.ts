import { collectRecord } from '../aws/collect-run.ts';
import type { Execution } from '../aws/executions.ts';
import { AwsAccessError } from '../aws/plain-faults.ts';
import { buildReport } from '../report/build-report.ts';
import { renderReportHtml } from '../report/html.ts';
import type { ExecutionReport, Report } from '../report/report.ts';
import type { RunRecord } from './run-directory.ts';

const unasked =
  'the report was made of the run’s record alone, and the subscriber’s queues were not asked what they hold';

/** How an execution ended, where that kept it from its own summary. */
export function executionReportOf({ status, error, cause }: Execution): ExecutionReport | undefined {
  if (status !== 'ABORTED' && status !== 'TIMED_OUT') return undefined;
  return { status, ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
}

/**
 * A run's report: the one in its record, or one made of what slices and subscriber have left there, which is then put
 * beside it. CloudWatch is asked nothing: whoever is asked to make a report this late has no service to ask.
 * @throws when there is not even a plan
 */
export async function reportOf(
  record: RunRecord,
  runId: string,
  now: number,
  execution?: ExecutionReport,
): Promise<Report> {
  const stored = await record.getReport(runId);
  if (stored !== undefined && !isProvisional(stored)) return stored;
  const plan = await record.getPlan(runId);
  const ending = execution ?? stored?.execution;
  const ledger = await collectRecord(record, plan, unasked);
  const report = buildReport({
    plan,
    ledger,
    cloudwatch: { sums: {}, asked: [] },
    faults: await record.getFaults(runId),
    now,
    ...(ending === undefined ? {} : { execution: ending }),
  });
  await record.putReport(report, renderReportHtml(report));
  return report;
}

/** Slices may have gone on after it was made: their Lambdas know nothing of StopExecution. */
function isProvisional({ execution, slices }: Report): boolean {
  return execution !== undefined && slices.died > 0;
}

/** The same, of a run that was cut off and may have left too little to make one of. */
export async function reportIfAny(
  record: RunRecord,
  runId: string,
  now: number,
  execution?: ExecutionReport,
): Promise<Report | undefined> {
  try {
    return await reportOf(record, runId, now, execution);
  } catch (error) {
    if (error instanceof AwsAccessError) throw error;
    return undefined;
  }
}
