import type { Execution } from '../aws/executions.ts';
import type { Report } from '../report/report.ts';
import type { FoundRun } from './find-run.ts';
import { followRun } from './follow-run.ts';
import { executionReportOf, reportIfAny } from './make-report.ts';

/** What stopping a run needs beside the place it is in. */
export interface StopWorld {
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
 * StopExecution where that does not end it. Then the report is made here, or brought here.
 */
export async function stopRun(
  { runId, place, execution: found }: FoundRun,
  { now, sleep, say }: StopWorld,
): Promise<StoppedRun> {
  const wasRunning = found.status === 'RUNNING';
  const execution = wasRunning
    ? await followRun({
        ...place,
        runId,
        executionArn: found.executionArn,
        interrupts: { stop: AbortSignal.abort() },
        display: { show: () => undefined, say: () => say(`stopping ${runId}…`) },
        live: async () => ({}),
        now,
        sleep,
      })
    : found;
  const report = await reportIfAny(place.record, runId, now(), executionReportOf(execution));
  if (report !== undefined) await place.keep(report);
  return { execution, wasRunning, ...(report === undefined ? {} : { report }) };
}
