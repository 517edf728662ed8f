import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plan } from '../../../src/plan/plan.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { type CliProcess, startCli, type Workplace } from '../cli/run-cli.ts';
import type { QuietInflux } from '../influx/quiet-influx-process.ts';
import { onlyGroupOf } from '../plan/only-group.ts';
import { type Recorded, readRecording, recorderVariables } from './recording.ts';

export interface RecordedRun {
  readonly code: number | null;
  readonly said: string;
  readonly report: Report;
  readonly recorded: Recorded;
}

export interface RecordedRow {
  readonly name: string;
  readonly profile: object;
  readonly args?: readonly string[];
  /** What the command line says when `during` begins; absent: that messages are being published. */
  readonly from?: string;
  /** Of its live view. */
  readonly influx?: QuietInflux;
}

/** What happens beside a run. */
export type During = (runs: string, cli: CliProcess, influx: QuietInflux | undefined) => Promise<void>;

/** One run of the real command line with the recorder in its IoT Core. @param during beside it */
export async function playRecorded(
  workplace: Workplace,
  row: RecordedRow,
  during?: During,
): Promise<RecordedRun> {
  const runs = path.join(workplace.directory, row.name);
  const file = path.join(workplace.directory, `${row.name}.lines`);
  const profile = workplace.writeProfile(`${row.name}.json`, { name: row.name, ...row.profile });
  const cli = startCli(['run', profile, '--runs', runs, ...(row.args ?? [])], {
    ...recorderVariables(file),
    ...row.influx?.variables,
  });
  if (during !== undefined) {
    await cli.untilOutput(row.from ?? ' publishing,');
    await during(runs, cli, row.influx);
  }
  const { code, stdout, stderr } = await cli.result;
  const runId = existsSync(runs) ? readdirSync(runs).find((each) => each.startsWith(row.name)) : undefined;
  if (runId === undefined || !existsSync(path.join(runs, runId, 'report.json')))
    throw new Error(`${row.name} left no report (exit code ${code}):\n${stderr}`);
  const read = (name: string) => readFileSync(path.join(runs, runId, name), 'utf8');
  const { profile: planned } = onlyGroupOf(JSON.parse(read('plan.json')) as Plan);
  return {
    code,
    said: `${stdout}${stderr}`,
    report: JSON.parse(read('report.json')) as Report,
    recorded: readRecording(file, runId, planned.publish.ackTimeoutMs),
  };
}
