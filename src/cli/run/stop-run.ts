import type { Execution } from '../../aws/executions.ts';
import type { Report } from '../../report/report-model.ts';
import type { FoundRun } from '../backend/found-run.ts';
import { executionReportOf, reportIfAny } from '../runs/make-report.ts';
import { followRun } from './follow-run.ts';
import { planIfAny } from './plan-so-far.ts';

/** What stopping a run needs beside its backend. */
export interface StopDeps {
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  say(line: string): void;
}

export interface StoppedRun {
  readonly execution: Execution;
  /** False: it had ended before. */
  readonly wasRunning: boolean;
  /** Slices of an execution that had ended still ran, and were stopped. */
  readonly slicesWereRunning: boolean;
  /** Undefined: it had not even a plan. */
  readonly report?: Report;
}

/**
 * Stops a run and waits for its end: the control message first, so that its slices disconnect, drain and report, and
 * StopExecution where that does not end it. Then the report is made here, or brought here.
 */
export async function stopRun(run: FoundRun, deps: StopDeps): Promise<StoppedRun> {
  const { runId, backend, execution: found } = run;
  const { now, sleep, say } = deps;
  const wasRunning = found.status === 'RUNNING';
  const execution = wasRunning
    ? await followRun({
        ...backend,
        runId,
        executionArn: found.executionArn,
        interrupts: { stop: AbortSignal.abort() },
        display: { show: () => undefined, say: () => say(`stopping ${runId}…`) },
        live: async () => ({}),
        now,
        sleep,
      })
    : found;
  const slicesWereRunning = !wasRunning && (await stopSlices(run, deps));
  const report = await reportIfAny(backend.record, runId, {
    now: now(),
    execution: executionReportOf(execution),
    subscriber: 'may-read',
  });
  if (report !== undefined) await backend.saveReport(report);
  return { execution, wasRunning, slicesWereRunning, ...(report === undefined ? {} : { report }) };
}

/**
 * StopExecution does not end Lambdas: slices of an execution that was stopped from outside go on, until the plan's deadline
 * at the latest. They are stopped by the control message, and waited for until each has stored its end. It is removed here:
 * summarize, which does that else, did not run.
 * @returns whether any could still run
 */
async function stopSlices(
  { runId, backend: { record, control, pollEveryMs } }: FoundRun,
  { now, sleep, say }: StopDeps,
): Promise<boolean> {
  const report = await record.getReport(runId);
  // One that summarize has made: all slices have ended.
  if (report !== undefined && report.execution === undefined) return false;
  const plan = await planIfAny(record, runId);
  if (plan === undefined) return false;
  const mayRun = async (): Promise<boolean> => {
    if (now() >= plan.timeline.deadlineAt) return false;
    let ended = 0;
    for await (const { outcome } of record.sliceResults(runId)) if (outcome !== 'running') ended++;
    return ended < plan.slices.count;
  };
  if (!(await mayRun())) return false;
  say(`stopping the slices of ${runId}, whose execution has ended…`);
  await control.requestStop(runId, { reason: 'stopped by the user', at: now() });
  while (await mayRun()) await sleep(pollEveryMs);
  await control.clear(runId);
  return true;
}
