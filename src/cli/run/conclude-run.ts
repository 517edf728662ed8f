import path from 'node:path';
import { renderJUnit } from '../../report/junit.ts';
import { renderStepSummary } from '../../report/step-summary.ts';
import { renderTerminalSummary } from '../../report/terminal-summary.ts';
import { type ExitCode, exitCodes } from '../../shared/errors.ts';
import type { JsonLines } from '../output/json-lines.ts';
import { print } from '../output/printable.ts';
import { type OutputFlags, writeOutputs } from '../output/report-outputs.ts';
import { makeStyler } from '../output/style.ts';
import type { EndedRun } from './follow-run.ts';
import { errorOfExecution, exitCodeOfReport, StoppedBeforeStartError } from './run-outcome.ts';

export interface Conclusion extends OutputFlags {
  readonly runId: string;
  readonly runs: string;
  /** The arguments of `stampede report` for this run. */
  readonly reportArguments: string;
  /** By Ctrl-C. */
  readonly stopped: boolean;
  /** In place of the summary. */
  readonly jsonLines: JsonLines | undefined;
}

/**
 * Prints a run's result, and writes it where a pipeline reads it. A user's Ctrl-C is the exit code even where the run had
 * all but ended.
 * @throws StoppedBeforeStartError, RunFailedError, RunRefusedError
 */
export async function concludeRun(
  { execution, report, logs }: EndedRun,
  { runId, runs, reportArguments, stopped, jsonLines, ...outputs }: Conclusion,
): Promise<ExitCode> {
  if (execution === undefined) throw new StoppedBeforeStartError();
  if (report === undefined) throw errorOfExecution(execution, { logs, report: reportArguments }, stopped);
  const files = ['report.html', 'report.json'].map((name) => path.join(runs, runId, name));
  // Output of slices before they ended.
  if (report.slices.died + report.slices.failed > 0) files.push(logs);
  if (jsonLines === undefined) {
    const summary = renderTerminalSummary(report, {
      style: makeStyler(process.stdout),
      columns: process.stdout.columns,
      files,
    });
    print(process.stdout, `${summary}\n`);
  } else {
    jsonLines.ended(report, files);
  }
  await writeOutputs(outputs, {
    junit: () => renderJUnit(report, outputs),
    stepSummary: () => renderStepSummary(report),
  });
  return stopped ? exitCodes.stoppedByUser : exitCodeOfReport(report, outputs);
}
