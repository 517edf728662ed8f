import type { Execution } from '../../aws/executions.ts';
import type { Report } from '../../report/report-model.ts';
import type { ProgressDisplay } from '../output/progress-display.ts';
import { followRun } from '../run/follow-run.ts';
import type { Interrupts } from '../run/interrupts.ts';
import { executionReportOf, reportIfAny } from '../runs/make-report.ts';
import type { Backend } from './backend.ts';

export interface EndedRun {
  /** Where the functions' output lies. */
  readonly logs: string;
  /** Absent: stopped before it had begun. */
  readonly execution?: Execution;
  readonly report?: Report;
}

/** One run, wherever it is to be. */
export interface RunRequest {
  readonly runId: string;
  /** The load profile in the user's form. */
  readonly input: unknown;
  readonly display: ProgressDisplay;
  readonly interrupts: Interrupts;
}

export interface FollowRequest {
  readonly runId: string;
  readonly executionArn: string;
  readonly display: ProgressDisplay;
  readonly interrupts: Pick<Interrupts, 'stop'>;
}

/** From an execution under way to its end and its report. */
export async function followToReport(
  place: Backend,
  { runId, executionArn, display, interrupts }: FollowRequest,
): Promise<EndedRun> {
  const execution = await followRun({
    ...place,
    runId,
    executionArn,
    display,
    interrupts,
    now: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  const report = await reportOfEnded(place, execution, runId);
  if (report !== undefined) await place.keep(report);
  return { logs: place.logs, execution, ...(report === undefined ? {} : { report }) };
}

/** An execution that was ended from outside never came to its summary: what is stored makes one all the same. */
async function reportOfEnded(
  { record }: Backend,
  execution: Execution,
  runId: string,
): Promise<Report | undefined> {
  const stored = await record.getReport(runId);
  const ending = executionReportOf(execution);
  if (stored !== undefined || ending === undefined) return stored;
  return reportIfAny(record, runId, Date.now(), { execution: ending, subscriber: 'may-read' });
}
