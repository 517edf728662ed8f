import { Agent, type IncomingMessage, request } from 'node:http';
import { region } from '../../gateway/arns.ts';
import { signHeaders } from '../../gateway/request-signature.ts';
import type { IotCoreSettings } from '../settings.ts';
import type { InvocationOutcome, Invoke } from './event-source-mapping.ts';

export interface LambdaInvoker {
  readonly invoke: Invoke;
  close(): void;
}

/**
 * Lambda's Invoke API, RequestResponse. The event goes out as the bytes it lies in.
 * @param subscriber the function, where it is, and the key that signs for it
 * @param atOnce invocations under way at the most; more wait for their turn
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function makeLambdaInvoker(
  { invokeUrl, functionName, accessKey }: IotCoreSettings['subscriber'],
  atOnce = Number.POSITIVE_INFINITY,
): LambdaInvoker {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const url = new URL(`/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`, invokeUrl);
  const unsigned = { method: 'POST', path: url.pathname, query: url.searchParams };
  return {
    invoke: (event) =>
      new Promise((resolve) => {
        const fail = (error: Error): void => resolve({ kind: 'failed', reason: error.message });
        const headers = signHeaders(
          { ...unsigned, headers: { host: url.host, 'x-amz-invocation-type': 'RequestResponse' } },
          accessKey,
          { region, service: 'lambda' },
          Date.now(),
        );
        const outgoing = request(url, {
          method: 'POST',
          agent,
          headers: { ...headers, 'content-type': 'application/json', 'content-length': event.length },
        });
        outgoing.on('error', fail);
        outgoing.on('response', (incoming) => {
          readOutcome(incoming).then(resolve, fail);
        });
        outgoing.end(event);
      }),
    close: () => agent.destroy(),
  };
}

async function readOutcome(incoming: IncomingMessage): Promise<InvocationOutcome> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const payload = Buffer.concat(chunks).toString();
  if (incoming.statusCode !== 200 || incoming.headers['x-amz-function-error'] !== undefined) {
    const reason = `${incoming.statusCode} ${payload.slice(0, 500)}`;
    return { kind: 'failed', reason, refused: incoming.statusCode === 429 };
  }
  return { kind: 'returned', payload };
}
