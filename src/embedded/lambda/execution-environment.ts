import { type ChildProcess, spawn } from 'node:child_process';
import type { GatewayResponse } from '../gateway/gateway-service.ts';
import { siblingModule } from '../process/child-process.ts';
import { describeDiskError, isDiskError } from '../s3/runs-storage.ts';
import type { FunctionDefinition } from '../stack/stack.ts';
import type { LogStream } from './function-log.ts';

export interface Invocation {
  readonly requestId: string;
  readonly functionArn: string;
  /** JSON as the caller sent it. */
  readonly event: Buffer;
}

export interface InvocationResult {
  readonly payload: Buffer;
  /** The function failed: `payload` is `{ errorType, errorMessage, trace? }`. */
  readonly failed: boolean;
  /** Last 4 KB of its log. */
  readonly logTail: Buffer;
}

export interface ExecutionEnvironmentOptions {
  readonly id: string;
  readonly definition: FunctionDefinition;
  readonly variables: Readonly<Record<string, string>>;
  /** Where handlers are found. */
  readonly taskRoot: string;
  readonly log: LogStream;
  /** Words before the command line of its process: it runs in a sandbox. */
  readonly command?: readonly string[];
  /** The environment has requested its next invocation. */
  readonly onIdle: () => void;
  /** Its process ended; it never comes back. */
  readonly onGone: () => void;
}

/** One child process that runs one invocation at a time and is kept warm between them. */
export interface ExecutionEnvironment {
  readonly id: string;
  /** Call only when new or idle. */
  invoke(invocation: Invocation): Promise<InvocationResult>;
  /** The Runtime API, by its operations. */
  next(onCallerClosed: (listener: () => void) => void): Promise<GatewayResponse>;
  respond(requestId: string, payload: Buffer): GatewayResponse;
  fail(requestId: string, report: Buffer): GatewayResponse;
  failInit(report: Buffer): GatewayResponse;
  /** Resolves when the process has ended. */
  kill(): Promise<void>;
}

interface Current {
  readonly invocation: Invocation;
  readonly settle: (payload: Buffer, failed: boolean) => void;
  settled: boolean;
  deliveredAt: number | undefined;
}

/** Lambda allows 10 s for initialisation before it counts: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
const initMs = 10_000;
/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const fileDescriptors = 1_024;
/** The share of the function's memory that V8's old generation gets; the rest is stacks, buffers and native code. */
const heapShare = 0.9;

const bootstrap = siblingModule('lambda-bootstrap', import.meta.url);
const accepted: GatewayResponse = {
  status: 202,
  headers: { 'content-type': 'application/json' },
  body: '{"status":"OK"}',
};

export function startExecutionEnvironment(options: ExecutionEnvironmentOptions): ExecutionEnvironment {
  const { definition, log } = options;
  const child = spawnRuntime(options);
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let current: Current | undefined;
  let poll: ((response: GatewayResponse) => void) | undefined;
  let limit: NodeJS.Timeout | undefined;

  child.stdout?.on('data', (output: Buffer) => log.write(output));
  child.stderr?.on('data', (output: Buffer) => log.write(output));
  child.stdin?.on('error', () => undefined);
  child.once('error', (error) =>
    end(isDiskError(error) ? `${error.message}: ${describeDiskError(error)}` : error.message),
  );
  child.once('exit', (code, signal) => end(describeExit(code, signal)));

  function end(how: string): void {
    clearTimeout(limit);
    settle('Runtime.ExitError', how);
    options.onGone();
    void exited.then(() => log.close());
  }

  /** Fails what is under way in AWS's words; nothing if nothing is. */
  function settle(errorType: string, what: string): void {
    if (current === undefined) return;
    const errorMessage = `RequestId: ${current.invocation.requestId} Error: ${what}`;
    finish(Buffer.from(JSON.stringify({ errorType, errorMessage })), true);
  }

  function finish(payload: Buffer, failed: boolean): void {
    if (current === undefined || current.settled) return;
    current.settled = true;
    const { invocation, deliveredAt, settle } = current;
    const durationMs = deliveredAt === undefined ? 0 : performance.now() - deliveredAt;
    // Output written before the answer is in its pipe, but this loop may have read the answer first.
    setImmediate(() => {
      log.write(
        `END RequestId: ${invocation.requestId}\nREPORT RequestId: ${invocation.requestId}\tDuration: ${durationMs.toFixed(2)} ms\t` +
          `Billed Duration: ${Math.ceil(durationMs)} ms\tMemory Size: ${definition.memoryMb} MB\n`,
      );
      settle(payload, failed);
    });
  }

  function startTimer(ms: number): void {
    clearTimeout(limit);
    limit = setTimeout(() => {
      const what = `Task timed out after ${definition.timeoutSeconds.toFixed(2)} seconds`;
      log.write(`${new Date().toISOString()} ${current?.invocation.requestId} ${what}\n`);
      settle('Sandbox.Timedout', what);
      child.kill('SIGKILL');
    }, ms);
  }

  function deliver(): void {
    if (current === undefined || poll === undefined) return;
    const { requestId, functionArn, event } = current.invocation;
    const respond = poll;
    poll = undefined;
    current.deliveredAt = performance.now();
    startTimer(definition.timeoutSeconds * 1_000);
    log.mark();
    log.write(`START RequestId: ${requestId} Version: $LATEST\n`);
    respond({
      status: 200,
      headers: {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': requestId,
        'lambda-runtime-deadline-ms': String(Date.now() + definition.timeoutSeconds * 1_000),
        'lambda-runtime-invoked-function-arn': functionArn,
      },
      body: event,
    });
  }

  return {
    id: options.id,
    invoke(invocation) {
      return new Promise((resolve) => {
        current = {
          invocation,
          settled: false,
          deliveredAt: undefined,
          settle: (payload, failed) => resolve({ payload, failed, logTail: log.tail() }),
        };
        // Until the runtime polls it is still initialising, and then the function's own limit is on top.
        startTimer(initMs + definition.timeoutSeconds * 1_000);
        deliver();
      });
    },
    next(onCallerClosed) {
      return new Promise((resolve) => {
        poll = resolve;
        onCallerClosed(() => {
          if (poll === resolve) poll = undefined;
        });
        if (current !== undefined && !current.settled) return deliver();
        clearTimeout(limit);
        current = undefined;
        options.onIdle();
      });
    },
    respond(requestId, payload) {
      if (current?.invocation.requestId === requestId) finish(payload, false);
      return accepted;
    },
    fail(requestId, report) {
      if (current?.invocation.requestId === requestId) finish(report, true);
      return accepted;
    },
    failInit(report) {
      finish(report, true);
      return accepted;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function spawnRuntime({
  definition,
  variables,
  taskRoot,
  command: before = [],
}: ExecutionEnvironmentOptions): ChildProcess {
  const node = [
    process.execPath,
    `--max-old-space-size=${Math.floor(definition.memoryMb * heapShare)}`,
    '--disable-warning=ExperimentalWarning',
    bootstrap,
  ];
  // The shell sets the limit and becomes the runtime: one process, one id to kill.
  const command =
    process.platform === 'win32'
      ? node
      : ['/bin/sh', '-c', `ulimit -n ${fileDescriptors}; exec "$@"`, 'sh', ...node];
  const [name = '', ...args] = [...before, ...command];
  return spawn(name, args, {
    cwd: taskRoot,
    // A function gets the variables that it would get on AWS, and none of this process.
    env: { ...variables, LAMBDA_TASK_ROOT: taskRoot, _HANDLER: definition.handler },
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) {
    const reason = signal === 'SIGKILL' ? 'killed' : signal.slice(3).toLowerCase();
    return `Runtime exited with error: signal: ${reason}`;
  }
  return code === 0
    ? 'Runtime exited without providing a reason'
    : `Runtime exited with error: exit status ${code}`;
}
