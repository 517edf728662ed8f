import type { Execution } from '../../aws/executions.ts';
import { AwsAccessError } from '../../aws/plain-errors.ts';
import type { Metrics } from '../../aws/metric-sums.ts';
import type { RegionRecord, RunRecord } from '../../aws/run-archive.ts';
import { unknownBacklog } from '../../measure/unread-backlog.ts';
import type { Plan } from '../../plan/plan.ts';
import { viewHere } from '../../plan/region-views.ts';
import { buildReport } from '../../report/build-report.ts';
import { renderReportHtml } from '../../report/html.ts';
import { buildRegionsReport, type ReportedRegion } from '../../report/regions-report.ts';
import type { ExecutionReport, Report } from '../../report/report-model.ts';
import { sumBy } from '../../shared/counts.ts';
import { collectRecord, readAmendedPlan } from '../../worker/collect-run.ts';
import { judgeSearch } from '../../worker/judge-so-far.ts';

/** Of embedded AWS, which kept the messages in its memory; or one that may store more. */
export type Subscriber = 'ended' | 'may-read';

const fromFiles = 'the report was made from the files that the run left';
/** More may be stored later, unless embedded AWS has ended. */
const isPreliminary = (cause: string): boolean => cause.startsWith(`${fromFiles}, without`);

/** Why the record alone does not account for messages, and what to do about it. */
function describeRecordAlone({ runId, deployment }: Plan, subscriber: Subscriber): string {
  const places = {
    queue: 'arrivals queue and the dead-letter queues',
    stream: 'arrivals stream and the dead-letter queues',
    direct: 'dead-letter queues',
  };
  const where = places[deployment?.subscriber ?? 'queue'];
  return subscriber === 'ended'
    ? `${fromFiles} after embedded AWS had ended, and what the ${where} held then is not kept; run the profile again to measure it`
    : `${fromFiles}, without reading the ${where}; while the stack or the embedded AWS of the run goes on, it may store more, and \`npx stampede report ${runId}\` reads the files again`;
}

const noMetrics: Metrics = { names: [], sums: async () => ({}) };

/** What is known of a run that ended before its summary. */
export interface MissingReport {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly execution?: ExecutionReport | undefined;
  readonly subscriber: Subscriber;
}

/** How an execution ended, where that kept it from its own summary. */
export function executionReportOf({ status, error, cause }: Execution): ExecutionReport | undefined {
  if (status !== 'ABORTED' && status !== 'TIMED_OUT') return undefined;
  return { status, ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
}

/**
 * A run's report: the one in its record, or one made of what slices and readers have left there, which is then put
 * beside it. CloudWatch is not queried: a report made this late has no service to query.
 * @throws when there is not even a plan
 */
export async function reportOf(
  record: RunRecord,
  runId: string,
  { now, execution, subscriber }: MissingReport,
): Promise<Report> {
  const stored = await record.getReport(runId);
  if (stored !== undefined && !isProvisional(stored)) return stored;
  if (record.regions !== undefined) return reportOfRegions(record, record.regions, runId, { now, execution, subscriber });
  const plan = await readAmendedPlan(record, await record.getPlan(runId));
  const ending = execution ?? stored?.execution;
  const backlog = unknownBacklog(describeRecordAlone(plan, subscriber));
  const ledger = await collectRecord(record, plan, backlog);
  const report = buildReport({
    plan: viewHere(plan),
    ledger,
    cloudwatch: { sums: {}, requested: [] },
    faults: await record.getFaults(runId),
    search: await judgeSearch(plan, { store: record, metrics: noMetrics, backlog }, now),
    now,
    ...(ending === undefined ? {} : { execution: ending }),
  });
  await record.putReport(report, renderReportHtml(report));
  return report;
}

/** One report of what all Regions have left; a Region without a report of its own gets one. */
async function reportOfRegions(
  record: RunRecord,
  regions: readonly RegionRecord[],
  runId: string,
  missing: MissingReport,
): Promise<Report> {
  const plan = await readAmendedPlan(record, await record.getPlan(runId));
  const reported: ReportedRegion[] = [];
  for (const { name, record: own } of regions)
    reported.push({ name, report: await reportOf(own, runId, missing) });
  const messagesOf = (count: (messages: Report['messages']) => number) =>
    sumBy(reported, ({ report }) => count(report.messages));
  // What each Region's queues held of it by then, as its own ledger has it.
  const backlog = {
    unread: messagesOf(({ notRead }) => notRead),
    deadLetters: await record.deadLetters(runId),
    unseen: messagesOf(({ unaccounted }) => unaccounted),
    unseenBecause: reported.flatMap(({ name, report }) =>
      report.causes.unaccounted.map((cause) => `in ${name}: ${cause}`),
    ),
  };
  const execution = missing.execution ?? reported.find(({ report }) => report.execution)?.report.execution;
  const report = buildRegionsReport(
    {
      plan,
      ledger: await collectRecord(record, plan, backlog),
      now: missing.now,
      ...(execution && { execution }),
    },
    reported,
  );
  await record.putReport(report, renderReportHtml(report));
  return report;
}

/**
 * Slices may have gone on after it was made, because StopExecution does not end Lambdas; and measure-latency may have read
 * more, where the report was made from the files alone.
 */
function isProvisional({ execution, slices, causes }: Report): boolean {
  return (execution !== undefined && slices.died > 0) || causes.unaccounted.some(isPreliminary);
}

/** The same, of a run that was cut off and may have left too little to make one of. */
export async function reportIfAny(
  record: RunRecord,
  runId: string,
  missing: MissingReport,
): Promise<Report | undefined> {
  try {
    return await reportOf(record, runId, missing);
  } catch (error) {
    if (error instanceof AwsAccessError) throw error;
    return undefined;
  }
}
