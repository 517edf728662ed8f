import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KernelSetting } from '../../profile/kernel-network.ts';
import { StampedeError } from '../../shared/errors.ts';
import type { QuotaName } from '../../targets/aws-iot/quotas.ts';
import type { InfluxServer } from '../influxdb/influxdb-relay.ts';
import { type IotCoreChoices, iotCoreChoicesOf } from '../iot-core/settings.ts';
import { removeOf } from '../network/namespace-names.ts';
import { openToAppend } from '../s3/file-kinds.ts';
import { prepareHiddenDirectory, prepareRunsDirectory } from '../s3/runs-storage.ts';
import { siblingModule } from './child-process.ts';
import type { EmbeddedAwsAddresses, StackParameters } from './embedded-aws.ts';
import { watchLiveness } from './liveness.ts';
import {
  type EmbeddedAwsArguments,
  type FromEmbeddedAws,
  relayVariable,
  type ToEmbeddedAws,
} from './process-messages.ts';

export interface EmbeddedAwsOptions extends IotCoreChoices {
  /** Where runs are kept: key `runs/x/y` of the run bucket is the file `x/y` in it. */
  readonly runsDirectory: string;
  /** Parameters of the stack in place of their defaults. */
  readonly parameters?: StackParameters;
  /** Quotas in place of AWS's defaults. */
  readonly limits?: Readonly<Partial<Record<QuotaName, number>>>;
  /** The live view's points go to this InfluxDB as well. */
  readonly influx?: InfluxServer;
  /** Names of environment variables of this process that functions get as well: devices take passwords from them. */
  readonly passedVariables?: readonly string[];
  /** Slices sign requests to a web service, with this user's credentials of AWS. Empty region: each group of the profile names its own. */
  readonly signing?: { readonly region: string };
  /** Slices run in network namespaces, whose kernel makes these settings of their devices' network, as `probeKernel` found them. */
  readonly kernelNetwork?: readonly KernelSetting[];
  /** Directory of serverless.yml, statemachine/ and functions/. Default: this package. */
  readonly packageRoot?: string;
  /** How long running load tests may take to end by themselves once the calling process has ended. Default: 10 s. */
  readonly stopGraceMs?: number;
}

export interface EmbeddedAws extends EmbeddedAwsAddresses {
  /**
   * Resolves when embedded AWS or its IoT Core ends without being asked to. No run can continue.
   */
  readonly broken: Promise<EmbeddedAwsBrokenError>;
  /** Called once with each problem that does not end the run, such as a full disk. */
  onTrouble(listener: (what: string) => void): void;
  /** Ends every process of it. What still runs is cut off. */
  close(): Promise<void>;
  /** The same without waiting: for a process that must exit now. */
  kill(): void;
}

/** Embedded AWS could not start. */
export class EmbeddedAwsError extends StampedeError {
  constructor(message: string, hint: string) {
    super('EmbeddedAwsFailed', `embedded AWS did not start: ${message}`, { hint });
  }
}

/** A process of embedded AWS ended while it was needed. */
export class EmbeddedAwsBrokenError extends StampedeError {
  constructor(what: string, hint: string) {
    super('EmbeddedAwsEnded', what, { hint });
  }
}

type Ready = Extract<FromEmbeddedAws, { kind: 'ready' }>;

const main = siblingModule('main', import.meta.url);
const packageRoot = fileURLToPath(new URL('../../..', import.meta.url));
const defaultStopGraceMs = 10_000;
/** Closing kills processes, and that takes milliseconds; past this something hangs. */
const closeTimeoutMs = 5_000;

/**
 * Starts AWS on loopback in a process of its own. It ends with this one, however this one ends.
 * @throws EmbeddedAwsError, RunsDirectoryError, LinkOutsideError, FileKindError
 */
export async function startEmbeddedAws(options: EmbeddedAwsOptions): Promise<EmbeddedAws> {
  const runsDirectory = path.resolve(options.runsDirectory);
  prepareRunsDirectory(runsDirectory);
  prepareHiddenDirectory(runsDirectory, '.embedded');
  const log = path.join(prepareHiddenDirectory(runsDirectory, '.logs'), 'embedded-aws.log');
  const child = forkMain(log, {
    runsDirectory,
    packageRoot: options.packageRoot ?? packageRoot,
    limits: options.limits ?? {},
    ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
    ...iotCoreChoicesOf(options),
    ...(options.influx === undefined ? {} : { influx: options.influx }),
    passedVariables: options.passedVariables ?? [],
    ...(options.signing === undefined ? {} : { signing: options.signing }),
    ...(options.kernelNetwork && { kernelNetwork: options.kernelNetwork }),
    stopGraceMs: options.stopGraceMs ?? defaultStopGraceMs,
  });
  const { environment, stateMachineArn, adminUrl, adminToken, logDirectory } = await untilReady(child, log);
  const removeNamespaces = (): void => {
    if (options.kernelNetwork !== undefined && child.pid !== undefined) removeOf(child.pid);
  };
  // It removes them itself, unless it was killed.
  child.once('exit', removeNamespaces);
  const broken = Promise.withResolvers<EmbeddedAwsBrokenError>();
  const breaks = (what: string): void => broken.resolve(new EmbeddedAwsBrokenError(what, `its log: ${log}`));
  let closing = false;
  child.on('message', (message: FromEmbeddedAws) => {
    if (message.kind === 'broken' && !closing) breaks(message.what);
  });
  child.once('exit', (code, signal) => {
    if (!closing) breaks(`the process of embedded AWS ended: ${signal ?? `exit code ${code}`}`);
  });

  return {
    environment,
    stateMachineArn,
    adminUrl,
    adminToken,
    logDirectory,
    broken: broken.promise,
    onTrouble(listener) {
      child.on('message', (message: FromEmbeddedAws) => {
        if (message.kind === 'trouble') listener(message.what);
      });
      const endPulse = watchLiveness({
        ping: () =>
          fetch(`${environment.AWS_ENDPOINT_URL}/ping`, {
            headers: { authorization: `Token ${environment.INFLUX_TOKEN}` },
          }),
        onSilent: (ms) =>
          listener(
            `embedded AWS (process ${child.pid}) has not answered for ${ms / 1_000} s: it is stopped, or this machine has too much to do`,
          ),
      });
      child.once('exit', endPulse);
    },
    async close() {
      closing = true;
      if (hasEnded(child)) return;
      const exited = once(child, 'exit');
      post(child, { kind: 'close' });
      const hanging = setTimeout(() => killAll(child), closeTimeoutMs);
      await exited;
      clearTimeout(hanging);
    },
    kill() {
      closing = true;
      killAll(child);
      removeNamespaces();
    },
  };
}

function forkMain(log: string, settings: EmbeddedAwsArguments): ChildProcess {
  const output = openToAppend(log);
  try {
    const { influx, ...shown } = settings;
    return fork(main, [JSON.stringify(shown)], {
      // A group of its own: Ctrl-C in the terminal is for the caller, who decides what to stop and in what order.
      detached: true,
      stdio: ['ignore', output, output, 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compileCache,
        // Other users of the machine can read a process's arguments, but not its variables.
        ...(influx === undefined ? {} : { [relayVariable]: JSON.stringify(influx) }),
      },
    });
  } finally {
    closeSync(output);
  }
}

/** Compiled modules of the functions and the SDK: half of a cold start. */
const compileCache = path.join(packageRoot, 'node_modules', '.cache', 'stampede');

function untilReady(child: ChildProcess, log: string): Promise<Ready> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new EmbeddedAwsError(error.message, `see ${log}`)));
    child.once('exit', (code) => reject(new EmbeddedAwsError(`it ended with ${code}`, `see ${log}`)));
    child.once('message', (message: FromEmbeddedAws) => {
      if (message.kind === 'ready') resolve(message);
      else if (message.kind === 'failed')
        reject(new EmbeddedAwsError(message.message, message.hint ?? `see ${log}`));
    });
  });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function post(child: ChildProcess, message: ToEmbeddedAws): void {
  // The callback keeps a channel that breaks now from being an unhandled error. The exit of the process is what is reported.
  if (child.connected) child.send(message, () => undefined);
}

/** The whole process group: the environments and IoT Core with it. */
function killAll(child: ChildProcess): void {
  if (child.pid === undefined || hasEnded(child)) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // It ended in this very moment.
  }
}
