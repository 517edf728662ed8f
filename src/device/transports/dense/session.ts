import type { ISubackPacket } from 'mqtt-packet';
import { firstFailureCode } from '../reason-codes.ts';
import { ExactlyOnce, type ExchangeOwner, leastAtQos2 } from './exactly-once.ts';
import { PacketIds } from './packet-ids.ts';

/** The token of an identifier that a SUBSCRIBE uses. */
const subscription = -2;

/** What a client keeps of its packets until they are answered (4.1): their identifiers, each with the token of its message. */
export class Session extends PacketIds {
  readonly #owner: ExchangeOwner;
  #exactlyOnce: ExactlyOnce | undefined;
  /** Filters of SUBSCRIBE packets without an answer, by identifier. */
  #subscribing: Map<number, string> | undefined;

  constructor(owner: ExchangeOwner) {
    super();
    this.#owner = owner;
  }

  get exactlyOnce(): ExactlyOnce {
    this.#exactlyOnce ??= new ExactlyOnce(this.#owner, this);
    return this.#exactlyOnce;
  }

  /** @returns the identifier of the SUBSCRIBE; 0 where all are in use */
  subscribe(filter: string): number {
    const id = this.take(subscription);
    this.#subscribing ??= new Map();
    if (id > 0) this.#subscribing.set(id, filter);
    return id;
  }

  /** @returns the filter that was answered, and the code; undefined for an answer to nothing */
  onSuback({
    messageId = 0,
    granted: [granted],
  }: ISubackPacket): { filter: string; code: number } | undefined {
    const filter = this.#subscribing?.get(messageId);
    if (filter === undefined) return undefined;
    this.#subscribing?.delete(messageId);
    this.release(messageId);
    return { filter, code: typeof granted === 'number' ? granted : firstFailureCode };
  }

  /** Its connection has ended. @returns whether anything is left for the next one to resume */
  leaveConnection(): boolean {
    this.#subscribing = undefined;
    if (this.#exactlyOnce?.outlivesConnection !== true) return false;
    this.releaseBelow(leastAtQos2);
    return true;
  }
}
