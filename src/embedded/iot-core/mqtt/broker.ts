import type { AccountQuotas } from '../account-quotas.ts';
import { type CancelTimer, type Clock, repeat } from '../broker-clock.ts';
import type { Faults } from '../faults.ts';
import type { ProtocolMetrics } from '../metrics.ts';
import type { ThrottleAnswer, UnauthorizedSettings } from '../settings.ts';
import type { Authenticate } from './access.ts';
import type { BrokerParts, BrokerState } from './broker-state.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { disconnectSome } from './disconnect-some.ts';
import { refreshAccess } from './handlers/authorize.ts';
import { dispatchFrame } from './handlers/dispatch.ts';
import { LateAcks } from './late-acks.ts';
import type { Channel } from './outgoing-packets.ts';
import { reasonCodes } from './protocol.ts';
import type { Router } from './router.ts';
import { Sessions } from './sessions.ts';

/** How often silence, wills and session ends are looked for: a second, the unit MQTT counts them in. */
const sweepMs = 1_000;
/** Time for a client to close its connection after a DISCONNECT. */
const hangUpMs = 10_000;

/** The message broker: its connections and sessions. Listeners give it streams; handlers change its state. */
export class Broker implements BrokerState, ConnectionOwner {
  readonly clock: Clock;
  readonly metrics: ProtocolMetrics;
  readonly quotas: AccountQuotas;
  readonly faults: Faults;
  readonly router: Router;
  readonly throttleAnswer: ThrottleAnswer;
  readonly unauthorized: UnauthorizedSettings;
  readonly sessions: Sessions;
  readonly lateAcks: LateAcks;
  readonly onError: (error: unknown) => void;
  readonly #connections = new Set<Connection>();
  /** Ended by us, not yet hung up by the client, and until when it may take. */
  readonly #ending = new Map<Connection, number>();
  readonly #stopSweeping: CancelTimer;
  #unflushed: Connection[] = [];

  constructor(parts: BrokerParts) {
    this.clock = parts.clock;
    this.metrics = parts.metrics;
    this.quotas = parts.quotas;
    this.throttleAnswer = parts.throttleAnswer;
    this.faults = parts.faults;
    this.router = parts.router;
    this.unauthorized = parts.unauthorized;
    this.onError = parts.onError;
    this.sessions = new Sessions(parts.router);
    this.#stopSweeping = repeat(this.clock, sweepMs, () => this.#sweep());
    this.lateAcks = new LateAcks(this.clock, this.faults);
    this.faults.onDisconnect((clients, howMany, random) =>
      disconnectSome(this.#connections, clients, howMany, random),
    );
    this.faults.onPause((paused) => {
      for (const connection of this.#connections) {
        connection.hold('fault', paused);
        if (paused) continue;
        connection.forgiveSilence(this.clock.now());
        connection.flush();
      }
    });
  }

  /** Connections whose CONNECT was accepted. */
  get connected(): number {
    return this.sessions.connected;
  }

  /** A new network connection. The listener calls `receive` on what it gets. */
  accept(channel: Channel, authenticate: Authenticate): Connection {
    const connection = new Connection({
      broker: this,
      owner: this,
      channel,
      authenticate,
      dispatch: dispatchFrame,
    });
    this.#connections.add(connection);
    if (this.faults.paused) connection.hold('fault', true);
    return connection;
  }

  /** Frames written in one turn of the event loop leave together. */
  flushSoon(connection: Connection): void {
    this.#unflushed.push(connection);
    if (this.#unflushed.length === 1) setImmediate(() => this.#flush());
  }

  /** The connection counts no more; its stream may still be open, for what was written last. */
  onClosed(connection: Connection): void {
    this.#connections.delete(connection);
    const now = this.clock.now();
    this.#ending.set(connection, now + hangUpMs);
    if (connection.session !== undefined) this.sessions.detach(connection.session, connection, now);
  }

  /** Its stream is closed as well. */
  onGone(connection: Connection): void {
    this.#ending.delete(connection);
  }

  /** Sends a DISCONNECT to every connection and ends it. */
  close(): void {
    this.#stopSweeping();
    for (const connection of this.#connections) connection.close(reasonCodes.serverShuttingDown);
    for (const connection of this.#ending.keys()) connection.abandon();
  }

  #flush(): void {
    const connections = this.#unflushed;
    this.#unflushed = [];
    for (const connection of connections) connection.flush();
  }

  #sweep(): void {
    const now = this.clock.now();
    for (const [connection, until] of this.#ending) {
      if (now < until) continue;
      this.#ending.delete(connection);
      connection.abandon();
    }
    this.quotas.sweep(now);
    this.router.retained.sweep(now);
    if (this.faults.paused) return;
    for (const connection of this.#connections) {
      if (connection.hasTimedOut(now)) connection.close(reasonCodes.keepAliveTimeout);
      else if (now >= connection.endsAtMs) connection.close(reasonCodes.notAuthorized);
      else if (now >= connection.refreshesAtMs) refreshAccess(connection);
    }
    this.sessions.sweep(now);
  }
}
