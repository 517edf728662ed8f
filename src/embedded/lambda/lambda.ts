import { functionNameOf } from '../gateway/arns.ts';
import { AwsError, notSupported } from '../gateway/aws-error.ts';
import { header } from '../gateway/gateway.ts';
import type { GatewayRequest, GatewayResponse, GatewayService } from '../gateway/gateway-service.ts';
import { makeRouteTable } from '../gateway/route-table.ts';
import { renderJsonError } from '../gateway/serve-request.ts';
import type { FunctionDefinition } from '../stack/stack.ts';
import type { ExecutionEnvironment } from './execution-environment.ts';
import { type LambdaPool, runtimeApiPrefix } from './lambda-pool.ts';

/** Synchronous payloads, each way; Lambda's own number in its error: 6 MB and a little. */
const maxPayloadBytes = 6_291_556;
/** Asynchronous events: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const maxAsyncBytes = 1_048_576;
/** Up to here a body that is not JSON is refused at once; a larger one goes through unread, and the runtime finds out. */
const maxCheckedBytes = 65_536;
/** Waiting asynchronous events; AWS has no such bound, memory has. */
const maxQueuedEvents = 100_000;
/** Lambda tries a failed asynchronous event again after one and after two minutes. */
const asyncRetryMs = [60_000, 120_000] as const;

interface AsyncEvent {
  readonly definition: FunctionDefinition;
  readonly requestId: string;
  readonly event: Buffer;
  readonly attempt: number;
}

/** Lambda's Invoke API: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
export function makeLambdaApi(pool: LambdaPool): GatewayService {
  /** By function: one that has no room left keeps no other from running. */
  const queues = new Map<FunctionDefinition, AsyncEvent[]>();
  let queued = 0;
  const runQueued = (): void => {
    for (const [definition, events] of queues) {
      while (events.length > 0 && pool.hasRoom(definition)) {
        queued -= 1;
        void runAsync(events.shift() as AsyncEvent);
      }
    }
  };
  const put = (event: AsyncEvent): void => {
    const events = queues.get(event.definition) ?? [];
    events.push(event);
    queues.set(event.definition, events);
    queued += 1;
    runQueued();
  };
  pool.onRoom(runQueued);

  async function runAsync({ definition, requestId, event, attempt }: AsyncEvent): Promise<void> {
    try {
      if (!(await pool.invoke(definition, requestId, event)).failed) return;
    } catch (error) {
      // Shut down meanwhile. At the limit it would have stayed in the queue.
      if (error instanceof AwsError) return;
      throw error;
    }
    const waitMs = asyncRetryMs[attempt];
    if (waitMs === undefined) return;
    setTimeout(() => {
      put({ definition, requestId, event, attempt: attempt + 1 });
    }, waitMs).unref();
  }

  function enqueue(definition: FunctionDefinition, requestId: string, event: Buffer): GatewayResponse {
    if (event.length > maxAsyncBytes) throw tooLarge(event.length, maxAsyncBytes);
    if (queued >= maxQueuedEvents)
      throw new AwsError('TooManyRequestsException', `${maxQueuedEvents} events are waiting`, 429);
    put({ definition, requestId, event, attempt: 0 });
    return { status: 202 };
  }

  async function invoke(request: GatewayRequest, reference: string): Promise<GatewayResponse> {
    const definition = pool.functions.get(functionNameOf(reference));
    if (definition === undefined) {
      throw new AwsError('ResourceNotFoundException', `Function not found: ${reference}`, 404, {
        Type: 'User',
      });
    }
    const event = request.body.length === 0 ? Buffer.from('{}') : request.body;
    checkJson(event);
    const type = header(request, 'x-amz-invocation-type') ?? 'RequestResponse';
    if (type === 'DryRun') return { status: 204 };
    if (type === 'Event') return enqueue(definition, request.requestId, event);
    const { payload, failed, logTail } = await pool.invoke(definition, request.requestId, event);
    return {
      status: 200,
      headers: {
        'content-type': 'application/json',
        'x-amz-executed-version': '$LATEST',
        ...(failed ? { 'x-amz-function-error': 'Unhandled' } : {}),
        ...(header(request, 'x-amz-log-type') === 'Tail'
          ? { 'x-amz-log-result': logTail.toString('base64') }
          : {}),
      },
      body: payload,
    };
  }

  type Handler = (request: GatewayRequest, name: string) => Promise<GatewayResponse> | GatewayResponse;
  const table = makeRouteTable<Handler>({
    'POST /2015-03-31/functions/{name}/invocations': (request, name) =>
      invoke(request, decodeURIComponent(name)),
    'GET /2016-08-19/account-settings': () => accountSettings(pool),
  });
  return {
    routes: table.routes,
    maxBodyBytes: maxPayloadBytes,
    renderError: (error) =>
      renderJsonError(
        error.status === 413 ? new AwsError('RequestTooLargeException', error.message, 413) : error,
      ),
    async handle(request) {
      const route = table.find(request.method, request.path);
      if (route === undefined) throw notSupported(`Lambda ${request.method} ${request.path}`);
      return route.handler(request, route.parameters.name ?? '');
    },
  };
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html */
function accountSettings({ concurrency, functions }: LambdaPool): GatewayResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      AccountLimit: {
        ConcurrentExecutions: concurrency.account,
        UnreservedConcurrentExecutions: concurrency.unreserved,
      },
      AccountUsage: { FunctionCount: functions.size },
    }),
  };
}

type RuntimeHandler = (
  environment: ExecutionEnvironment,
  request: GatewayRequest,
  invocation: string,
) => Promise<GatewayResponse> | GatewayResponse;

const runtimePath = `${runtimeApiPrefix}{id}/2018-06-01/runtime`;

/** @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
const runtimeTable = makeRouteTable<RuntimeHandler>({
  [`GET ${runtimePath}/invocation/next`]: (environment, request) => environment.next(request.onCallerClosed),
  [`POST ${runtimePath}/init/error`]: (environment, { body }) => environment.failInit(body),
  [`POST ${runtimePath}/invocation/{invocation}/response`]: (environment, { body }, invocation) =>
    environment.respond(invocation, body),
  [`POST ${runtimePath}/invocation/{invocation}/error`]: (environment, { body }, invocation) =>
    environment.fail(invocation, body),
});

/**
 * The Runtime API, for every environment under a path of its own. The environment's id, which is random, is its key: only
 * only the process inside has it.
 */
export function makeRuntimeApi(pool: LambdaPool): GatewayService {
  const environmentOf = (path: string): ExecutionEnvironment => {
    const [id = ''] = path.slice(runtimeApiPrefix.length).split('/');
    const environment = pool.environment(id);
    if (environment === undefined)
      throw new AwsError('InvalidRequestID', `there is no environment ${id}`, 403);
    return environment;
  };
  return {
    routes: runtimeTable.routes,
    maxBodyBytes: maxPayloadBytes,
    renderError: renderJsonError,
    admit: ({ path }) => void environmentOf(path),
    async handle(request) {
      const { method, path } = request;
      const environment = environmentOf(path);
      const route = runtimeTable.find(method, path);
      if (route === undefined) throw notSupported(`the Runtime API's ${method} ${path}`);
      return route.handler(environment, request, route.parameters.invocation ?? '');
    },
  };
}

function checkJson(event: Buffer): void {
  if (event.length > maxCheckedBytes) return;
  try {
    JSON.parse(event.toString());
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json', 400, {
      Type: 'User',
    });
  }
}

function tooLarge(bytes: number, maxBytes: number): AwsError {
  return new AwsError(
    'RequestTooLargeException',
    `${bytes} byte payload is too large for the Event invocation type (limit ${maxBytes} bytes)`,
    413,
  );
}
