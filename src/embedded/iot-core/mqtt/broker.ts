import { type CancelTimer, repeat } from '../broker-clock.ts';
import type { Authenticate } from './access.ts';
import type { BrokerParts, BrokerState } from './broker-state.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { disconnectSome } from './disconnect-some.ts';
import { refreshAccess } from './handlers/authorize.ts';
import { dispatchFrame } from './handlers/dispatch.ts';
import { LateAcks } from './late-acks.ts';
import { LifecycleEvents } from './lifecycle-events.ts';
import type { Channel } from './outgoing-packets.ts';
import { reasonCodes } from './protocol.ts';
import { Sessions } from './sessions.ts';

/** How often silence, wills and session ends are looked for: a second, the unit MQTT counts them in. */
const sweepMs = 1_000;
/** Time for a client to close its connection after a DISCONNECT. */
const hangUpMs = 10_000;

/** The message broker: its connections and sessions. Listeners give it streams; handlers change its state. */
export class Broker implements ConnectionOwner {
  readonly state: BrokerState;
  readonly #connections = new Set<Connection>();
  /** Ended by us, not yet hung up by the client, and until when it may take. */
  readonly #ending = new Map<Connection, number>();
  readonly #stopSweeping: CancelTimer;
  #unflushed: Connection[] = [];

  constructor(parts: BrokerParts) {
    const { clock, faults, router, quotas } = parts;
    const storage = {
      clock,
      perSecond: quotas.limits.storedMessagesPerSecondPerClient,
      admit: (nowMs: number) => quotas.admitQueued(nowMs),
    };
    this.state = {
      ...parts,
      sessions: new Sessions(router, storage),
      lateAcks: new LateAcks(clock, faults),
      lifecycle: new LifecycleEvents(router),
    };
    this.#stopSweeping = repeat(clock, sweepMs, () => this.#sweep());
    faults.onDisconnect((clients, howMany, random) =>
      disconnectSome(this.#connections, clients, howMany, random),
    );
    faults.onPause((paused) => {
      for (const connection of this.#connections) {
        connection.hold('fault', paused);
        if (paused) continue;
        connection.forgiveSilence(clock.now());
        connection.flush();
      }
    });
  }

  /** Connections whose CONNECT was accepted. */
  get connected(): number {
    return this.state.sessions.connected;
  }

  /** A new network connection. The listener calls `receive` on what it gets. */
  accept(channel: Channel, authenticate: Authenticate): Connection {
    const connection = new Connection({
      broker: this.state,
      owner: this,
      channel,
      authenticate,
      dispatch: dispatchFrame,
    });
    this.#connections.add(connection);
    if (this.state.faults.paused) connection.hold('fault', true);
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
    const now = this.state.clock.now();
    this.#ending.set(connection, now + hangUpMs);
    if (connection.session === undefined) return;
    this.state.sessions.detach(connection.session, connection, now);
    this.state.lifecycle.disconnected(connection, now);
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
    const now = this.state.clock.now();
    for (const [connection, until] of this.#ending) {
      if (now < until) continue;
      this.#ending.delete(connection);
      connection.abandon();
    }
    this.state.quotas.sweep(now);
    this.state.router.retained.sweep(now);
    if (this.state.faults.paused) return;
    for (const connection of this.#connections) {
      if (connection.hasTimedOut(now)) connection.close(reasonCodes.keepAliveTimeout);
      else if (now >= connection.endsAtMs) connection.close(reasonCodes.notAuthorized);
      else if (now >= connection.refreshesAtMs) refreshAccess(connection);
    }
    this.state.sessions.sweep(now);
  }
}
