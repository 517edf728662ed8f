import type { IntervalSet } from './interval-set.ts';
import type { MessageSets } from './message-sets.ts';
import type { OfflineTimes } from './offline-times.ts';

/** What a slice of devices stored of the commands that they receive. */
export interface Receiver {
  /** Epoch milliseconds of its record. */
  readonly at: number;
  readonly hasEnded: boolean;
  readonly offline: OfflineTimes;
  /** Of those times, the ones in which sessions were to keep what came. */
  readonly kept: OfflineTimes;
}

/** What a backend's slice stored of its commands. */
export interface Sender {
  readonly hasEnded: boolean;
  /** Numbers of the commands that it had sent by then. */
  readonly sent: IntervalSet;
  /** The largest, milliseconds. */
  readonly sendLagMs: number;
  readonly lateSends: readonly LateCommands[];
  /** Absent: it receives no replies. */
  readonly replies: RepliesRecord | undefined;
}

/** Numbers of commands that were sent late, and when, epoch milliseconds; the end is not part of it. */
export interface LateCommands {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly numbers: IntervalSet;
}

export interface RepliesRecord {
  /** Ranks of the deliveries that were replied to within the timeout. */
  readonly replied: IntervalSet;
  readonly late: number;
  /** When its clients were not subscribed. */
  readonly offline: OfflineTimes;
}

/** Ranks of deliveries whose commands were sent late, and when. */
export interface LateDeliveries extends Omit<LateCommands, 'numbers'> {
  readonly ranks: IntervalSet;
}

/** What all slices of a run stored. */
export interface DownlinkRecords {
  readonly offline: MessageSets;
  readonly kept: MessageSets;
  readonly expired: MessageSets;
  /** By slice. */
  readonly receivers: ReadonlyMap<number, Receiver>;
  readonly senders: ReadonlyMap<number, Sender>;
  /** By slice of the backend. */
  readonly repliesSent: ReadonlyMap<number, number>;
}
