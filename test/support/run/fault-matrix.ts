import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeWorkplace } from '../cli/run-cli.ts';
import { startQuietInflux } from '../influx/quiet-influx-process.ts';
import { type During, playRecorded, type RecordedRun } from './recorded-run.ts';
import { falseClaims, type Known } from './recorded-truth.ts';

// Whole runs by the real command line, each against a recorder in IoT Core's process: the report agrees with it to the message, and no
// sentence of the report is false.

const load = {
  devices: 50,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 60,
  duration: '5s',
  // A device of a busy machine may read an answer seconds after it came.
  publish: { ackTimeout: '6s' },
  slices: { devicesPerSlice: 25, toleratedFailureShare: 0.5 },
  drain: '2s',
};
const messages = 300;

export interface Row {
  readonly name: string;
  readonly profile?: object;
  readonly args?: readonly string[];
  /** Settings of the faults that are injected. */
  readonly faults?: Readonly<Record<string, unknown>>;
  readonly during?: During;
  /** It has a live view, whose InfluxDB is a process that `during` may send signals to. */
  readonly hasInflux?: boolean;
  /** What the command line says when `during` begins; absent: that messages are being published. */
  readonly from?: string;
  /** What is true beside what the recorder sees. */
  readonly known?: Partial<Known>;
  /** Of the slices that were killed. */
  readonly diedOf?: string;
}

/** They mostly wait, so they wait together; a few at a time, for the sake of small machines. */
const atOnce = 3;

export function describeMatrix(rows: readonly Row[]): void {
  const workplace = makeWorkplace();
  const played = new Map<string, RecordedRun | Error>();

  beforeAll(async () => {
    const rest = rows.values();
    const worker = async (): Promise<void> => {
      for (const { name, profile = {}, args = [], faults, during, from, hasInflux } of rest) {
        const influx = hasInflux ? await startQuietInflux() : undefined;
        const row = {
          name,
          profile: { ...load, ...profile },
          args: faults === undefined ? args : [...args, '--faults', JSON.stringify(faults)],
          ...(from === undefined ? {} : { from }),
          ...(influx && { influx }),
        };
        played.set(name, await playRecorded(workplace, row, during).catch((error: Error) => error));
        influx?.close();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }, 600_000);

  afterAll(() => {
    const table = [...played].flatMap(([name, run]) => (run instanceof Error ? [] : [lineOf(name, run)]));
    process.stdout.write(
      `row | recorder: sent/acked/in the queue/duplicates | report: sent/acked/received/duplicates | verdict\n${table.join('\n')}\n`,
    );
    workplace.remove();
  });

  it.each(rows)('$name: agrees with the recorder to the message, and no sentence is false', (row) => {
    const { name, faults = {}, known = {}, diedOf } = row;
    const run = played.get(name)!;
    if (run instanceof Error) throw run;
    const { report } = run;
    const settings = Object.keys(faults);
    expect(falseClaims(run, { intended: messages, faults: settings, ...known })).toEqual([]);
    expect(report.throttling.publishes).toBe(known.throttled ?? throttledOf(run));
    if (diedOf !== undefined) expect(report.causes.sliceDied).toEqual({ [diedOf]: known.slicesKilled });
  });
}

function throttledOf({ report, recorded }: RecordedRun): number {
  return report.protocol === 'https' ? recorded.throttled : recorded.sent - recorded.taken;
}

function lineOf(name: string, { recorded, report }: RecordedRun): string {
  const { sent, acked, received, duplicates, lost, notRead, sendUnknown } = report.messages;
  const ofRecorder = `${recorded.sent}/${recorded.acked}/${recorded.queued}/${recorded.duplicates}`;
  const ofReport = `${sent}/${acked}/${received}/${duplicates}, lost ${lost}, not read ${notRead}, unknown ${sendUnknown}`;
  return `${name} | ${ofRecorder} | ${ofReport} | ${report.verdict}: ${report.reasons[0] ?? '–'}`;
}
