import { setTimeout as sleep } from 'node:timers/promises';
import { clearTokenNote } from '../../aws/clear-token.ts';
import { dataPlaneClientOf, makeControl } from '../../aws/control.ts';
import { makeExecutions } from '../../aws/executions.ts';
import { makeRunStore } from '../../aws/run-store.ts';
import type { FaultSettings } from '../../embedded/iot-core/fault-settings.ts';
import { type EmbeddedAwsBrokenError, startEmbeddedAws } from '../../embedded/process/start-embedded-aws.ts';
import { otherUsersNote } from '../../embedded/s3/runs-storage.ts';
import type { RunView, ViewRequest } from '../../live/run-in-progress.ts';
import { StampedeError } from '../../shared/errors.ts';
import { readEnvironment, readInfluxServer } from '../../worker/environment.ts';
import type { EmbeddedBehaviour } from '../options/behaviour-flags.ts';
import type { EmbeddedQuotas } from '../options/quota-flags.ts';
import { pointAt } from '../run/point-at.ts';
import { embeddedReportArguments } from '../runs/report-file.ts';
import { embeddedPace } from './embedded-backend.ts';
import { type EndedRun, followToReport, type RunRequest } from './run-to-end.ts';

export interface EmbeddedRunRequest extends RunRequest {
  readonly runsDirectory: string;
  /** In place of AWS's defaults. */
  readonly quotas?: EmbeddedQuotas;
  readonly behaviour?: EmbeddedBehaviour;
  /** Of embedded IoT Core, from its start. */
  readonly faults?: Partial<FaultSettings>;
  /** Once the run can be asked how it goes, by second and by slice. */
  readonly onLive?: (view: (request: ViewRequest) => Promise<RunView>) => void;
}

/** From a call that failed because a process ended, to the notice of its end. */
const exitNoticeMs = 1_000;

/** A run whose embedded AWS ended: at once, with the way to what is left of it. */
function cutOff({ message, hint }: EmbeddedAwsBrokenError, runId: string, runs: string): StampedeError {
  return new StampedeError('RunCutOff', `${message}, and run ${runId} with it`, {
    hint: `a report of what slices and subscriber had stored by then: npx stampede report ${embeddedReportArguments(runId, runs)}; ${hint}`,
  });
}

/** One execution, from the start of embedded AWS to its end. */
export async function runOnEmbeddedAws(request: EmbeddedRunRequest): Promise<EndedRun> {
  const { runId, input, runsDirectory, quotas, behaviour, faults, display, interrupts, onLive } = request;
  const influx = readInfluxServer(process.env);
  const note = clearTokenNote(influx?.url);
  if (note !== undefined) display.say(note);
  const aws = await startEmbeddedAws({
    runsDirectory,
    ...quotas,
    ...behaviour,
    ...(faults === undefined ? {} : { faults }),
    ...(influx === undefined ? {} : { influx }),
  });
  const { logDirectory: logs } = aws;
  interrupts.quit.addEventListener('abort', () => aws.kill());
  const modeNote = otherUsersNote(runsDirectory);
  if (modeNote !== undefined) display.say(modeNote);
  aws.onTrouble((what) => display.say(what));
  try {
    if (interrupts.stop.aborted) return { logs };
    pointAt(aws.environment);
    const executions = makeExecutions(aws.stateMachineArn);
    const executionArn = await executions.start(runId, input);
    onLive?.((asked) => aws.view(runId, asked));
    const place = {
      ...embeddedPace,
      executions,
      control: makeControl(dataPlaneClientOf({ dataUrl: aws.environment.AWS_ENDPOINT_URL_IOT_DATA_PLANE })),
      record: makeRunStore(readEnvironment(process.env).runBucket),
      logs,
      live: async () => ({ totals: await aws.live(runId) }),
      // Its run store is the runs directory.
      keep: async () => undefined,
    };
    const following = followToReport(place, { runId, executionArn, display, interrupts });
    const cut = (error: EmbeddedAwsBrokenError): never => {
      throw cutOff(error, runId, runsDirectory);
    };
    return await Promise.race([following, aws.broken.then(cut)]).catch(async (error: unknown) => {
      // A call that failed may be the first sign of it.
      const broken = await Promise.race([aws.broken, sleep(exitNoticeMs)]);
      if (broken !== undefined) cut(broken);
      throw error;
    });
  } finally {
    display.end();
    await aws.close();
  }
}
