/**
 * The process inside an execution environment: AWS Lambda's Runtime API on one side, the handler on the other.
 * It imports nothing of Stampede's, so that a function finds here what it finds on AWS.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { existsSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { flushCompileCache } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

type Handler = (event: unknown, context: object) => unknown;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const variables = process.env as Readonly<Record<string, string>>;
const runtime = `http://${variables.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const agent = new Agent({ keepAlive: true });
/** TypeScript first: the functions run as they are written. */
const extensions = ['.ts', '.mts', '.js', '.mjs', '.cjs'];

// Standard input ends when the process that started this one ends, for whatever reason: then this one ends too.
process.stdin.on('error', endWithParent).on('end', endWithParent).on('close', endWithParent).resume();

let requestId: string | undefined;
process.on('uncaughtException', (error) => void die('Runtime.UncaughtException', error, 129));
process.on('unhandledRejection', (error) => void die('Runtime.UnhandledPromiseRejection', error, 128));

await run(await importHandler(variables._HANDLER ?? '').catch(failInit));

async function run(handler: Handler): Promise<never> {
  for (;;) {
    const { headers, body } = await call('GET', '/invocation/next');
    requestId = String(headers['lambda-runtime-aws-request-id']);
    await invoke(handler, requestId, headers, body);
    requestId = undefined;
    // An environment ends killed, which stores nothing: each cold start would compile all modules again.
    flushCompileCache();
  }
}

async function invoke(
  handler: Handler,
  id: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<void> {
  let result: string;
  try {
    const event: unknown = JSON.parse(body.toString());
    result = JSON.stringify((await handler(event, makeContext(id, headers))) ?? null);
  } catch (error) {
    console.error(error);
    await reportError(`/invocation/${id}/error`, describeError(error));
    return;
  }
  const { status } = await call('POST', `/invocation/${id}/response`, result);
  if (status === 413) {
    await reportError(`/invocation/${id}/error`, {
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
      trace: [],
    });
  }
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function makeContext(id: string, headers: IncomingHttpHeaders): object {
  const deadlineAt = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: id,
    callbackWaitsForEmptyEventLoop: true,
    functionName: variables.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: variables.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    logGroupName: variables.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: variables.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: variables.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => Math.max(0, deadlineAt - Date.now()),
  };
}

/** `functions/plan.handler`: the module's path under the task root, then the name of its export. */
async function importHandler(reference: string): Promise<Handler> {
  const dot = reference.lastIndexOf('.');
  const base = path.join(variables.LAMBDA_TASK_ROOT ?? '', reference.slice(0, dot));
  const file = extensions.map((extension) => base + extension).find((candidate) => existsSync(candidate));
  if (file === undefined) throw named('Runtime.ImportModuleError', `Cannot find module '${base}'`);
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const handler = module[reference.slice(dot + 1)];
  if (typeof handler !== 'function')
    throw named('Runtime.HandlerNotFound', `${reference} is undefined or not exported`);
  return handler as Handler;
}

async function failInit(error: unknown): Promise<never> {
  console.error(error);
  await reportError('/init/error', describeError(error));
  return process.exit(1);
}

async function die(errorType: string, error: unknown, exitCode: number): Promise<void> {
  console.error(error);
  if (requestId !== undefined)
    await reportError(`/invocation/${requestId}/error`, { ...describeError(error), errorType });
  process.exit(exitCode);
}

interface ErrorReport {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

async function reportError(where: string, report: ErrorReport): Promise<void> {
  await call('POST', where, JSON.stringify(report));
}

function describeError(error: unknown): ErrorReport {
  return error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] }
    : { errorType: 'Error', errorMessage: String(error), trace: [] };
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function endWithParent(): never {
  process.exit(1);
}

function call(method: string, where: string, body?: string): Promise<Answer> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const outgoing = request(`${runtime}${where}`, { method, agent, headers }, (incoming) => {
      // A body that is too large is refused unread: writing the rest of it fails, and the answer is there all the same.
      outgoing.off('error', endWithParent).on('error', () => undefined);
      const chunks: Buffer[] = [];
      incoming
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('error', reject)
        .on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks),
          }),
        );
    });
    // Without the Runtime API there is nothing left to do here.
    outgoing.on('error', endWithParent);
    outgoing.end(body);
  });
}
