import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError, toAwsError } from './aws-error.ts';
import type {
  GatewayRequest,
  GatewayResponse,
  GatewayService,
  OnError,
  RequestHead,
} from './gateway-service.ts';
import { endUnread, isBodyRead, readBody } from './request-body.ts';

/** Which service a request is for. */
export type FindService = (incoming: IncomingMessage, url: URL) => GatewayService;

/** What an HTTP server is given that answers with these services. */
export function makeRequestListener(
  find: FindService,
  onError?: OnError,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => {
    serve(find, onError, incoming, outgoing).catch((error: unknown) => {
      onError?.('gateway', error);
      outgoing.destroy();
    });
  };
}

/**
 * Resolves `..` as every HTTP client does: a path never climbs above its root.
 * @throws AwsError for a target that is no path (RFC 9112, 3.2)
 */
export function targetOf({ url = '/' }: IncomingMessage): URL {
  const target = URL.parse(`http://gateway${url}`);
  if (target === null) throw new AwsError('InvalidRequestException', `${url} is no path`);
  return target;
}

async function serve(
  find: FindService,
  onError: OnError | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  let url: URL;
  try {
    url = targetOf(incoming);
  } catch (error) {
    send(incoming, outgoing, renderJsonError(toAwsError(error)), requestId);
    return;
  }
  const service = find(incoming, url);
  const head: RequestHead = {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
  };
  let response: GatewayResponse;
  try {
    service.admit?.(head);
    const request: GatewayRequest = {
      ...head,
      body: await readBody(incoming, service.maxBodyBytes),
      requestId,
      socket: incoming.socket,
      onCallerClosed: (listener) =>
        outgoing.once('close', () => {
          if (!outgoing.writableFinished) listener();
        }),
    };
    response = await service.handle(request);
  } catch (thrown) {
    const error = toAwsError(thrown);
    // A caller that hung up is no defect.
    if (!(thrown instanceof AwsError) && !outgoing.destroyed)
      onError?.(`${incoming.method} ${url.pathname}`, thrown);
    response = service.renderError(error, requestId);
  }
  send(incoming, outgoing, response, requestId);
}

function send(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  response: GatewayResponse,
  requestId: string,
): void {
  const { status, headers, body = '' } = response;
  const bodyBytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  outgoing.writeHead(status, {
    ...(status === 204 || status === 304 ? {} : { 'content-length': String(bodyBytes) }),
    ...(isBodyRead(incoming) ? {} : { connection: 'close' }),
    'x-amzn-requestid': requestId,
    'x-amz-request-id': requestId,
    ...headers,
  });
  endUnread(incoming, outgoing, incoming.method === 'HEAD' ? undefined : body);
}

/** The shape of AWS's JSON protocols, 1.0, 1.1 and REST: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html */
export function renderJsonError(error: AwsError): GatewayResponse {
  return {
    status: error.status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code },
    body: JSON.stringify({
      ...error.details,
      __type: error.code,
      message: error.message,
      Message: error.message,
    }),
  };
}
