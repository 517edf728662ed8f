import { sumFields } from '../shared/counts.ts';
import type { SentEntry, SentMessages } from './leg-entry.ts';
import { type CountsByReason, ReasonCounts } from './reason-counts.ts';
import { noMessages } from './slice-result.ts';

/** What became of the messages of a device group, or of one of its kinds of message. */
export interface MessageTotals {
  readonly plannedMessages: number;
  /** Whether publishes are acknowledged: over HTTPS, and over MQTT at QoS 1 and 2. */
  readonly acknowledged: boolean;
  readonly messages: SentMessages;
  /** By observer. */
  readonly observers: Readonly<Record<string, SeenMessages>>;
  /** Why publishes were never sent: the slices' own reasons, `slice-died`, `slice-failed`. */
  readonly droppedBy: CountsByReason;
}

/** `due = received + deadLettered + missing`: what is missing is lost, or still held by a queue, which does not count by group. */
export interface SeenMessages {
  readonly due: number;
  readonly received: number;
  readonly deadLettered: number;
  readonly missing: number;
}

export const nothingSeen: SeenMessages = { due: 0, received: 0, deadLettered: 0, missing: 0 };

const { echoed: _, ...noPublishes } = noMessages;
const nothingSent: SentMessages = { ...noPublishes, sendUnknown: 0, ackUnknown: 0 };

/** Adds up messages slice by slice, or kind by kind. */
export class MessageSum {
  #messages = nothingSent;
  readonly #observers = new Map<string, SeenMessages>();
  readonly #droppedBy = new ReasonCounts();

  add({ messages, droppedBy }: SentEntry): void {
    this.#messages = sumFields(this.#messages, messages);
    this.#droppedBy.addAll(droppedBy);
  }

  addSeen(observer: string, seen: SeenMessages): void {
    this.#observers.set(observer, sumFields(this.#observers.get(observer) ?? nothingSeen, seen));
  }

  totals(): Pick<MessageTotals, 'messages' | 'observers' | 'droppedBy'> {
    return {
      messages: this.#messages,
      observers: Object.fromEntries(this.#observers),
      droppedBy: this.#droppedBy.counts(),
    };
  }
}
