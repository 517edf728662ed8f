import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const bootstrap = fileURLToPath(new URL('../../../src/embedded/lambda/lambda-bootstrap.ts', import.meta.url));

export interface LambdaInvocation {
  /** Where the zip was unpacked. */
  readonly taskRoot: string;
  /** `functions/plan.handler` */
  readonly handler: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly event: unknown;
}

export interface LambdaAnswer {
  /** What the handler returned, the error that it threw, or how its process ended and the end of its log. */
  readonly payload: unknown;
  readonly failed: boolean;
  readonly log: string;
}

/** Runs a handler once as Lambda does: a fresh Node with nothing but its variables, fed over the Runtime API. */
export async function invokeOnce({
  taskRoot,
  handler,
  variables,
  event,
}: LambdaInvocation): Promise<LambdaAnswer> {
  const answered = Promise.withResolvers<{ payload: unknown; failed: boolean }>();
  let isInvoked = false;
  const api = createServer(async (request, response) => {
    if (request.method === 'GET') {
      // The second time nothing comes any more: an environment that is frozen.
      if (isInvoked) return;
      isInvoked = true;
      response.writeHead(200, {
        'lambda-runtime-aws-request-id': 'request-1',
        'lambda-runtime-deadline-ms': String(Date.now() + 900_000),
      });
      response.end(JSON.stringify(event));
      return;
    }
    const payload = JSON.parse(await textOf(request)) as unknown;
    response.writeHead(202).end('{}');
    answered.resolve({ payload, failed: !request.url?.endsWith('/response') });
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');

  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', bootstrap], {
    cwd: taskRoot,
    env: {
      ...variables,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(api.address() as AddressInfo).port}`,
      LAMBDA_TASK_ROOT: taskRoot,
      _HANDLER: handler,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text));
  // Not at `exit`: what a dying process wrote last says why.
  child.once('close', (code, signal) => {
    const payload = `the process ended with ${signal ?? `exit code ${code}`}; its log ends:\n${log.slice(-4_000)}`;
    answered.resolve({ payload, failed: true });
  });
  const answer = await answered.promise;
  child.kill('SIGKILL');
  api.closeAllConnections();
  api.close();
  return { ...answer, log };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}
