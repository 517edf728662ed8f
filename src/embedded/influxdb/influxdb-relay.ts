import { AwsError } from '../gateway/aws-error.ts';
import { header } from '../gateway/gateway.ts';
import type { GatewayRequest, GatewayResponse } from '../gateway/gateway-service.ts';

/** An InfluxDB of the user's, beside the embedded one. */
export interface InfluxServer {
  readonly url: string;
  readonly org: string;
  readonly bucket: string;
  readonly token: string;
}

const relayTimeoutMs = 10_000;

/** Forwards a write unchanged and returns the server's answer. If the server is unavailable, so is the embedded InfluxDB. */
export async function relayWrite(request: GatewayRequest, server: InfluxServer): Promise<GatewayResponse> {
  const url = new URL(`${server.url.replace(/\/+$/, '')}/api/v2/write`);
  url.searchParams.set('org', server.org);
  url.searchParams.set('bucket', server.bucket);
  url.searchParams.set('precision', request.query.get('precision') ?? 'ns');
  const encoding = header(request, 'content-encoding');
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Token ${server.token}`,
        'content-type': 'text/plain; charset=utf-8',
        ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
      },
      body: new Uint8Array(request.body),
      signal: AbortSignal.timeout(relayTimeoutMs),
    });
    const body = await answer.text();
    return { status: answer.status, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
  } catch (error) {
    const { message, cause } = error as Error;
    throw new AwsError(
      'unavailable',
      `${server.url} did not answer: ${(cause as Error | undefined)?.message || message}`,
      503,
    );
  }
}
