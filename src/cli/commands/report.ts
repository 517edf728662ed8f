import path from 'node:path';
import type { Command } from 'commander';
import { renderJUnit } from '../../report/junit.ts';
import { formatReportJson } from '../../report/report-json.ts';
import { renderStepSummary } from '../../report/step-summary.ts';
import { renderTerminalSummary } from '../../report/terminal-summary.ts';
import { reportOf } from '../make-report.ts';
import { makePaint } from '../paint.ts';
import type { Finish } from '../program.ts';
import { latest, resolveRunId } from '../report-file.ts';
import { addOutputFlags, type OutputFlags, writeOutputs } from '../report-outputs.ts';
import { openRunDirectory } from '../run-directory.ts';
import { exitCodeOfReport } from '../run-outcome.ts';

interface ReportFlags extends OutputFlags {
  readonly runs: string;
  readonly json?: boolean;
}

export function addReportCommand(program: Command, finish: Finish): void {
  const command = program
    .command('report')
    .summary('show the report of a run, or make it')
    .description(
      'Show the report of a run. Where a run was cut off before it had one, it is made of what slices and subscriber ' +
        'had stored by then. Nothing is started, and the exit code is that of the run.',
    )
    .argument('[run]', 'a run id, or "latest"', latest)
    .option('--runs <dir>', 'directory of the run store', 'runs')
    .option('--json', 'print report.json');
  addOutputFlags(command).action(async (run: string, flags: ReportFlags) => {
    const runId = await resolveRunId(run, flags.runs);
    const report = await reportOf(openRunDirectory(flags.runs), runId, Date.now());
    const files = ['report.html', 'report.json'].map((name) => path.join(flags.runs, runId, name));
    process.stdout.write(
      flags.json === true
        ? formatReportJson(report)
        : `${renderTerminalSummary(report, { paint: makePaint(process.stdout), files })}\n`,
    );
    await writeOutputs(flags, {
      junit: () => renderJUnit(report),
      stepSummary: () => renderStepSummary(report),
    });
    finish(exitCodeOfReport(report));
  });
}
