import type { EncodedIntervals } from './interval-set.ts';
import type { EncodedHistogram } from './latency-histogram.ts';
import type { ArrivalLatencyName } from './latency-names.ts';
import type { EncodedLatencySeconds } from './latency-seconds.ts';

/**
 * What one observer saw of one run within one batch: `runs/{runId}/arrivals/{observer}/{window}.json`. Windows merge in any
 * order; the union of their interval sets gives `received` and duplicates to the message.
 */
export interface ArrivalWindow {
  readonly version: 2;
  readonly runId: string;
  /** `rule`: the queue or stream behind the rule, which measure-latency reads. `subscriber`: slices that subscribe. */
  readonly observer: string;
  /** Derived from the batch, so that a redelivered batch replaces its own window instead of adding a second. Of a subscriber: its slice and a number. */
  readonly window: string;
  /** Messages in the window, duplicates included. */
  readonly arrivals: number;
  /** By stream key (`7`, `7.1`): ranks of the messages that arrived, among those due at the observer. Where all are due, n. */
  readonly seen: Readonly<Record<string, EncodedIntervals>>;
  /**
   * By slice number: the smallest of stamp − sent, of the queue's stamps and the rules engine's, microseconds. The stamps are
   * rounded down and this is not corrected for it: it bounds how far clocks are apart. Absent in older windows.
   */
  readonly leastTransitUs?: Readonly<Record<string, number>>;
  readonly latencies: Readonly<Record<ArrivalLatencyName, EncodedHistogram>>;
  /**
   * By number of the device group, from 1 (0: a flat profile) and of the stream: `2` for stream 0 of group 2, `2.1` for its stream 1.
   * What is of no group and of stream 0 is in none. In windows of earlier versions all streams of a group are under `2`.
   */
  readonly groups?: Readonly<Record<string, GroupArrivals>>;
  /** Arrivals by whole second (epoch seconds) of arrival. */
  readonly perSecond: { readonly startSecond: number; readonly arrivals: readonly number[] };
  /** By second of arrival. */
  readonly latencyPerSecond?: { readonly end_to_end_latency: EncodedLatencySeconds };
  /** Of messages that are in none of `groups`. Absent in windows of earlier versions. */
  readonly dueSeconds?: DueArrivals;
  /** Messages that the queue had delivered before, to an invocation that did not finish with them. Absent: none. */
  readonly redelivered?: number;
  /** Wills of the run's devices that came. Absent: none. */
  readonly wills?: number;
  /** Of a batch from a stream: its last record. All records before it in its shard have been read, or were given up. */
  readonly readUpTo?: StreamPosition;
  /** What else was in the batch; it names no run, so it is noted with every run of the batch. */
  readonly unrelated: UnrelatedCounts;
  /** Which windows it is the sum of. Absent: it is a batch's own. */
  readonly folded?: FoldedWindows;
}

/** Windows of one observer that lie in the run store as one: `runs/{runId}/arrivals/{observer}/folded/{fold}.json`. */
export interface FoldedWindows {
  /** 0, 1, 2 … */
  readonly fold: number;
  /**
   * Their names.
   * @maxItems 1000000
   */
  readonly windows: readonly string[];
  /** Of each shard that one of them is of. */
  readonly readUpTo: readonly StreamPosition[];
}

/** What was seen of one kind of message of one device group. */
export interface GroupArrivals {
  readonly arrivals: number;
  readonly latencies: Readonly<Record<ArrivalLatencyName, EncodedHistogram>>;
  /** `end_to_end_latency` by second of arrival. Absent in windows of earlier versions. */
  readonly endToEndPerSecond?: EncodedLatencySeconds;
  /** Absent in windows of earlier versions. */
  readonly dueSeconds?: DueArrivals;
}

/** By the second in which messages were due: what a search judges its holds by. */
export type DueArrivals = Readonly<Record<ArrivalLatencyName, EncodedLatencySeconds>>;

/** Messages on the topics that are not this tester's, by what was wrong with them. Counted, never fatal. */
export interface UnrelatedCounts {
  readonly notJson: number;
  readonly noEnvelope: number;
  /** Of other runs of Stampede: only a subscriber sees those, for the rule's reader stores them with their own run. */
  readonly otherRun?: number;
}

/** A record of a stream. */
export interface StreamPosition {
  /** `shardId-000000000006` */
  readonly shard: string;
  readonly sequenceNumber: string;
}
