import { randomUUID } from 'node:crypto';
import { devNull } from 'node:os';
import { StampedeError } from '../../shared/errors.ts';
import { accountId, arnOfFunction, region } from '../gateway/arns.ts';
import { AwsError } from '../gateway/aws-error.ts';
import type { FunctionDefinition } from '../stack/stack.ts';
import {
  type ExecutionEnvironment,
  type InvocationResult,
  startExecutionEnvironment,
} from './execution-environment.ts';
import type { FunctionLogs } from './function-log.ts';
import type { OpenSandbox, Sandbox } from './sandbox.ts';

export interface LambdaPoolOptions {
  readonly functions: readonly FunctionDefinition[];
  /** Invocations that may run at once, over all functions. */
  readonly concurrentExecutions: number;
  /** Where handlers are found: the root of the package. */
  readonly taskRoot: string;
  readonly logs: FunctionLogs;
  /** `host:port` of the gateway, known once it listens. */
  readonly gatewayHost: () => string;
  /** Variables a function gets, over those of its definition. */
  readonly variables: (definition: FunctionDefinition) => Readonly<Record<string, string>>;
  /** Absent: all run on the machine as it is. */
  readonly openSandbox?: OpenSandbox | undefined;
}

/** Execution environments by function, each a process of its own, started when needed and kept warm. */
export interface LambdaPool {
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
  /** Concurrent invocations of all functions, and the part that no function has reserved. */
  readonly concurrency: { readonly account: number; readonly unreserved: number };
  /** Whether another invocation of it would run at once. */
  hasRoom(definition: FunctionDefinition): boolean;
  /** @throws AwsError `TooManyRequestsException` at a concurrency limit, `ServiceException` once closed */
  invoke(definition: FunctionDefinition, requestId: string, event: Buffer): Promise<InvocationResult>;
  environment(id: string): ExecutionEnvironment | undefined;
  /** Called whenever an invocation has ended: something that waits may now run. */
  onRoom(listener: () => void): void;
  /** Kills every environment; invocations under way fail. */
  close(): Promise<void>;
}

/** Functions reserve more concurrency than there is. Lambda refuses that too; on AWS 100 must stay unreserved. */
class ReservedTooMuchError extends StampedeError {
  constructor(reserved: number, { concurrentExecutions }: LambdaPoolOptions) {
    super(
      'ReservedTooMuch',
      `the stack’s functions reserve ${reserved} concurrent executions, and ${concurrentExecutions} are all there are`,
      { hint: 'deploy it with a smaller publishConcurrency' },
    );
  }
}

/** The prefix under which an environment finds the Runtime API: on AWS each has a host of its own instead. */
export const runtimeApiPrefix = '/environments/';

export function makeLambdaPool(options: LambdaPoolOptions): LambdaPool {
  const functions = new Map(options.functions.map((definition) => [definition.name, definition]));
  const environments = new Map<string, ExecutionEnvironment>();
  const sandboxes = new Map<string, Sandbox>();
  /** Idle environments by function name; the last one used is used next, so that the others may grow cold. */
  const idle = new Map<string, ExecutionEnvironment[]>();
  const roomListeners: (() => void)[] = [];
  /** Invocations under way, by function name. */
  const running = new Map<string, number>();
  const runningOf = (name: string): number => running.get(name) ?? 0;
  let closed = false;

  const sumOf = (of: (definition: FunctionDefinition) => number): number =>
    options.functions.reduce((sum, definition) => sum + of(definition), 0);
  const unreserved =
    options.concurrentExecutions - sumOf(({ reservedConcurrency = 0 }) => reservedConcurrency);
  if (unreserved < 1) throw new ReservedTooMuchError(options.concurrentExecutions - unreserved, options);
  const hasRoom = ({ name, reservedConcurrency }: FunctionDefinition): boolean =>
    reservedConcurrency === undefined
      ? sumOf((each) => (each.reservedConcurrency === undefined ? runningOf(each.name) : 0)) < unreserved
      : runningOf(name) < reservedConcurrency;

  const idleOf = (name: string): ExecutionEnvironment[] => {
    const known = idle.get(name);
    if (known !== undefined) return known;
    const fresh: ExecutionEnvironment[] = [];
    idle.set(name, fresh);
    return fresh;
  };

  function start(definition: FunctionDefinition, sandbox: Sandbox | undefined): ExecutionEnvironment {
    const id = randomUUID();
    if (sandbox !== undefined) sandboxes.set(id, sandbox);
    const environment = startExecutionEnvironment({
      id,
      definition,
      variables: {
        ...processVariables(),
        ...runtimeVariables(definition, id),
        ...definition.environment,
        ...options.variables(definition),
        ...sandbox?.variables,
        AWS_LAMBDA_RUNTIME_API: `${options.gatewayHost()}${runtimeApiPrefix}${id}`,
      },
      taskRoot: options.taskRoot,
      log: options.logs.openStream(definition.name, id),
      onIdle: () => idleOf(definition.name).push(environment),
      ...(sandbox && { command: sandbox.command }),
      onGone: () => {
        environments.delete(id);
        sandboxes.delete(id);
        void sandbox?.close();
        const warm = idleOf(definition.name);
        const at = warm.indexOf(environment);
        if (at !== -1) warm.splice(at, 1);
      },
    });
    environments.set(id, environment);
    return environment;
  }

  /** The process of a new environment starts in a sandbox that is ready: one that waits for work takes the next event. */
  async function invokeIn(
    definition: FunctionDefinition,
    requestId: string,
    event: Buffer,
  ): Promise<InvocationResult> {
    const warm = idleOf(definition.name).pop();
    const notReady = (error: unknown): never => {
      throw new AwsError('ServiceException', `the sandbox of ${definition.name} is not ready: ${error}`, 500);
    };
    const sandbox =
      warm === undefined ? await options.openSandbox?.(definition).catch(notReady) : sandboxes.get(warm.id);
    await sandbox?.enter(event).catch(async (error: unknown) => {
      await (warm === undefined ? sandbox.close() : warm.kill());
      notReady(error);
    });
    const isOver = closed || (warm !== undefined && !environments.has(warm.id));
    if (isOver) {
      await sandbox?.leave();
      if (warm === undefined) await sandbox?.close();
      throw new AwsError('ServiceException', 'the execution environment ended', 500);
    }
    const environment = warm ?? start(definition, sandbox);
    try {
      return await environment.invoke({ requestId, functionArn: arnOfFunction(definition.name), event });
    } finally {
      await sandbox?.leave();
    }
  }

  return {
    functions,
    concurrency: { account: options.concurrentExecutions, unreserved },
    hasRoom,
    async invoke(definition, requestId, event) {
      if (closed) throw new AwsError('ServiceException', 'embedded AWS is shutting down', 500);
      if (!hasRoom(definition)) {
        const ofItsOwn = definition.reservedConcurrency === undefined ? '' : 'ReservedFunction';
        throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429, {
          Reason: `${ofItsOwn}ConcurrentInvocationLimitExceeded`,
          Type: 'User',
        });
      }
      running.set(definition.name, runningOf(definition.name) + 1);
      try {
        return await invokeIn(definition, requestId, event);
      } finally {
        running.set(definition.name, runningOf(definition.name) - 1);
        for (const listener of roomListeners) listener();
      }
    },
    environment: (id) => environments.get(id),
    onRoom: (listener) => roomListeners.push(listener),
    async close() {
      closed = true;
      await Promise.all([...environments.values()].map((environment) => environment.kill()));
    },
  };
}

/** What a process of this machine needs to run at all, and none of the user's own AWS settings. */
function processVariables(): Record<string, string> {
  const names = ['PATH', 'TMPDIR', 'TEMP', 'SYSTEMROOT', 'NODE_COMPILE_CACHE'];
  const variables: Record<string, string> = {
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) variables[name] = value;
  }
  return variables;
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function runtimeVariables(definition: FunctionDefinition, id: string): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCOUNT_ID: accountId,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${definition.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: id,
    TZ: 'UTC',
    LANG: 'en_US.UTF-8',
  };
}
