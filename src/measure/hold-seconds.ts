import type { EncodedBuckets } from './latency-buckets.ts';
import type { EncodedLatencySeconds } from './latency-seconds.ts';

/**
 * What a slice of a run with a search records beside its totals, so that each hold of the search can be judged by itself. Counts are
 * by whole second since `startSecond` of the slice's `perSecond`: seconds to skip, then a count, and so on.
 */
export interface HoldSeconds {
  /** By stream number. */
  readonly streams: readonly DueSeconds[];
  /** `connect` by the second in which the attempt began, `reconnect` in which the connection was missed, `echo_latency` in which the message was due. */
  readonly latencies: Readonly<Partial<Record<SliceHoldLatencyName, EncodedLatencySeconds>>>;
  /** As of `SliceResult.connectedSendLag`, by the second in which the message was due. */
  readonly connectedSendLag: EncodedLatencySeconds;
  /** Attempts to connect that failed, and connections made again, by the second in which that was known. */
  readonly connectsFailed: EncodedBuckets;
  readonly reconnects: EncodedBuckets;
  /** Turns of devices to end their connections and to connect again, by the second in which they were due: those that found a connection. */
  readonly turns?: EncodedBuckets;
  /** By epoch second: CPU that the process used, in shares of a vCPU. */
  readonly cpuShare: Readonly<Record<string, number>>;
  /** How late a timer of 20 ms was, by the second in which it fired. */
  readonly loopDelay: EncodedLatencySeconds;
}

/** What became of the messages of one stream, by the second in which they were due. */
export interface DueSeconds {
  /** Number of the first message that was due in this leg. */
  readonly first: number;
  readonly intended: EncodedBuckets;
  /** What was neither sent nor decided by the instant of the record is in none. */
  readonly fates: Readonly<Partial<Record<MessageFate, EncodedBuckets>>>;
  readonly latencies: Readonly<Partial<Record<DueLatencyName, EncodedLatencySeconds>>>;
  /** Response times by status of the answer. Absent: nothing is requested of a web service. */
  readonly statuses?: Readonly<Record<string, EncodedLatencySeconds>>;
}

/** What became of a message, in the end. */
export type MessageFate = 'acked' | 'throttled' | 'failed' | 'unacknowledged' | DropReason;

/**
 * Why an intended publish was never sent. `not-connected`: the device had no connection when its turn came.
 * `backlog`: it waited for the device's unacknowledged publishes longer than the ack timeout. `stopped`: its turn had
 * come when the run was stopped, but it was not sent.
 */
export type DropReason = 'not-connected' | 'backlog' | 'stopped';

/** Of messages, by the slice that sends them. */
export type DueLatencyName = 'puback_round_trip' | 'pubcomp_round_trip' | 'response_time' | 'send_lag';

/** Of devices, whatever the stream. */
export type SliceHoldLatencyName = 'connect' | 'reconnect' | 'echo_latency';

/**
 * The epoch second in which a message is due, as its envelope says: instants are written there in whole microseconds, so that a sender and
 * an observer agree on the second of a message that is due at its very beginning.
 * @param atMs epoch milliseconds
 */
export function dueSecondOf(atMs: number): number {
  return Math.floor(Math.round(atMs * 1_000) / 1e6);
}
