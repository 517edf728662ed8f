import { type ChildProcess, fork } from 'node:child_process';
import { noFaults } from '../../profile/service-faults.ts';
import { StampedeError } from '../../shared/errors.ts';
import { type AccountLimits, accountLimitsOf } from '../../targets/aws-iot/quotas.ts';
import { makeAccessKey, makeToken } from '../gateway/account-key.ts';
import type { Credentials } from '../gateway/request-signature.ts';
import { siblingModule } from '../process/child-process.ts';
import type { IotCoreAddresses } from './iot-core.ts';
import type { StartReport, TroubleReport } from './main.ts';
import {
  defaultListeners,
  defaultQueue,
  defaultRuleName,
  defaultStream,
  defaultUnauthorized,
  type IotCoreChoices,
  type IotCoreSettings,
  type ListenerSettings,
  type StreamSettings,
} from './settings.ts';

export interface StartIotCoreOptions extends IotCoreChoices {
  /** The deployed rule's. */
  readonly ruleSql: string;
  /** Dimension `RuleName` of its metrics; default `stampede_arrivals`. */
  readonly ruleName?: string;
  /** Base URL of the Lambda API that batches of the rule's queue are sent to. */
  readonly invokeUrl: string;
  readonly functionName: string;
  /** Signs these requests; default: a random one, for a Lambda API that requires none. */
  readonly accessKey?: Credentials;
  /** Of the admin port; default: a random one. */
  readonly adminToken?: string;
  /** Default: those of a large Region. */
  readonly limits?: AccountLimits;
  /** The rule sends to a stream in place of the queue; what is left out is as the stack deploys it. */
  readonly stream?: Partial<StreamSettings> | undefined;
  /** Clients that may connect; default: those with the fleet's certificate, without policies. */
  readonly listeners?: Partial<ListenerSettings>;
  /** Loopback ports; default: any free ones. */
  readonly ports?: Partial<IotCoreSettings['ports']>;
}

export interface IotCore extends IotCoreAddresses {
  readonly pid: number;
  /** Resolves when the process ends without being closed: of what, `SIGKILL` or `exit code 1`. */
  readonly ended: Promise<string>;
  /** Called with a note for the user: the process may open no more files. */
  onTrouble(listener: (what: string) => void): void;
  /** Ends the process, and resolves when it has ended. */
  close(): Promise<void>;
}

/** The embedded IoT Core did not start, or ended by itself while it did. */
export class IotCoreStartError extends StampedeError {}

/** How long the process may take to end by itself. */
const closeTimeoutMs = 2_000;

/**
 * Starts the embedded IoT Core in a process of its own, which ends with this one.
 * @throws IotCoreStartError with the code and hint of what failed (`RuleSqlUnsupported`)
 */
export async function startIotCore(options: StartIotCoreOptions): Promise<IotCore> {
  const child = fork(siblingModule('main', import.meta.url), [], { execArgv: [] });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const report = await startReportOf(child, iotCoreSettingsOf(options));
  if (report.kind === 'failed') {
    throw new IotCoreStartError(
      report.code,
      report.message,
      report.hint === undefined ? {} : { hint: report.hint },
    );
  }
  const ended = Promise.withResolvers<string>();
  let closing = false;
  child.once('exit', (code, signal) => {
    if (!closing) ended.resolve(signal ?? `exit code ${code}`);
  });
  return {
    ...report.addresses,
    pid: child.pid!,
    ended: ended.promise,
    onTrouble(listener) {
      child.on('message', (message: StartReport | TroubleReport) => {
        if (message.kind === 'trouble') listener(message.what);
      });
    },
    close: async () => {
      closing = true;
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), closeTimeoutMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** The options with their defaults. */
export function iotCoreSettingsOf(options: StartIotCoreOptions): IotCoreSettings {
  return {
    ports: { mqtt: 0, mqtts: 0, wss: 0, https: 0, http: 0, admin: 0, ...options.ports },
    listeners: { ...defaultListeners, ...options.listeners },
    rule: { name: options.ruleName ?? defaultRuleName, sql: options.ruleSql },
    queue: { ...defaultQueue, ...options.queue },
    stream: options.stream && { ...defaultStream, ...options.stream },
    subscriber: {
      invokeUrl: options.invokeUrl,
      functionName: options.functionName,
      accessKey: options.accessKey ?? makeAccessKey(),
    },
    adminToken: options.adminToken ?? makeToken(),
    limits: options.limits ?? accountLimitsOf('default'),
    burstSeconds: options.burstSeconds ?? 1,
    throttleAnswer: options.throttleAnswer ?? 'silent',
    faults: { ...noFaults, ...options.faults },
    unauthorized: { ...defaultUnauthorized, ...options.unauthorized },
  };
}

function startReportOf(child: ChildProcess, settings: IotCoreSettings): Promise<StartReport> {
  return new Promise((resolve, reject) => {
    child.once('message', (report) => resolve(report as StartReport));
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(
        new IotCoreStartError('StartFailed', `the process of the embedded IoT Core ended: ${signal ?? code}`),
      );
    });
    child.send(settings);
  });
}
