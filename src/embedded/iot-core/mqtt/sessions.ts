import type { Router } from './router.ts';
import { Session, type SessionConnection } from './session.ts';
import type { StoragePolicy } from './stored-messages.ts';

/** What a CONNECT asks for. */
export interface Attachment {
  readonly clientId: string;
  readonly connection: SessionConnection;
  readonly cleanStart: boolean;
  readonly expirySeconds: number;
  readonly nowMs: number;
}

/** The sessions by client id, and what happens to them when their client goes. */
export class Sessions {
  readonly #router: Router;
  readonly #storage: StoragePolicy;
  readonly #byClientId = new Map<string, Session>();
  /** Sessions without a connection, kept for their expiry or their will. */
  readonly #away = new Set<Session>();

  constructor(router: Router, storage: StoragePolicy) {
    this.#router = router;
    this.#storage = storage;
  }

  get connected(): number {
    return this.#byClientId.size - this.#away.size;
  }

  get away(): number {
    return this.#away.size;
  }

  find(clientId: string): Session | undefined {
    return this.#byClientId.get(clientId);
  }

  /**
   * The session of a client that connects [MQTT-3.1.2-4], [MQTT-3.1.2-5]: its old one, unless it asks for a clean start
   * or has none.
   */
  attach({ clientId, connection, cleanStart, expirySeconds, nowMs }: Attachment): {
    readonly session: Session;
    readonly isResumed: boolean;
  } {
    const old = this.#byClientId.get(clientId);
    if (old !== undefined && cleanStart) this.#end(old, nowMs);
    const isResumed = old !== undefined && !cleanStart;
    const session = isResumed ? old : new Session(clientId, expirySeconds, this.#storage);
    session.expirySeconds = expirySeconds;
    session.connection = connection;
    // [MQTT-3.1.3-9] A delayed will is not sent to a client that is back in time.
    session.will = undefined;
    this.#away.delete(session);
    this.#byClientId.set(clientId, session);
    return { session, isResumed };
  }

  /** The connection of a session has ended. */
  detach(session: Session, connection: SessionConnection, nowMs: number): void {
    if (session.connection !== connection) return;
    session.connection = undefined;
    session.pause();
    session.awaySinceMs = nowMs;
    if (session.will?.delaySeconds === 0) this.#publishWill(session, nowMs);
    if (session.isPersistent) this.#away.add(session);
    else this.#end(session, nowMs);
  }

  /** Sends the wills that are due and ends the sessions that have expired. */
  sweep(nowMs: number): void {
    for (const session of this.#away) {
      const awayMs = nowMs - session.awaySinceMs;
      if (session.will !== undefined && awayMs >= session.will.delaySeconds * 1000) {
        this.#publishWill(session, nowMs);
      }
      if (awayMs >= session.expirySeconds * 1000) this.#end(session, nowMs);
    }
  }

  /** [MQTT-3.1.3-9] A will that waits is sent when the session ends, at the latest. */
  #end(session: Session, nowMs: number): void {
    this.#publishWill(session, nowMs);
    this.#router.subscriptions.removeAll(session);
    session.forget();
    this.#away.delete(session);
    if (this.#byClientId.get(session.clientId) === session) this.#byClientId.delete(session.clientId);
  }

  #publishWill(session: Session, nowMs: number): void {
    const { will } = session;
    if (will === undefined) return;
    session.will = undefined;
    const { topic, payload, headers } = will;
    this.#router.publish(this.#router.routeOf(topic), {
      topic,
      bytes: payload,
      start: 0,
      end: payload.length,
      headers,
      publisher: session,
      clientId: session.clientId,
      nowMs,
    });
  }
}
