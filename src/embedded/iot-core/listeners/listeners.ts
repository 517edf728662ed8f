import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { refusing } from '../../gateway/gateway.ts';
import type { GatewayService } from '../../gateway/gateway-service.ts';
import { refusalOfBrowser } from '../../gateway/loopback-guard.ts';
import type { Route } from '../../gateway/route-table.ts';
import { makeRequestListener } from '../../gateway/serve-request.ts';
import { AccessKeys } from '../auth/access-keys.ts';
import { type Certificates, makeCertificates } from '../auth/certificates.ts';
import { CustomAuthorizers } from '../auth/custom-authorizers.ts';
import { type AuthorizeRequest, byCertificate, bySignature } from '../auth/http-authorization.ts';
import { KnownCertificates } from '../auth/known-certificates.ts';
import type { Clock } from '../broker-clock.ts';
import type { Authenticate } from '../mqtt/access.ts';
import type { Broker } from '../mqtt/broker.ts';
import type { Invoke } from '../queue/event-source-mapping.ts';
import type { IotCoreSettings, ListenerSettings } from '../settings.ts';
import type { Listener } from './tcp-listener.ts';
import { type Connector, openTlsPort } from './tls-listener.ts';
import { WebSocketListener, webSocketPath } from './websocket-listener.ts';

export interface ListenerParts {
  readonly broker: Broker;
  readonly clock: Clock;
  /** Certificates and signatures are dated by the calendar, whatever clock the service keeps: epoch milliseconds. */
  readonly today: () => number;
  readonly settings: ListenerSettings;
  readonly ports: Pick<IotCoreSettings['ports'], 'mqtts' | 'wss' | 'https'>;
  /** The HTTP data plane behind a check of who sends. */
  readonly dataPlaneFor: (authorize: AuthorizeRequest) => GatewayService;
  readonly invokeOf: (functionName: string) => Invoke;
  readonly onError: (error: unknown) => void;
}

export interface OpenListeners {
  readonly certificates: Certificates;
  /** MQTT with client certificates: port 8883 of AWS IoT Core. */
  readonly mqttsPort: number;
  /**
   * Port 443: WebSocket and HTTPS with signatures; by protocol (ALPN) MQTT with client certificates, MQTT for custom
   * authorizers, HTTPS with client certificates.
   */
  readonly wssPort: number;
  /** HTTPS with client certificates: port 8443. */
  readonly httpsPort: number;
  /** For the listener without TLS. */
  readonly authorizeBySignature: AuthorizeRequest;
  /** The requests of HTTPS and WebSocket clients. */
  readonly routes: readonly Route[];
  close(): void;
}

/** An idle HTTP connection may stay this long; SDK clients reuse theirs. */
const httpIdleMs = 300_000;

/**
 * The listeners of AWS IoT Core, on 127.0.0.1.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
 * @throws PolicyError for a policy among the settings that is not supported
 */
export async function openListeners(parts: ListenerParts): Promise<OpenListeners> {
  const { broker, today, settings, ports, dataPlaneFor, onError } = parts;
  const certificates = await makeCertificates(today());
  const { certificate } = certificates.device;
  const fleet = { certificate, ...(settings.fleetPolicies && { policies: settings.fleetPolicies }) };
  const known = new KnownCertificates([fleet, ...settings.certificates]);
  const accessKeys = new AccessKeys(settings.accessKeys, today);
  const { authorizers, defaultAuthorizer } = settings;
  const customAuthorizers = new CustomAuthorizers({ ...parts, authorizers, defaultAuthorizer });
  const authorizeBySignature = bySignature(accessKeys, customAuthorizers);

  const webSockets = new WebSocketListener(broker, accessKeys, customAuthorizers);
  const signedDataPlane = dataPlaneFor(authorizeBySignature);
  const signedHttp = makeHttp(signedDataPlane, onError);
  signedHttp.on('upgrade', (request: IncomingMessage, socket: TLSSocket, head: Buffer) =>
    webSockets.upgrade(request, socket, head),
  );
  const certifiedHttp = makeHttp(dataPlaneFor(byCertificate(known)), onError);

  const certifiedMqtt = (socket: TLSSocket): void => serveMqtt(broker, socket, known.gateOf(socket));
  const authorizedMqtt = (socket: TLSSocket): void => {
    const { remoteAddress: sourceIp, servername } = socket;
    const tls = { serverName: servername || '' };
    serveMqtt(broker, socket, (mqtt) => customAuthorizers.authorize({ tls, mqtt, sourceIp }));
  };
  const connectors: Connector[] = [
    { protocols: ['x-amzn-mqtt-ca'], requestsCertificate: true, enter: certifiedMqtt },
    { protocols: ['x-amzn-http-ca'], requestsCertificate: true, enter: serveHttp(certifiedHttp) },
    { protocols: ['mqtt'], requestsCertificate: false, enter: authorizedMqtt },
    { protocols: ['http/1.1'], requestsCertificate: false, enter: serveHttp(signedHttp) },
  ];
  const listeners: Listener[] = [];
  const close = (): void => {
    for (const listener of listeners) listener.close();
  };
  const open = async (behind: readonly Connector[], port: number): Promise<number> => {
    const listener = await openTlsPort(behind, certificates, port);
    listeners.push(listener);
    return listener.port;
  };
  try {
    return {
      certificates,
      mqttsPort: await open([{ requestsCertificate: true, enter: certifiedMqtt }], ports.mqtts),
      wssPort: await open(connectors, ports.wss),
      httpsPort: await open([{ requestsCertificate: true, enter: serveHttp(certifiedHttp) }], ports.https),
      authorizeBySignature,
      routes: [...signedDataPlane.routes, { method: 'GET', path: webSocketPath }],
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function serveMqtt(broker: Broker, socket: TLSSocket, authenticate: Authenticate): void {
  const connection = broker.accept(socket, authenticate);
  socket.on('data', (chunk: Buffer) => connection.receive(chunk, chunk.length));
}

/** An HTTP server without a port of its own: the TLS listeners pass it their connections. */
function makeHttp(service: GatewayService, onError: (error: unknown) => void): Server {
  const listener = makeRequestListener(
    ({ headers }) => {
      const refusal = refusalOfBrowser(headers, undefined);
      return refusal === undefined ? service : refusing(service, refusal);
    },
    (_what, error) => onError(error),
  );
  const server = createServer(listener);
  server.keepAliveTimeout = httpIdleMs;
  server.timeout = httpIdleMs;
  return server;
}

function serveHttp(server: Server): (socket: TLSSocket) => void {
  return (socket) => void server.emit('connection', socket);
}
