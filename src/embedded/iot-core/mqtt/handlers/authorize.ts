import type { ConnectCredentials, Grant } from '../access.ts';
import type { Connection } from '../connection.ts';
import { encodePacket } from '../packet-codec.ts';
import { ProtocolViolation, reasonCodes } from '../protocol.ts';
import type { Will } from '../session.ts';

/**
 * Asks the listener's authenticator who this is, and the policies whether it may connect under this client id, and leave such a will:
 * here a will is looked at when it is left, not when it is sent.
 * @param then called with the answer: at once, or when a custom authorizer has given it; the connection waits
 */
export function authorizeConnect(
  connection: Connection,
  credentials: ConnectCredentials,
  will: Will | undefined,
  then: (isLetIn: boolean) => void,
): void {
  const decide = (grant: Grant | undefined): void => {
    const isLetIn = grant !== undefined && allowsConnect(grant, credentials.clientId, will);
    if (isLetIn) take(connection, grant);
    else connection.broker.metrics.connectAuthError.add(connection.receivedAtMs);
    then(isLetIn);
  };
  const answer = connection.authenticate(credentials);
  if (answer instanceof Promise) connection.waitFor(answer, decide);
  else decide(answer);
}

/** Renews access that was granted for a limited time. Until the answer arrives, the old access is valid. */
export function refreshAccess(connection: Connection): void {
  const { refresh } = connection;
  connection.refresh = undefined;
  connection.refreshesAtMs = Number.POSITIVE_INFINITY;
  refresh?.ask().then((grant) => {
    if (connection.closed) return;
    if (grant === undefined) connection.close(reasonCodes.notAuthorized);
    else take(connection, grant);
  }, connection.broker.onError);
}

function allowsConnect({ access }: Grant, clientId: string, will: Will | undefined): boolean {
  if (!access.mayConnect(clientId)) return false;
  if (will === undefined) return true;
  return access.mayPublish(will.topic) && (!will.headers.retain || access.mayRetain(will.topic));
}

function take(connection: Connection, { access, lastsMs, refresh, principal }: Grant): void {
  const now = connection.broker.clock.now();
  connection.access = access;
  if (principal !== undefined) connection.principal = principal;
  // Whether it may publish there is to be asked again.
  connection.route = undefined;
  if (connection.session !== undefined) connection.session.access = access;
  if (lastsMs !== undefined) connection.endsAtMs = Math.min(connection.endsAtMs, now + lastsMs);
  connection.refresh = refresh;
  connection.refreshesAtMs = refresh === undefined ? Number.POSITIVE_INFINITY : now + refresh.afterMs;
}

/** A publish that the policies do not allow: the connection ends, or the message is passed over. */
export function refusePublish(connection: Connection, packetId: number, isRetained: boolean): void {
  const { broker, receivedAtMs: now } = connection;
  broker.metrics.publishInAuthError.add(now);
  if (isRetained) broker.metrics.publishRetainedAuthError.add(now);
  if (broker.unauthorized.publish === 'disconnect') throw notAuthorized('a PUBLISH');
  // (3.4.2.1) MQTT 3.1.1 has no PUBACK that says no.
  if (connection.version === 5 && packetId !== 0) {
    const reasonCode = reasonCodes.notAuthorized;
    connection.send(encodePacket({ cmd: 'puback', messageId: packetId, reasonCode }, 5));
  }
}

/** Whether a filter of a SUBSCRIBE is allowed: SUBACK says so of each, or the connection ends. */
export function authorizeSubscribe(connection: Connection, filter: string): boolean {
  if (connection.access.maySubscribe(filter)) return true;
  const { broker } = connection;
  broker.metrics.subscribeAuthError.add(connection.receivedAtMs);
  if (broker.unauthorized.subscribe === 'disconnect') throw notAuthorized('a SUBSCRIBE');
  return false;
}

function notAuthorized(what: string): ProtocolViolation {
  return new ProtocolViolation(reasonCodes.notAuthorized, `${what} that no policy allows`);
}
