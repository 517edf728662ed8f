import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { AwsError, toAwsError } from '../../gateway/aws-error.ts';
import { refusalOfBrowser } from '../../gateway/loopback-guard.ts';
import type { SignedRequest } from '../../gateway/request-signature.ts';
import { targetOf } from '../../gateway/serve-request.ts';
import { isSigned } from '../../gateway/sigv4.ts';
import { type AccessKeys, forbidden } from '../auth/access-keys.ts';
import type { CustomAuthorizers } from '../auth/custom-authorizers.ts';
import type { Authenticate } from '../mqtt/access.ts';
import type { Broker } from '../mqtt/broker.ts';
import { WebSocketChannel } from './websocket-channel.ts';

/** AWS IoT Core's only path for it. */
export const webSocketPath = '/mqtt';
/** The service name in the handshake's signature. */
const service = 'iotdevicegateway';
/** [MQTT-6.0.0-3] */
const subprotocol = 'mqtt';
/** (RFC 6455, 1.3) */
const acceptGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * MQTT over WebSocket: the handshake is signed, or a custom authorizer checks the CONNECT that follows.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
 */
export class WebSocketListener {
  readonly #broker: Broker;
  readonly #accessKeys: AccessKeys;
  readonly #authorizers: CustomAuthorizers;

  constructor(broker: Broker, accessKeys: AccessKeys, authorizers: CustomAuthorizers) {
    this.#broker = broker;
    this.#accessKeys = accessKeys;
    this.#authorizers = authorizers;
  }

  /** Answers an upgrade request. @param head bytes received after it */
  upgrade(request: IncomingMessage, socket: TLSSocket, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    let authenticate: Authenticate;
    let key: string;
    try {
      const refusal = refusalOfBrowser(request.headers, undefined);
      if (refusal !== undefined) throw forbidden(refusal);
      const url = targetOf(request);
      key = checkHandshake(request, url);
      authenticate = this.#gateOf(request, url, socket);
    } catch (thrown) {
      const { metrics, clock, onError } = this.#broker.state;
      // No caller catches errors: an internal error ends one handshake, not the service.
      if (!(thrown instanceof AwsError)) onError(thrown);
      const error = toAwsError(thrown);
      const counter = error.status === 403 ? metrics.connectAuthError : metrics.connectClientError;
      counter.add(clock.now());
      refuse(socket, error);
      return;
    }
    const accept = createHash('sha1')
      .update(key + acceptGuid)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`,
    );
    const channel = new WebSocketChannel(socket);
    channel.open(this.#broker.accept(channel, authenticate), head);
  }

  /** @throws AwsError `ForbiddenException` */
  #gateOf(request: IncomingMessage, url: URL, socket: TLSSocket): Authenticate {
    const { method = 'GET', headers } = request;
    const sourceIp = socket.remoteAddress;
    const signed: SignedRequest = {
      method,
      path: url.pathname,
      query: url.searchParams,
      headers,
      body: Buffer.alloc(0),
    };
    if (isSigned(signed)) {
      const accessOf = this.#accessKeys.accessOf(signed, [service]);
      const [principal = ''] = (url.searchParams.get('X-Amz-Credential') ?? '').split('/');
      return ({ clientId }) => ({ access: accessOf({ clientId, sourceIp }), principal });
    }
    if (!this.#authorizers.exist) throw forbidden('Missing Authentication Token');
    return (mqtt) =>
      this.#authorizers.authorize({
        tls: { serverName: socket.servername || '' },
        http: { headers: textsOf(headers), queryString: url.search },
        mqtt,
        sourceIp,
      });
  }
}

/** @returns the client's key @throws AwsError if this is not a handshake for MQTT (RFC 6455, 4.2.1) */
function checkHandshake({ method, headers }: IncomingMessage, url: URL): string {
  const key = headers['sec-websocket-key'] ?? '';
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (url.pathname !== webSocketPath)
    throw new AwsError('ResourceNotFoundException', `there is no ${url.pathname}`, 404);
  if (
    method !== 'GET' ||
    headers.upgrade?.toLowerCase() !== 'websocket' ||
    headers['sec-websocket-version'] !== '13' ||
    Buffer.from(key, 'base64').length !== 16 ||
    !offered.includes(subprotocol)
  ) {
    throw new AwsError('InvalidRequestException', `not a WebSocket handshake for ${subprotocol}`, 400);
  }
  return key;
}

function refuse(socket: TLSSocket, { status, code, message }: AwsError): void {
  const body = JSON.stringify({ message, traceId: crypto.randomUUID() });
  socket.end(
    `HTTP/1.1 ${status} ${code}\r\ncontent-type: application/json\r\nx-amzn-errortype: ${code}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function textsOf(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(',')]),
  );
}
