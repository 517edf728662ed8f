import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Report } from '../../../src/report/report-model.ts';
import { type CliProcess, startCli, type Workplace } from '../cli/run-cli.ts';

const recorder = pathToFileURL(path.join(import.meta.dirname, 'iot-core-recorder.ts')).href;

/** What IoT Core's process saw of a run, counted from the recorder's lines. */
export interface Recorded {
  /** Distinct messages that came in, were accepted and were put into the queue. */
  readonly sent: number;
  readonly taken: number;
  readonly queued: number;
  /** Copies in the queue beyond the first. */
  readonly duplicates: number;
  readonly acked: number;
}

export interface RecordedRun {
  readonly code: number | null;
  readonly said: string;
  readonly report: Report;
  readonly html: string;
  readonly recorded: Recorded;
}

export interface RecordedRow {
  readonly name: string;
  readonly profile: object;
  readonly args?: readonly string[];
  /** What the command line says when `during` begins; absent: that messages are being published. */
  readonly from?: string;
}

/** One run of the real command line with the recorder in its IoT Core. @param during beside it */
export async function playRecorded(
  workplace: Workplace,
  row: RecordedRow,
  during?: (runs: string, cli: CliProcess) => Promise<void>,
): Promise<RecordedRun> {
  const runs = path.join(workplace.directory, row.name);
  const file = path.join(workplace.directory, `${row.name}.lines`);
  const profile = workplace.writeProfile(`${row.name}.json`, { name: row.name, ...row.profile });
  const cli = startCli(['run', profile, '--runs', runs, ...(row.args ?? [])], {
    NODE_OPTIONS: `--import=${recorder}`,
    RECORDER_FILE: file,
  });
  if (during !== undefined) {
    await cli.untilSays(row.from ?? ' publishing,');
    await during(runs, cli);
  }
  const { code, stdout, stderr } = await cli.result;
  const runId = existsSync(runs) ? readdirSync(runs).find((each) => each.startsWith(row.name)) : undefined;
  if (runId === undefined || !existsSync(path.join(runs, runId, 'report.json')))
    throw new Error(`${row.name} left no report (exit code ${code}):\n${stderr}`);
  const read = (name: string) => readFileSync(path.join(runs, runId, name), 'utf8');
  return {
    code,
    said: `${stdout}${stderr}`,
    report: JSON.parse(read('report.json')) as Report,
    html: read('report.html'),
    recorded: countLines(readFileSync(file, 'utf8')),
  };
}

function countLines(text: string): Recorded {
  const lines = text.split('\n');
  const of = (what: string) => lines.filter((line) => line.startsWith(`${what} `));
  const queued = of('queued');
  const distinct = (all: readonly string[]) => new Set(all).size;
  return {
    sent: distinct(of('sent')),
    taken: distinct(of('taken')),
    queued: distinct(queued),
    duplicates: queued.length - distinct(queued),
    acked: of('acked').length,
  };
}
