import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { IoTClient } from '@aws-sdk/client-iot';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SFNClient } from '@aws-sdk/client-sfn';
import { readAccountLimits } from '../../aws/account-limits.ts';
import { makeBucket } from '../../aws/bucket.ts';
import { clearTokenNote } from '../../aws/clear-token.ts';
import { attemptsToRetain, type Control, dataPlaneClientOf, makeControl } from '../../aws/control.ts';
import { makeExecutions } from '../../aws/executions.ts';
import { type DeployedStack, defaultRegion, findStack } from '../../aws/find-stack.ts';
import { makeReadInfluxTotals } from '../../aws/influx-totals.ts';
import { describeIotEndpoint, findTarget, NoIotEndpointError } from '../../aws/iot-endpoint.ts';
import { makeLiveFiguresReader } from '../../aws/live-figures.ts';
import { AwsAccessError, withPlainErrors } from '../../aws/plain-errors.ts';
import { openRunArchive, type RunArchive, type RunRecord } from '../../aws/run-archive.ts';
import type { AccountView } from '../../plan/account.ts';
import { summarizeTimeoutMs } from '../../plan/poll-intervals.ts';
import { renderReportHtml } from '../../report/html.ts';
import type { Report } from '../../report/report-model.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { runIdPattern } from '../../shared/run-id.ts';
import { isLoopback } from '../../targets/target-check.ts';
import { iotDataUrlOf, readInfluxServer, readLiveSource } from '../../worker/environment.ts';
import { makeRunControl } from '../../worker/run-control.ts';
import { type Stage, stageArguments } from '../options/stage-flags.ts';
import { openRunDirectory } from '../runs/run-directory.ts';
import type { Backend } from './backend.ts';
import { makeStackFigures } from './stack-figures.ts';

/** A stopped run's slices notice the stop within half a minute, then end and drain. */
const slicesStopWithinMs = 180_000;
/**
 * After its slices, a stopped run waits for its summary: one of seven minutes is a good one, and stopping it would cost the
 * report. Step Functions gives 10 to 15 DescribeExecution a second, and one DescribeMapRun:
 * https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
export const stackPace = {
  pollEveryMs: 1_000,
  stopTimeoutMs: slicesStopWithinMs + summarizeTimeoutMs,
} as const;
/** CloudWatch has one value a minute, and charges a cent for 1,000 metrics. */
const queryEveryMs = { slices: 3_000, totals: 900, cloudwatch: 30_000 } as const;

/** A deployed stack, found and open to the command line. */
export interface OpenStack {
  readonly stack: DeployedStack;
  readonly backend: Backend;
  /** The account's own IoT endpoint, which a run loads. @throws NoIotEndpointError */
  endpoint(): Promise<string>;
  /** Limits in force. @param endpoint whose bill it is */
  account(endpoint: string): Promise<AccountView>;
  /** Of a run id, or of the ARN of an execution. @throws UnrelatedExecutionError */
  runIdOf(text: string): string;
}

/** An execution that is not one of this stack. */
export class UnrelatedExecutionError extends StampedeError {
  constructor(what: string, { name, region, stateMachineArn }: DeployedStack) {
    super('ForeignExecution', `${what} is no run of stack ${name} in ${region}`, {
      hint: `its runs are the executions of ${stateMachineArn}; check --stage and --region`,
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * Finds the stack of a stage with whatever credentials this process has.
 * @throws NoSuchStackError, StackNotReadyError, AwsAccessError
 */
export async function openStack(flags: Stage, runsDirectory: string): Promise<OpenStack> {
  const region = flags.region ?? (await regionOfProfile());
  const plain = <Client extends object>(client: Client): Client => withPlainErrors(client, region);
  const stack = await findStack(flags, region, plain(new CloudFormationClient({ region })));
  const store = openRunArchive(makeBucket(stack.runBucket, plain(new S3Client({ region }))));
  const directory = openRunDirectory(runsDirectory);
  const influx = readInfluxServer(process.env);
  const live = readLiveSource(process.env);
  const describe = () => describeIotEndpoint(plain(new IoTClient({ region })));
  /** Always this account's own endpoint, because the request is signed with the user's credentials: a plan.json may name any host. */
  const control = async (): Promise<Control> => {
    const target = await findTarget({ iotEndpoints: [], iotDataUrl: iotDataUrlOf(process.env) }, describe);
    return makeControl(plain(dataPlaneClientOf(target.dataUrl, { region, maxAttempts: attemptsToRetain })));
  };
  const sfn = plain(new SFNClient({ region }));
  const backend: Backend = {
    ...stackPace,
    executions: makeExecutions(stack.stateMachineArn, sfn),
    control: makeRunControl({
      store,
      control: {
        announce: async (runId, announcement) => (await control()).announce(runId, announcement),
        read: async (runId) => (await control()).read(runId),
        clear: async (runId) => (await control()).clear(runId),
      },
    }),
    live: makeStackFigures({
      sfn,
      cloudwatch: plain(new CloudWatchClient({ region })),
      readTotals: live ? makeLiveFiguresReader(live).totals : influx && makeReadInfluxTotals(influx),
      note: clearTokenNote(influx?.url),
      queryEveryMs,
    }),
    record: storedHere(store, directory),
    saveReport: (report) => fetchReport(store, directory, report),
    logs: `log groups /aws/lambda/${stack.name}-* of CloudWatch Logs in ${region}`,
    argumentsOf: (runId) => `${runId} ${stageArguments(flags)}`,
    guard: (runId, work) =>
      work.catch((error: unknown) => {
        throw lostContact(error, backend.argumentsOf(runId));
      }),
    close: async () => undefined,
  };
  const executionPrefix = backend.executions.arnOf('');
  return {
    stack,
    backend,
    async endpoint() {
      const endpoint = await describe();
      if (endpoint === undefined) throw new NoIotEndpointError();
      return endpoint;
    },
    async account(endpoint) {
      const limits = await readAccountLimits(region, {
        serviceQuotas: new ServiceQuotasClient({ region }),
        lambda: new LambdaClient({ region }),
      });
      return { ...limits, isCharged: !isLoopback(endpoint) };
    },
    runIdOf(text) {
      const runId = text.startsWith(executionPrefix) ? text.slice(executionPrefix.length) : text;
      if (!runIdPattern.test(runId)) throw new UnrelatedExecutionError(text, stack);
      return runId;
    },
  };
}

/** What the SDK would take; without any, where the framework deploys to. */
export async function regionOfProfile(): Promise<string> {
  const client = new CloudFormationClient({});
  try {
    return await client.config.region();
  } catch {
    return defaultRegion;
  }
}

/** Files are read from the bucket. A report that is made here is stored here only, so that watching needs no write permission. */
function storedHere(store: RunArchive, directory: RunArchive): RunRecord {
  return { ...store, putReport: directory.putReport };
}

async function fetchReport(store: RunArchive, directory: RunArchive, report: Report): Promise<void> {
  const { runId } = report;
  const [plan, html] = await Promise.all([store.getPlan(runId), store.getReportHtml(runId)]);
  await directory.putPlan(plan);
  await directory.putReport(report, html ?? renderReportHtml(report));
}

/**
 * A run of a stack continues when this process loses contact with it: errors say so, and how to follow it again.
 * @param again `RUNID --stage dev`
 */
function lostContact(error: unknown, again: string): unknown {
  if (!(error instanceof AwsAccessError)) return error;
  return new AwsAccessError(
    error.message,
    `${error.hint}; the run goes on without this process: npx stampede watch ${again}, or stop ${again}`,
    error,
  );
}
