import type { IntervalSet } from './interval-set.ts';
import { MessageSets } from './message-sets.ts';
import type { CountsByReason } from './reason-counts.ts';
import { ReasonCounts } from './reason-counts.ts';

/** What the queues between the rule and its reader still hold when the ledger of a run is closed. */
export interface Backlog {
  /**
   * Messages that wait for the reader: ready, in flight or delayed. The queue's own count, which does not distinguish one run's
   * messages from another's.
   */
  readonly unread: number;
  /** Which messages of the run wait, where it can be read; in place of the count. */
  readonly unreadMessages?: MessageSets;
  /** What was given up, to the message, by where it lies now. */
  readonly deadLetters: readonly DeadLetters[];
  /** Messages of any run that could be this run's and were not looked at; infinite where a queue could not be read. */
  readonly unseen: number;
  /** Why `unseen` is not 0, a phrase each: `the arrivals queue could not be read (AccessDenied)`. */
  readonly unseenBecause: readonly string[];
}

/** Messages that a queue for failures holds. */
export interface DeadLetters {
  /** `dead-letter queue`, `rule’s error queue: ThrottlingException`. */
  readonly reason: string;
  readonly messages: MessageSets;
}

/** Every queue was read, and none holds anything. */
export const emptyBacklog: Backlog = { unread: 0, deadLetters: [], unseen: 0, unseenBecause: [] };

/** Nothing is known of any queue. */
export function unknownBacklog(because: string): Backlog {
  return { ...emptyBacklog, unseen: Number.POSITIVE_INFINITY, unseenBecause: [because] };
}

/** Sent, and neither received nor dead-lettered: where it is. */
export interface MissingMessages {
  readonly notRead: number;
  readonly unaccounted: number;
  readonly lost: number;
}

/**
 * It is not known which of the missing messages the queue holds, only how many it holds: up to so many are not read yet.
 * Up to `unseen` of the others may lie where they cannot be read, and are not accounted for. The rest is lost.
 */
export function divideMissing(
  missing: number,
  { unread, unseen }: Pick<Backlog, 'unread' | 'unseen'>,
): MissingMessages {
  const notRead = Math.min(missing, unread);
  const unaccounted = Math.min(missing - notRead, unseen);
  return { notRead, unaccounted, lost: missing - notRead - unaccounted };
}

/** Messages that wait; of those that are known by their numbers, none that is received or given up. */
export function unreadOf(
  { unread, unreadMessages }: Pick<Backlog, 'unread' | 'unreadMessages'>,
  received: MessageSets,
  deadLetters: MessageSets,
): number {
  return unreadMessages === undefined ? unread : unreadMessages.without(received).without(deadLetters).count;
}

/** Messages that were given up and did not arrive. A message that is in two queues is counted at the first. */
export function uniteDeadLetters(
  { deadLetters }: Pick<Backlog, 'deadLetters'>,
  received: MessageSets,
): { deadLetters: MessageSets; deadLetteredBy: CountsByReason } {
  const all = new MessageSets();
  const reasons = new ReasonCounts();
  for (const { reason, messages } of deadLetters) {
    const known = all.count;
    all.addAll(messages.without(received));
    reasons.add(reason, all.count - known);
  }
  return { deadLetters: all, deadLetteredBy: reasons.counts() };
}

/** What arrived of one stream; the two sets have no message in common. */
export interface Arrived {
  readonly received: IntervalSet;
  readonly deadLettered: IntervalSet;
}

/** `missing`: sent, and neither received nor dead-lettered. */
export function countArrived(
  sent: IntervalSet,
  { received, deadLettered }: Arrived,
): { received: number; deadLettered: number; missing: IntervalSet } {
  return {
    received: received.count,
    deadLettered: deadLettered.count,
    missing: sent.without(received).without(deadLettered),
  };
}
