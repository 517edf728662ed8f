import type { PublishHeaders } from './message.ts';
import { type ReasonCode, reasonCodes } from './protocol.ts';
import type { Router } from './router.ts';
import type { Session } from './session.ts';

/** Where the service publishes them; clients may only subscribe. */
const lifecycleTopics = '$aws/events/';

/** What events say of a client's connection. */
interface ConnectedClient {
  readonly session: Pick<Session, 'clientId' | 'identifier'> | undefined;
  readonly principal: string;
  readonly closedWith: ReasonCode | undefined;
  readonly endsAtMs: number;
}

/** All listeners are on loopback. */
const ipAddress = '127.0.0.1';
const headers: PublishHeaders = { qos: 1, retain: false };

/**
 * Why a connection ended, in AWS's words; the codes that are not named here are the client's errors.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html
 */
const disconnectReasons: Readonly<Partial<Record<ReasonCode, string>>> = {
  [reasonCodes.success]: 'CLIENT_INITIATED_DISCONNECT',
  [reasonCodes.keepAliveTimeout]: 'MQTT_KEEP_ALIVE_TIMEOUT',
  [reasonCodes.sessionTakenOver]: 'DUPLICATE_CLIENTID',
  [reasonCodes.serverShuttingDown]: 'SERVER_INITIATED_DISCONNECT',
  [reasonCodes.unspecifiedError]: 'SERVER_ERROR',
  [reasonCodes.quotaExceeded]: 'THROTTLED',
  [reasonCodes.notAuthorized]: 'AUTH_ERROR',
};

function reasonOf(closedWith: ReasonCode | undefined): string {
  if (closedWith === undefined) return 'CONNECTION_LOST';
  return disconnectReasons[closedWith] ?? 'CLIENT_ERROR';
}

/** The messages that the service publishes itself when clients connect, disconnect, subscribe and unsubscribe. */
export class LifecycleEvents {
  readonly #router: Router;
  /** By connection. They grow from one connection to the next, and so do those of each client id. */
  readonly #versions = new WeakMap<ConnectedClient, number>();
  #lastVersion = 0;

  constructor(router: Router) {
    this.#router = router;
  }

  connected(connection: ConnectedClient, nowMs: number): void {
    this.#versions.set(connection, this.#lastVersion++);
    this.#publish('presence', 'connected', connection, nowMs, () => ({
      ipAddress,
      versionNumber: this.#versions.get(connection),
    }));
  }

  disconnected(connection: ConnectedClient, nowMs: number): void {
    const { closedWith, endsAtMs } = connection;
    const hasRunOut = closedWith === reasonCodes.notAuthorized && nowMs >= endsAtMs;
    this.#publish('presence', 'disconnected', connection, nowMs, () => ({
      clientInitiatedDisconnect: closedWith === reasonCodes.success,
      disconnectReason: hasRunOut ? 'CUSTOMAUTH_TTL_EXPIRATION' : reasonOf(closedWith),
      versionNumber: this.#versions.get(connection),
    }));
  }

  /** @param topics filters that were accepted; none: there is no event */
  subscribed(connection: ConnectedClient, topics: readonly string[], nowMs: number): void {
    if (topics.length > 0)
      this.#publish('subscriptions', 'subscribed', connection, nowMs, () => ({ topics }));
  }

  /** @param topics filters that there was a subscription to; none: there is no event */
  unsubscribed(connection: ConnectedClient, topics: readonly string[], nowMs: number): void {
    if (topics.length > 0)
      this.#publish('subscriptions', 'unsubscribed', connection, nowMs, () => ({ topics }));
  }

  /** Makes the message only where it has a reader: most clients have none of theirs. */
  #publish(
    kind: 'presence' | 'subscriptions',
    eventType: string,
    connection: ConnectedClient,
    nowMs: number,
    more: () => object,
  ): void {
    const { session, principal } = connection;
    if (session === undefined) return;
    const { clientId } = session;
    // "Client IDs that contain # or + do not receive lifecycle events."
    if (/[#+]/.test(clientId)) return;
    const topic = `${lifecycleTopics}${kind}/${eventType}/${clientId}`;
    const route = this.#router.routeOf(topic);
    if (!route.hasReaders && route.rules.length === 0) return;
    const bytes = Buffer.from(
      JSON.stringify({
        clientId,
        timestamp: Math.floor(nowMs),
        eventType,
        sessionIdentifier: session.identifier,
        principalIdentifier: principal,
        ...more(),
      }),
    );
    const end = bytes.length;
    this.#router.publish(route, {
      topic,
      bytes,
      start: 0,
      end,
      headers,
      publisher: undefined,
      clientId: undefined,
      nowMs,
    });
  }
}
