import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SFNClient } from '@aws-sdk/client-sfn';
import { type Execution, makeExecutions } from '../../../src/aws/executions.ts';
import {
  type EmbeddedAws,
  type EmbeddedAwsOptions,
  startEmbeddedAws,
} from '../../../src/embedded/process/start-embedded-aws.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { keyIn } from '../embedded/test-key.ts';
import { until } from '../until.ts';
import { type Recorded, readRecording, recorderVariables } from './recording.ts';

export interface Rehearsal {
  readonly aws: EmbeddedAws;
  readonly runsDirectory: string;
  /** Runs a profile from StartExecution to its report, as the console would. */
  run(profile: object, whilePublishing?: (plan: Plan) => Promise<void>): Promise<EndedRehearsal>;
  /** The same, not waited for. */
  begin(profile: object): Promise<BegunRun>;
  close(): Promise<void>;
}

export interface BegunRun {
  readonly runId: string;
  readonly executionArn: string;
  /** Once it is made. */
  plan(): Promise<Plan>;
  /** Every slice's last word. */
  slices(): Promise<SliceResult[]>;
  /** StopExecution, which its slices know nothing of. */
  abort(): Promise<void>;
  /** Of a run that may end without a report. */
  executionEnded(): Promise<Execution>;
  ended(): Promise<EndedRehearsal>;
  /** What IoT Core's process has seen of it so far. */
  recorded(): Promise<Recorded>;
}

export interface EndedRehearsal {
  readonly execution: Execution;
  readonly report: Report;
  /** What IoT Core's process saw of it. */
  readonly recorded: Recorded;
}

/** Embedded AWS with a run store of its own: real processes, real wire, everything but AWS. */
export async function startRehearsal(
  options: Omit<EmbeddedAwsOptions, 'runsDirectory'> = {},
): Promise<Rehearsal> {
  const runsDirectory = await mkdtemp(path.join(tmpdir(), 'stampede-'));
  const recording = `${runsDirectory}.lines`;
  const aws = await startRecorded({ ...options, runsDirectory }, recording);
  const { environment } = aws;
  const executions = makeExecutions(
    aws.stateMachineArn,
    new SFNClient({
      endpoint: environment.AWS_ENDPOINT_URL!,
      region: environment.AWS_REGION!,
      credentials: keyIn(environment),
    }),
  );
  let runs = 0;
  const begin = async (profile: object): Promise<BegunRun> => {
    const runId = `run-${++runs}`;
    const read = async <T>(file: string): Promise<T> =>
      JSON.parse(await readFile(path.join(runsDirectory, runId, file), 'utf8')) as T;
    const executionArn = await executions.start(runId, profile);
    const executionEnded = async (): Promise<Execution> => {
      let execution = await executions.describe(executionArn);
      const isOver = async (): Promise<boolean> => {
        execution = await executions.describe(executionArn);
        return execution.status !== 'RUNNING';
      };
      await until(isOver, `the end of ${runId}`, 100);
      return execution;
    };
    const recorded = async (): Promise<Recorded> => {
      const profiles = groupsOf(await read<Plan>('plan.json')).map((group) => group.profile);
      const timeouts = profiles.map(({ publish }) => publish.ackTimeoutMs);
      const identities = new Set(profiles.map(({ connect }) => connect.identity ?? runId));
      return readRecording(recording, runId, Math.min(...timeouts), [...identities]);
    };
    return {
      runId,
      executionArn,
      recorded,
      plan: () => untilThere(`the plan of ${runId}`, () => read<Plan>('plan.json')),
      async slices() {
        const names = await readdir(path.join(runsDirectory, runId, 'slices'));
        return Promise.all(names.map((name) => read<SliceResult>(path.join('slices', name, '0.json'))));
      },
      abort: () => executions.stop(executionArn, 'by a test'),
      executionEnded,
      async ended() {
        const execution = await executionEnded();
        try {
          return { execution, report: await read<Report>('report.json'), recorded: await recorded() };
        } catch (cause) {
          throw new Error(`${runId} left no report: ${JSON.stringify(execution)}`, { cause });
        }
      },
    };
  };
  return {
    aws,
    runsDirectory,
    begin,
    async run(profile, whilePublishing) {
      const run = await begin(profile);
      if (whilePublishing !== undefined) {
        const plan = await run.plan();
        await sleep(plan.timeline.publishAt - Date.now());
        await whilePublishing(plan);
      }
      return run.ended();
    },
    async close() {
      await aws.close();
      for (const left of [runsDirectory, recording]) await rm(left, { recursive: true, force: true });
    },
  };
}

/** Its processes inherit the variables, which this one has only while they are started. */
function startRecorded(options: EmbeddedAwsOptions, recording: string): Promise<EmbeddedAws> {
  const variables = recorderVariables(recording);
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    return startEmbeddedAws(options);
  } finally {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

async function untilThere<T>(file: string, read: () => Promise<T>): Promise<T> {
  let found: T | undefined;
  const isThere = async (): Promise<boolean> => {
    try {
      found = await read();
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return false;
    }
  };
  await until(isThere, file, 50);
  return found as T;
}
