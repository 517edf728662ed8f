import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Ceilings, liftedCeilings } from '../../plan/ceilings.ts';
import type { KernelSetting } from '../../profile/kernel-network.ts';
import type { QuotaName } from '../../targets/aws-iot/quotas.ts';
import { makeCloudWatch } from '../account/cloudwatch-api.ts';
import { lenderVariables, lentCredentialsPath, makeCredentialLender } from '../account/lend-credentials.ts';
import { makeSecretsManager } from '../account/secrets-manager.ts';
import { makeServiceQuotas } from '../account/service-quotas.ts';
import { makeAccessKey, makeToken } from '../gateway/account-key.ts';
import { arnOfFunction } from '../gateway/arns.ts';
import { type EdgeRoute, type Gateway, startGateway } from '../gateway/gateway.ts';
import { makeInfluxDb } from '../influxdb/influxdb.ts';
import type { InfluxServer } from '../influxdb/influxdb-relay.ts';
import { makeLiveTotals } from '../influxdb/live-totals.ts';
import { makeFleetIdentities } from '../iot/fleet-identities.ts';
import { makeIotControlPlane } from '../iot/iot-control-plane.ts';
import type { IotCoreProcess, IotCoreStart } from '../iot/iot-core-process.ts';
import { makeIotDataPlane } from '../iot/iot-data-plane.ts';
import { type IotCoreChoices, iotCoreChoicesOf } from '../iot-core/settings.ts';
import { maxBodyBytes as maxKinesisBytes } from '../iot-core/stream/kinesis-api.ts';
import { makeFunctionLogs } from '../lambda/function-log.ts';
import { makeLambdaApi, makeRuntimeApi } from '../lambda/lambda.ts';
import { makeLambdaPool, runtimeApiPrefix } from '../lambda/lambda-pool.ts';
import { makeLambdaTask } from '../lambda/lambda-task.ts';
import { makeSliceShaper } from '../network/shape-slices.ts';
import { makeRunFiles } from '../s3/run-files.ts';
import { makeS3 } from '../s3/s3.ts';
import { makeCloudFormation } from '../stack/cloudformation.ts';
import { deployedStack, runBucket } from '../stack/deployed-stack.ts';
import { readStack, type Stack } from '../stack/stack.ts';
import type { InvokeFunction, PutObject } from '../step-functions/machine.ts';
import { makePutObjectTask } from '../step-functions/put-object-task.ts';
import {
  arnPlaceholderOf,
  putObjectResource,
  substitute,
} from '../step-functions/state-machine-definition.ts';
import { makeStepFunctions, type StepFunctions } from '../step-functions/step-functions.ts';
import { makeValidDefinitions } from '../step-functions/valid-definitions.ts';
import { embeddedLimits } from './embedded-limits.ts';
import {
  functionProcessVariables,
  influx,
  variablesOf,
  withoutBundleVariables,
} from './embedded-variables.ts';
import { recordFailures } from './failure-record.ts';
import { followFaults } from './follow-faults.ts';
import { followRunActions } from './follow-run-actions.ts';
import { stopRuns } from './stop-runs.ts';

/** What of the stack a rehearsal may choose: which subscriber and payloads, shards of a stream, how many slices at once, how long their functions may run, and the ceilings. */
export interface StackParameters extends Partial<Record<keyof Ceilings, string>> {
  readonly subscriber?: 'queue' | 'stream';
  readonly payloads?: 'json' | 'any';
  readonly streamShards?: number;
  readonly publishConcurrency?: number;
  readonly sliceSeconds?: number;
}

/** Plain data: it crosses a process boundary. */
export interface EmbeddedAwsSettings extends IotCoreChoices {
  /** What functions get in their environment beside the variables of embedded AWS, which they cannot replace. */
  readonly functionVariables?: Readonly<Record<string, string>>;
  /**
   * Present: slices sign requests to a web service, with the credentials of AWS that this process's user has, and in this Region; an
   * empty one: each group of the profile names its own.
   */
  readonly signing?: { readonly region: string };
  /** Where the run bucket's objects lie as files. */
  readonly runsDirectory: string;
  /** Holds serverless.yml, statemachine/ and the functions' modules. */
  readonly packageRoot: string;
  /** Parameters of the stack in place of their defaults. */
  readonly parameters?: StackParameters;
  /** Quotas that replace AWS's defaults; Lambda's concurrency replaces what this machine's memory allows. */
  readonly limits: Readonly<Partial<Record<QuotaName, number>>>;
  /** Slices run in network namespaces, whose kernel makes these settings of their devices' network. Absent: they make all by themselves. */
  readonly kernelNetwork?: readonly KernelSetting[];
  /** The live view's points go to this InfluxDB as well: into a Grafana of the user's. */
  readonly influx?: InfluxServer;
}

/** Where embedded AWS is found once it is open. */
export interface EmbeddedAwsAddresses {
  /** Variables that lead SDK clients, and the functions, to embedded AWS. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stateMachineArn: string;
  /** The embedded IoT Core's figures and faults. */
  readonly adminUrl: string;
  /** `Authorization: Bearer …` of every request to it. */
  readonly adminToken: string;
  /** Output of the functions: a directory each, a file an execution environment. */
  readonly logDirectory: string;
}

export interface OpenEmbeddedAws extends EmbeddedAwsAddresses {
  /** All that the gateway answers. */
  readonly routes: readonly EdgeRoute[];
  /** Resolves when a process of it has ended by itself, with a sentence that names it. */
  readonly broken: Promise<string>;
  /** Asks running load tests to end by themselves, and waits for that, up to `graceMs`. */
  stop(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

/** The route of a service whose requests are passed on to another process, which has the table of its operations. */
const jsonRoute = [{ method: 'POST', path: '/' }];

/** The function whose slices may sign requests to a web service. */
const signingKey = 'publish-http';

/** The function that the rule's queue feeds. */
const subscriberKey = 'measure-latency';

/** Starts every service but IoT Core in this process, and IoT Core by `startIotCore`. */
export async function openEmbeddedAws(
  settings: EmbeddedAwsSettings,
  startIotCore: (start: IotCoreStart) => Promise<IotCoreProcess>,
  onTrouble: (what: string) => void = () => undefined,
): Promise<OpenEmbeddedAws> {
  const { packageRoot, runsDirectory } = settings;
  const stack = await readStack(path.join(packageRoot, 'serverless.yml'), {
    ...liftedCeilings,
    // Its run store is a directory, which keeps runs until they are deleted.
    retentionDays: 'null',
    ...settings.parameters,
  });
  const limits = embeddedLimits(settings.limits);
  const logs = makeFunctionLogs(path.join(runsDirectory, '.logs'), logDirectoryName());
  let gateway: Gateway | undefined;
  let iotCore: IotCoreProcess | undefined;
  const gatewayUrl = (): string => gateway?.url ?? '';
  const iotCoreUrl = (): string => `http://127.0.0.1:${iotCore?.httpPort ?? 0}`;
  const accountKey = makeAccessKey();
  const influxToken = makeToken();
  const adminToken = makeToken();
  const lenderToken = makeToken();
  const variables = (): Record<string, string> =>
    variablesOf({ gatewayUrl: gatewayUrl(), iotCore, stack, accountKey, influxToken });
  const identities = makeFleetIdentities({
    stack,
    packageRoot,
    certificatesDirectory: path.join(logs.directory, 'certificates'),
    accountKey,
  });

  const runFiles = makeRunFiles(runsDirectory, onTrouble);
  const { kernelNetwork } = settings;
  const shaper = kernelNetwork && makeSliceShaper({ settings: kernelNetwork, files: runFiles, onTrouble });
  const pool = makeLambdaPool({
    functions: [...stack.functions.map(withoutBundleVariables), ...identities.functions],
    concurrentExecutions: limits.lambdaConcurrency,
    taskRoot: packageRoot,
    logs,
    gatewayHost: () => `127.0.0.1:${gateway?.port ?? 0}`,
    variables: (definition) => ({
      ...settings.functionVariables,
      ...variables(),
      ...functionProcessVariables,
      ...(kernelNetwork && { KERNEL_NETWORK: kernelNetwork.join(',') }),
      ...identities.credentialsOf(definition),
      ...(settings.signing !== undefined && definition.key === signingKey
        ? lenderVariables(gatewayUrl(), lenderToken, settings.signing)
        : {}),
    }),
    openSandbox: shaper?.openSandbox,
  });
  const { faults: _faultsFromTheStart, ...choices } = iotCoreChoicesOf(settings);
  const invokeFunction = recordFailures(makeLambdaTask(gatewayUrl, accountKey), {
    choices: { limits: settings.limits, ...choices },
    events: async () => (await iotCore?.faults()) ?? [],
    kernelPackets: (runId) => shaper?.packetsOf(runId) ?? [],
    files: runFiles,
  });
  const stepFunctions = await makeStateMachine(
    packageRoot,
    stack,
    invokeFunction,
    makePutObjectTask(gatewayUrl, accountKey),
  );
  const lambda = makeLambdaApi(pool);
  const iotData = makeIotDataPlane(iotCoreUrl);
  const influxDb = makeInfluxDb({
    ...influx,
    token: influxToken,
    totals: makeLiveTotals(),
    ...(settings.influx === undefined ? {} : { relayTo: settings.influx }),
  });

  gateway = await startGateway({
    signed: {
      states: stepFunctions.api,
      lambda,
      s3: makeS3(runBucket, runFiles),
      monitoring: makeCloudWatch(async () => (await iotCore?.metrics()) ?? []),
      servicequotas: makeServiceQuotas(limits),
      cloudformation: makeCloudFormation(deployedStack(stack, stepFunctions.stateMachineArn, gatewayUrl)),
      sqs: { ...iotData, routes: jsonRoute },
      kinesis: { ...iotData, routes: jsonRoute, maxBodyBytes: maxKinesisBytes },
      iot: makeIotControlPlane(() => iotCore?.wssPort ?? 0),
      secretsmanager: makeSecretsManager(() => (iotCore?.files ? identities.secretsOf(iotCore.files) : {})),
    },
    accessKeys: identities.accessKeys,
    unsigned: [
      [runtimeApiPrefix, makeRuntimeApi(pool)],
      ['/api/v2/', influxDb],
      ['/live/', influxDb],
      ['/health', influxDb],
      ['/ping', influxDb],
      ['/topics/', iotData],
      ['/retainedMessage', iotData],
      ...(settings.signing === undefined
        ? []
        : [[lentCredentialsPath, makeCredentialLender(lenderToken)] as const]),
    ],
    onError: (what, error) => console.error(`${new Date().toISOString()} ${what}:`, error),
  });
  try {
    iotCore = await startIotCore({
      ruleSql: stack.ruleSql,
      invokeUrl: gateway.url,
      functionName: `${stack.prefix}-${subscriberKey}`,
      accessKey: accountKey,
      adminToken,
      limits,
      listeners: identities.listeners,
      ...iotCoreChoicesOf(settings),
      queue: { ...stack.queue, ...settings.queue },
      stream: stack.stream,
    });
  } catch (error) {
    await gateway.close();
    throw error;
  }
  iotCore.onTrouble(onTrouble);
  const { adminUrl, changeFaults } = iotCore;
  const actions = followRunActions({
    running: () => stepFunctions.running().map(({ name }) => name),
    files: runFiles,
    listeners: [
      followFaults({ initial: settings.faults, change: changeFaults, onTrouble }),
      ...(shaper ? [shaper.actions] : []),
    ],
    onTrouble,
  });
  // While the caller makes up its mind; a definition that is not valid fails the first execution, not the start.
  stepFunctions.warm().catch(() => undefined);

  return {
    environment: { ...topicFilterOf(stack), ...variables() },
    stateMachineArn: stepFunctions.stateMachineArn,
    adminUrl,
    adminToken,
    logDirectory: logs.directory,
    routes: gateway.routes,
    broken: iotCore.ended.then((how) => `the process of the embedded IoT Core ended: ${how}`),
    stop: (graceMs) =>
      stopRuns(stepFunctions.running(), { files: runFiles, iotCoreUrl: iotCoreUrl(), accountKey, graceMs }),
    async close() {
      actions.close();
      // Close the functions first: their later requests would find no service.
      await Promise.all([pool.close(), stepFunctions.close()]);
      await shaper?.close();
      iotData.close();
      await Promise.all([iotCore?.close(), gateway?.close()]);
    },
  };
}

async function makeStateMachine(
  packageRoot: string,
  stack: Stack,
  invokeFunction: InvokeFunction,
  putObject: PutObject,
): Promise<StepFunctions> {
  const text = await readFile(path.join(packageRoot, 'statemachine', 'load-test.asl.json'), 'utf8');
  const arns = stack.functions.map(({ key, name }) => [arnPlaceholderOf(key), arnOfFunction(name)]);
  return makeStepFunctions({
    stateMachineName: stack.prefix,
    definition: substitute(text, {
      ...Object.fromEntries(arns),
      RunBucketName: runBucket,
      PutObjectResource: putObjectResource,
    }),
    valid: makeValidDefinitions(process.env.NODE_COMPILE_CACHE),
    invokeFunction,
    putObject,
  });
}

/** What the deployed rule reads: the CLI checks a profile's topic against it. */
function topicFilterOf({ environment: { TOPIC_FILTER } }: Stack): Record<string, string> {
  return TOPIC_FILTER === undefined ? {} : { TOPIC_FILTER };
}

/** Sorts by time, and two processes that start at once have different ones. */
function logDirectoryName(): string {
  return `${new Date().toISOString().replaceAll(':', '-')}-${process.pid}`;
}
