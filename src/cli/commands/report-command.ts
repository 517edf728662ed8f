import path from 'node:path';
import type { Command } from 'commander';
import type { Execution } from '../../aws/executions.ts';
import { renderJUnit } from '../../report/junit.ts';
import { formatReportJson } from '../../report/report-json.ts';
import type { Report } from '../../report/report-model.ts';
import { renderStepSummary } from '../../report/step-summary.ts';
import { renderTerminalSummary } from '../../report/terminal-summary.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { findRun, RunNotReachableError } from '../backend/find-run.ts';
import {
  addStageFlags,
  isStage,
  type Stage,
  type StageFlags,
  stageArguments,
} from '../options/stage-flags.ts';
import { print } from '../output/printable.ts';
import { addOutputFlags, type OutputFlags, writeOutputs } from '../output/report-outputs.ts';
import { makeStyler } from '../output/style.ts';
import type { Finish } from '../run/run-outcome.ts';
import { exitCodeOfReport } from '../run/run-outcome.ts';
import { executionReportOf, reportOf } from '../runs/make-report.ts';
import { latest, resolveRunId } from '../runs/report-file.ts';
import { openRunDirectory } from '../runs/run-directory.ts';

interface ReportFlags extends OutputFlags, StageFlags {
  readonly runs: string;
  readonly json?: boolean;
}

/** The run has not ended, so that it has no report yet. */
class RunGoesOnError extends StampedeError {
  constructor(runId: string, flags: StageFlags) {
    super('RunGoesOn', `run ${runId} has not ended`, {
      hint: `npx stampede watch ${runId}${isStage(flags) ? ` ${stageArguments(flags)}` : ''} waits for its report`,
      exitCode: exitCodes.badUsage,
    });
  }
}

export function addReportCommand(program: Command, finish: Finish): void {
  const command = program
    .command('report')
    .description(
      'Show the report of a run. If the run was cut off before it had one, make the report from what slices and ' +
        'readers had stored by then. With --stage, fetch it from AWS. Nothing is started, and the exit code is ' +
        'that of the run.',
    )
    .argument('[run]', 'a run id, or "latest"', latest);
  addStageFlags(command)
    .option('--runs <dir>', 'directory of the run store', 'runs')
    .option('--json', 'print report.json');
  addOutputFlags(command).action(async (run: string, flags: ReportFlags) => {
    const report = isStage(flags) ? await fetchReport(run, flags) : await readReport(run, flags);
    const files = ['report.html', 'report.json'].map((name) => path.join(flags.runs, report.runId, name));
    print(
      process.stdout,
      flags.json === true
        ? formatReportJson(report)
        : `${renderTerminalSummary(report, {
            style: makeStyler(process.stdout),
            columns: process.stdout.columns,
            files,
          })}\n`,
    );
    await writeOutputs(flags, {
      junit: () => renderJUnit(report, flags),
      stepSummary: () => renderStepSummary(report),
    });
    finish(exitCodeOfReport(report, flags));
  });
}

/** The report of a rehearsal. If its embedded AWS is still running, it has the state of the execution. */
async function readReport(run: string, flags: ReportFlags): Promise<Report> {
  const { runs } = flags;
  const runId = await resolveRunId(run, runs);
  const execution = await executionOf(runId, flags);
  if (execution?.status === 'RUNNING') throw new RunGoesOnError(runId, flags);
  return reportOf(openRunDirectory(runs), runId, {
    now: Date.now(),
    execution: execution && executionReportOf(execution),
    subscriber: execution === undefined ? 'ended' : 'may-read',
  });
}

async function executionOf(runId: string, flags: ReportFlags): Promise<Execution | undefined> {
  try {
    return (await findRun(runId, flags)).execution;
  } catch (error) {
    if (error instanceof RunNotReachableError) return undefined;
    throw error;
  }
}

/** Of a run on AWS, brought to the runs directory. */
async function fetchReport(run: string, flags: ReportFlags & Stage): Promise<Report> {
  const { runId, backend, execution } = await findRun(run, flags);
  if (execution.status === 'RUNNING') throw new RunGoesOnError(runId, flags);
  const report = await reportOf(backend.record, runId, {
    now: Date.now(),
    execution: executionReportOf(execution),
    subscriber: 'may-read',
  });
  await backend.saveReport(report);
  return report;
}
