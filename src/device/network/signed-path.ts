import { createHash, createHmac } from 'node:crypto';
import type { AccessCredentials } from '../identity/credentials.ts';

export interface SigningScope {
  readonly region: string;
  readonly credentials: AccessCredentials;
}

const algorithm = 'AWS4-HMAC-SHA256';
/** What AWS IoT Core has a WebSocket signed for. */
const service = 'iotdevicegateway';
/** Of MQTT over WebSocket, as AWS IoT Core and most brokers have it. */
export const webSocketPath = '/mqtt';
/** The handshake follows at once; the connection itself lasts as long as it likes. */
const expiresSeconds = 300;
const emptyHash = createHash('sha256').digest('hex');

/**
 * The path of a WebSocket's handshake with its signature in the query (Signature Version 4). Each connection has one of its
 * own, because it is dated: 40 µs. The session token of a role stands outside the signature, which is particular to IoT.
 * @param host as the Host header has it, port included where it is not 443
 * @param now epoch milliseconds
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signPath(host: string, { region, credentials }: SigningScope, now: number): string {
  const at = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const date = at.slice(0, 8);
  const scope = `${date}/${region}/${service}/aws4_request`;
  const query = [
    ['X-Amz-Algorithm', algorithm],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${scope}`],
    ['X-Amz-Date', at],
    ['X-Amz-Expires', String(expiresSeconds)],
    ['X-Amz-SignedHeaders', 'host'],
  ]
    .map(([name, value]) => `${name}=${encodeURIComponent(value!)}`)
    .join('&');
  const request = `GET\n${webSocketPath}\n${query}\nhost:${host}\n\nhost\n${emptyHash}`;
  const text = `${algorithm}\n${at}\n${scope}\n${createHash('sha256').update(request).digest('hex')}`;
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const { sessionToken } = credentials;
  const token = sessionToken === undefined ? '' : `&X-Amz-Security-Token=${encodeURIComponent(sessionToken)}`;
  return `${webSocketPath}?${query}&X-Amz-Signature=${signature}${token}`;
}
