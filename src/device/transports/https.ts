import type { IncomingHttpHeaders } from 'node:http';
import type { AccessCredentials } from '../identity/credentials.ts';
import type { SliceNetwork } from '../network/shaping/slice-network.ts';
import type { RequestHead } from '../payload.ts';
import type { MakeTransport, OutgoingMessage } from '../transport.ts';
import { makeHttpTransport, type RequestProtocol } from './http/http-transport.ts';
import { makeSigner } from './http/sign-request.ts';

export interface HttpsSettings {
  readonly ackTimeoutMs: number;
  /** The HTTPS API of the plan's target. */
  readonly dataUrl: string;
  readonly region: string;
  /** Called for each publish: temporary credentials are renewed while a slice runs. */
  readonly credentials: () => Promise<AccessCredentials>;
  /** Of the devices. Absent: none but the system's. */
  readonly network?: SliceNetwork | undefined;
}

/** A slice's share of a Lambda's 1,024 file descriptors. */
const maxConnections = 900;

/**
 * Publishes to AWS IoT Core by `POST /topics/{topic}`, signed by Signature Version 4. The devices share connections, so that
 * nothing is connected for one, and each message is sent exactly once: a retry would hide a throttle.
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_Publish.html
 */
export function makeHttpsTransport(settings: HttpsSettings): MakeTransport {
  const { ackTimeoutMs, dataUrl, region, credentials, network } = settings;
  const { origin } = new URL(dataUrl);
  return makeHttpTransport({
    protocol: iotDataPlane,
    version: '1.1',
    keepAlive: true,
    connections: { ofSlice: maxConnections },
    origin: new URL(origin),
    tlsOf: () => systemTls,
    connectTimeoutMs: ackTimeoutMs,
    ackTimeoutMs,
    secretHeaders: {},
    network,
    sign: makeSigner(new URL(origin), { service: 'iotdata', region, credentials }),
  });
}

/** One object: connections share the context that is made of it. */
const systemTls = {};

const iotDataPlane: RequestProtocol = {
  name: 'https',
  headOf: publishHeadOf,
  answered({ listener, device, token }, status, headers) {
    if (status === 200) listener.acknowledged(device, token);
    else listener.refused(device, token, status === 429 ? 'throttled' : 'failed', errorOf(status, headers));
  },
};

function publishHeadOf({ topic, qos, retain }: OutgoingMessage): RequestHead {
  return {
    method: 'POST',
    path: `/topics/${encodeURIComponent(topic)}?qos=${qos}${retain ? '&retain=true' : ''}`,
    headers: { 'user-agent': 'stampede', 'content-type': 'application/octet-stream' },
  };
}

/** `ThrottlingException`: AWS names the error in a header, with a namespace and a URL around it at some services. */
function errorOf(status: number, headers: IncomingHttpHeaders): string {
  const type = headers['x-amzn-errortype'];
  return /[\w.]+(?=$|[:,])/.exec(type === undefined ? '' : String(type))?.[0] ?? `HTTP ${status}`;
}
