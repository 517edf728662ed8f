import { Agent, request as sendRequest } from 'node:http';
import { AwsError } from '../gateway/aws-error.ts';
import { header } from '../gateway/gateway.ts';
import type { GatewayRequest, GatewayResponse, GatewayService } from '../gateway/gateway-service.ts';
import type { Route } from '../gateway/route-table.ts';
import { renderJsonError } from '../gateway/serve-request.ts';

/** Who sends is checked where it is passed on to. */
const dataPlaneRoutes: readonly Route[] = [
  { method: 'POST', path: '/topics/{topic+}' },
  { method: 'GET', path: '/retainedMessage' },
  { method: 'GET', path: '/retainedMessage/{topic+}' },
];

/** A publish is at most 128 KB; user properties and the like ride in headers. */
const maxBodyBytes = 1_048_576;
/** Of one connection, not of the message (RFC 9110, 7.6.1). Everything else a signature may cover: the host too. */
const hopByHop: readonly string[] = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'expect'];

/**
 * Passes the IoT data plane on to the IoT Core process. Publishers go there directly (`AWS_ENDPOINT_URL_IOT_DATA_PLANE`);
 * this serves clients that have only the gateway's address.
 */
export function makeIotDataPlane(iotCoreUrl: () => string): GatewayService & { close(): void } {
  const agent = new Agent({ keepAlive: true });
  return {
    routes: dataPlaneRoutes,
    maxBodyBytes,
    renderError: renderJsonError,
    handle: (request) => forward(iotCoreUrl(), agent, request),
    close: () => agent.destroy(),
  };
}

function forward(base: string, agent: Agent, request: GatewayRequest): Promise<GatewayResponse> {
  const query = request.query.toString();
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string' && !hopByHop.includes(name)) headers[name] = value;
  }
  headers['content-length'] = String(request.body.length);
  return new Promise((resolve, reject) => {
    const outgoing = sendRequest(
      `${base}${request.path}${query === '' ? '' : `?${query}`}`,
      { method: request.method, agent, headers },
      (answer) => {
        const chunks: Buffer[] = [];
        answer
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('error', reject)
          .on('end', () =>
            resolve({
              status: answer.statusCode ?? 502,
              headers: Object.fromEntries(
                ['content-type', 'x-amzn-errortype'].flatMap((name) => {
                  const value = header({ headers: answer.headers }, name);
                  return value === undefined ? [] : [[name, value]];
                }),
              ),
              body: Buffer.concat(chunks),
            }),
          );
      },
    );
    outgoing.on('error', (error) =>
      reject(
        new AwsError('ServiceUnavailableException', `the embedded IoT Core is away: ${error.message}`, 503),
      ),
    );
    outgoing.end(request.body);
  });
}
