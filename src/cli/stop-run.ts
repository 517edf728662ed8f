import type { Control } from '../aws/control.ts';
import { type Execution, ExecutionNotFoundError, type Executions } from '../aws/executions.ts';
import type { Report } from '../report/report.ts';
import { followRun } from './follow-run.ts';
import { reportOf } from './make-report.ts';
import { noTotals } from './progress.ts';
import type { RunRecord } from './run-directory.ts';

/** Where a run may be under way. */
export interface RunPlace {
  readonly executions: Executions;
  readonly control: Pick<Control, 'requestStop'>;
  readonly record: RunRecord;
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  say(line: string): void;
}

export interface StoppedRun {
  readonly execution: Execution;
  /** False: it had ended before. */
  readonly wasRunning: boolean;
  /** Undefined: it had not even a plan. */
  readonly report?: Report;
}

/**
 * Stops a run and waits for its end: the control message first, so that its slices disconnect, drain and report, and
 * StopExecution where that does not end it. Then the report is made here.
 * @returns undefined where there is no such run in this place
 */
export async function stopRun(runId: string, place: RunPlace): Promise<StoppedRun | undefined> {
  const { executions, record } = place;
  const executionArn = executions.arnOf(runId);
  const before = await executions.describe(executionArn).catch((error: unknown) => {
    if (error instanceof ExecutionNotFoundError || isUnreachable(error)) return undefined;
    throw error;
  });
  if (before === undefined) return undefined;
  const wasRunning = before.status === 'RUNNING';
  const execution = wasRunning
    ? await followRun({
        ...place,
        runId,
        executionArn,
        store: record,
        interrupts: { stop: AbortSignal.abort() },
        display: { show: () => undefined, say: () => place.say(`stopping ${runId}…`) },
        live: async () => noTotals,
      })
    : before;
  const report = await reportOf(record, runId, place.now()).catch(() => undefined);
  return { execution, wasRunning, ...(report === undefined ? {} : { report }) };
}

/** Whoever was there is gone, though something else may have its process id by now. */
function isUnreachable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}
