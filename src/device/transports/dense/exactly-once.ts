import { firstFailureCode, identifierNotFound, isThrottle, reasonOf } from '../reason-codes.ts';
import type { DenseContext } from './dense-context.ts';
import { type PacketIds, unknownId } from './packet-ids.ts';
import { encodePubcomp, encodePubrec, encodePubrel } from './packets.ts';

/**
 * In the table of packet identifiers a message at QoS 2 has its token plus one of these, so that no object a message is needed:
 * a token is below 2³¹. `unreceived`: its PUBREC is outstanding. `unreleased`: its PUBCOMP is.
 */
const unreceived = 2 ** 31;
const unreleased = 2 ** 32;

/** Values below are not those of QoS 2. */
export const leastAtQos2 = unreceived;

/** The bit of a PUBLISH that says that it was sent before (3.3.1.1). */
const dupFlag = 0x08;

/** Whose exchanges they are. */
export interface ExchangeOwner {
  readonly device: number;
  readonly context: DenseContext;
  /** Sends a packet, unless the connection takes none any more. */
  write(packet: Buffer): void;
  /** Closes the connection: an answer does not fit what was sent (4.13.1). */
  giveUp(reason: string): void;
}

/**
 * QoS 2 of one device (4.3.3), both ways. Sending: PUBLISH, PUBREC, PUBREL, PUBCOMP, with one packet identifier from the first to
 * the last. Receiving: the same, and the identifier says which message was delivered already. Its state is the session's: it
 * outlives the connection if the session does (4.1).
 */
export class ExactlyOnce {
  readonly #owner: ExchangeOwner;
  readonly #ids: PacketIds;
  /** Identifiers of received messages whose PUBREL has not come. */
  readonly #received = new Set<number>();
  /**
   * By identifier: the packet to send again if the session is resumed, in the order to be kept [MQTT-4.6.0-1], [MQTT-4.6.0-4].
   * Undefined where no session outlives its connection: then nothing is ever sent again.
   */
  readonly #unfinished: Map<number, Buffer> | undefined;

  constructor(owner: ExchangeOwner, ids: PacketIds) {
    this.#owner = owner;
    this.#ids = ids;
    this.#unfinished = owner.context.settings.cleanStart ? undefined : new Map();
  }

  get outlivesConnection(): boolean {
    return this.#unfinished !== undefined;
  }

  /** @returns what the identifier of a message is taken with */
  static valueOf(token: number): number {
    return unreceived + token;
  }

  /** @param packet the PUBLISH; copied if it may have to be sent again */
  sent(id: number, packet: Buffer): void {
    if (this.#unfinished === undefined) return;
    const copy = Buffer.from(packet);
    copy[0] = copy[0]! | dupFlag;
    this.#unfinished.set(id, copy);
  }

  onPubrec(id: number, code: number): void {
    const { context, device } = this.#owner;
    const value = this.#ids.valueOf(id);
    if (value === unknownId) {
      // [MQTT-4.3.3-4] A refusal ends the exchange. Anything else has to be released, known or not (3.6.2.1).
      if (code < firstFailureCode) this.#owner.write(encodePubrel(id, this.#notFound));
    } else if (value < unreceived) {
      this.#owner.giveUp('ProtocolError');
    } else if (code >= firstFailureCode) {
      this.#finish(id);
      const why = isThrottle(code) ? 'throttled' : 'failed';
      context.listener.refused(device, tokenOf(value), why, reasonOf(code));
    } else {
      const pubrel = encodePubrel(id);
      if (value < unreleased) {
        const token = tokenOf(value);
        this.#ids.setValue(id, unreleased + token);
        // Behind those before it: PUBRELs go in the order of their PUBRECs.
        if (this.#unfinished?.delete(id)) this.#unfinished.set(id, pubrel);
        context.listener.accepted?.(device, token);
      }
      this.#owner.write(pubrel);
    }
  }

  onPubcomp(id: number, code: number): void {
    const { context, device } = this.#owner;
    const value = this.#ids.valueOf(id);
    // Answered before.
    if (value === unknownId) return;
    if (value < unreleased) {
      this.#owner.giveUp('ProtocolError');
      return;
    }
    const token = tokenOf(value);
    this.#finish(id);
    if (code < firstFailureCode) context.listener.acknowledged(device, token);
    else context.listener.refused(device, token, 'failed', reasonOf(code));
  }

  /** @returns whether the message is to be delivered [MQTT-4.3.3-10]; `answer` follows */
  isNew(id: number): boolean {
    if (this.#received.has(id)) return false;
    this.#received.add(id);
    return true;
  }

  answer(id: number): void {
    this.#owner.write(encodePubrec(id));
  }

  /** [MQTT-4.3.3-11] Every PUBREL is answered; the identifier may be used for another message then. */
  onPubrel(id: number): void {
    const isKnown = this.#received.delete(id);
    this.#owner.write(encodePubcomp(id, isKnown ? 0 : this.#notFound));
  }

  /** [MQTT-4.4.0-1] The service has kept the session: what is unfinished is sent again, with its identifiers. */
  resume(): void {
    for (const packet of this.#unfinished?.values() ?? []) this.#owner.write(packet);
  }

  #finish(id: number): void {
    this.#ids.release(id);
    this.#unfinished?.delete(id);
  }

  /** 3.1.1 has no codes. */
  get #notFound(): number {
    return this.#owner.context.mqttVersion === 5 ? identifierNotFound : 0;
  }
}

function tokenOf(value: number): number {
  return value < unreleased ? value - unreceived : value - unreleased;
}
