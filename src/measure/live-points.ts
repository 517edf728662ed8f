import type { EncodedHistogram } from './latency-histogram.ts';
import type { DeviceCounts, SliceMessageCounts } from './slice-result.ts';

/**
 * The live view: what a slice and the subscriber tell InfluxDB about once a second. Never the record (that is the run
 * store), never in the send path.
 */
export interface SliceSnapshot {
  readonly runId: string;
  readonly slice: number;
  readonly protocol: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly phase: 'waiting' | 'connecting' | 'publishing' | 'draining' | 'done';
  /** Cumulative since the slice began. */
  readonly devices: DeviceCounts;
  /** Without what is undecided: neither dropped nor unacknowledged is anything that may still go well. */
  readonly messages: SliceMessageCounts;
  /** Of the last interval. */
  readonly sendLagP99Ms: number;
  readonly pubackRoundTripP99Ms: number;
}

export interface ArrivalSnapshot {
  readonly runId: string;
  readonly window: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** In this window. */
  readonly arrivals: number;
  readonly endToEndLatency: EncodedHistogram;
}

/** InfluxDB measurement names. Tags: run, and for slices protocol and slice. */
export const liveMeasurements = { slice: 'stampede_slice', arrivals: 'stampede_arrivals' } as const;
