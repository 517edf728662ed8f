import { makeControl } from '../aws/control.ts';
import { readEnvironment, readInfluxServer } from '../aws/environment.ts';
import { type Execution, makeExecutions } from '../aws/executions.ts';
import { makeRunStore, type RunStore } from '../aws/run-store.ts';
import type { WeatherSettings } from '../embedded/iot-core/weather-settings.ts';
import { startEmbeddedAws } from '../embedded/start.ts';
import type { Report } from '../report/report.ts';
import type { RunView, ViewRequest } from '../report/run-in-progress.ts';
import { followRun } from './follow-run.ts';
import type { Interrupts } from './interrupts.ts';
import { reportOf } from './make-report.ts';
import { pointAt } from './point-at.ts';
import type { ProgressDisplay } from './progress-display.ts';
import type { EmbeddedQuotas } from './quota-flags.ts';

export interface EmbeddedRunRequest {
  readonly runId: string;
  /** The load profile in the user's form. */
  readonly input: unknown;
  readonly runsDirectory: string;
  /** In place of AWS's defaults. */
  readonly quotas?: EmbeddedQuotas;
  /** Of embedded IoT Core, from its start. */
  readonly weather?: Partial<WeatherSettings>;
  readonly display: ProgressDisplay;
  readonly interrupts: Interrupts;
  /** Once the run can be asked how it goes, by second and by slice. */
  readonly onLive?: (view: (request: ViewRequest) => Promise<RunView>) => void;
}

export interface EndedRun {
  /** Where the functions' output lies. */
  readonly logDirectory: string;
  /** Absent: stopped before it had begun. */
  readonly execution?: Execution;
  readonly report?: Report;
}

/** An execution that was stopped from outside never came to its summary: what is stored makes one all the same. */
async function reportOfAborted(
  { status }: Execution,
  store: RunStore,
  runId: string,
): Promise<Report | undefined> {
  return status === 'ABORTED' ? reportOf(store, runId, Date.now()).catch(() => undefined) : undefined;
}

/** One execution, from the start of embedded AWS to its end. */
export async function runOnEmbeddedAws(request: EmbeddedRunRequest): Promise<EndedRun> {
  const { runId, input, runsDirectory, quotas, weather, display, interrupts, onLive } = request;
  const influx = readInfluxServer(process.env);
  const aws = await startEmbeddedAws({
    runsDirectory,
    ...quotas,
    ...(weather === undefined ? {} : { weather }),
    ...(influx === undefined ? {} : { influx }),
  });
  const { logDirectory } = aws;
  interrupts.quit.addEventListener('abort', () => aws.kill());
  try {
    if (interrupts.stop.aborted) return { logDirectory };
    pointAt(aws.environment);
    const store = makeRunStore(readEnvironment(process.env).runBucket);
    const executions = makeExecutions(aws.stateMachineArn);
    const executionArn = await executions.start(runId, input);
    onLive?.((asked) => aws.view(runId, asked));
    const execution = await followRun({
      runId,
      executionArn,
      executions,
      control: makeControl(),
      store,
      display,
      interrupts,
      live: () => aws.live(runId),
      now: Date.now,
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    const report = (await store.getReport(runId)) ?? (await reportOfAborted(execution, store, runId));
    return { logDirectory, execution, ...(report === undefined ? {} : { report }) };
  } finally {
    display.end();
    await aws.close();
  }
}
