import type { InFlightMessage } from './in-flight.ts';
import type { TakenMessage } from './outgoing-stream.ts';
import type { SliceCounters } from './slice-counters.ts';
import type { Transport } from './transport.ts';

/** Decides which of the messages that the transport took count as sent: those that have left. */
export interface Departures {
  /** Messages that were taken and have neither left nor been dropped. */
  readonly waiting: number;
  /** Those of them whose answer is still waited for. */
  readonly waitingInFlight: number;
  /** The same of one stream. */
  of(stream: number): { readonly waiting: number; readonly waitingInFlight: number };
  /** @param sentMs when the transport took it, epoch milliseconds: a message that leaves later was sent then */
  taken(message: TakenMessage, token: number, sentMs: number): void;
  left(token: number): void;
  /** The message will never leave. */
  notSent(token: number): void;
  /** The answer to the message is no longer waited for. */
  givenUp(message: InFlightMessage): void;
  /** Drops what has not left. @returns its tokens */
  end(): Iterable<number>;
}

export function makeDepartures({ traffic }: Transport, counters: SliceCounters): Departures {
  return traffic === undefined ? new DeparturesAtOnce(counters) : new DeparturesOnceConnected(counters);
}

/** Devices keep their connections open: what the transport takes leaves at once. */
class DeparturesAtOnce implements Departures {
  readonly waiting = 0;
  readonly waitingInFlight = 0;
  readonly #counters: SliceCounters;

  constructor(counters: SliceCounters) {
    this.#counters = counters;
  }

  taken(message: TakenMessage, _token: number, sentMs: number): void {
    this.#counters.sent(message, sentMs);
  }

  left(): void {}

  notSent(): void {}

  of(): { readonly waiting: number; readonly waitingInFlight: number } {
    return this;
  }

  givenUp(message: InFlightMessage): void {
    this.#counters.unacknowledged(message.isAccepted, message);
  }

  end(): Iterable<number> {
    return [];
  }
}

interface WaitingMessage extends TakenMessage {
  readonly sentMs: number;
  /** Its answer is no longer waited for: it is unacknowledged if it leaves. */
  isGivenUp: boolean;
}

/** Requests open connections when they need them: each leaves once its connection is open, and is dropped if none opens. */
class DeparturesOnceConnected implements Departures {
  readonly #counters: SliceCounters;
  readonly #waiting = new Map<number, WaitingMessage>();
  #givenUp = 0;

  constructor(counters: SliceCounters) {
    this.#counters = counters;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get waitingInFlight(): number {
    return this.#waiting.size - this.#givenUp;
  }

  taken({ device, stream, n, atMs }: TakenMessage, token: number, sentMs: number): void {
    this.#waiting.set(token, { device, stream, n, atMs, sentMs, isGivenUp: false });
  }

  left(token: number): void {
    const message = this.#take(token);
    if (message === undefined) return;
    this.#counters.sent(message, message.sentMs);
    if (message.isGivenUp) this.#counters.unacknowledged(false, message);
  }

  notSent(token: number): void {
    const message = this.#take(token);
    if (message !== undefined) this.#counters.dropped('not-connected', message.stream, message.n);
  }

  of(stream: number): { readonly waiting: number; readonly waitingInFlight: number } {
    const messages = [...this.#waiting.values()].filter((message) => message.stream === stream);
    return {
      waiting: messages.length,
      waitingInFlight: messages.filter(({ isGivenUp }) => !isGivenUp).length,
    };
  }

  givenUp(inFlight: InFlightMessage): void {
    const message = this.#waiting.get(inFlight.token);
    if (message === undefined) {
      this.#counters.unacknowledged(false, inFlight);
    } else {
      message.isGivenUp = true;
      this.#givenUp++;
    }
  }

  end(): Iterable<number> {
    const tokens = [...this.#waiting.keys()];
    for (const { stream, n } of this.#waiting.values()) this.#counters.dropped('stopped', stream, n);
    this.#waiting.clear();
    this.#givenUp = 0;
    return tokens;
  }

  #take(token: number): WaitingMessage | undefined {
    const message = this.#waiting.get(token);
    if (message === undefined) return undefined;
    this.#waiting.delete(token);
    if (message.isGivenUp) this.#givenUp--;
    return message;
  }
}
