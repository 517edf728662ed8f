import type { ForeignCounts } from '../measure/arrival-window.ts';
import type { Imbalance } from '../measure/check-ledger.ts';
import type { LatencyName, TimedLatencyName } from '../measure/latency-names.ts';
import type { LatencySummary } from '../measure/latency-summary.ts';
import type { CountsByReason, MessageLedger, RunSeries, SliceOutcomes } from '../measure/run-ledger.ts';
import type { DeviceCounts } from '../measure/slice-result.ts';
import type { QuotaName } from '../plan/quotas.ts';
import type { LatencyDistribution } from './latency-distribution.ts';
import type { LatencyOverTime } from './latency-over-time.ts';

export type Verdict = 'passed' | 'failed' | 'aborted';

/** `runs/{runId}/report.json`: the machine-readable end of a run. */
export interface Report {
  readonly version: 1;
  readonly runId: string;
  readonly name: string;
  readonly verdict: Verdict;
  /** Why the verdict is not `passed`, one sentence each; empty when it is. */
  readonly reasons: readonly string[];
  /** ISO 8601, UTC: devices began to connect; the report was made. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly protocol: string;
  readonly client: string;
  readonly qos: 0 | 1;
  readonly devices: DeviceCounts;
  readonly messages: MessageLedger;
  /** Equations of the ledger that do not hold: a fault of the measurement. Empty in a run to be believed. */
  readonly imbalances: readonly Imbalance[];
  readonly causes: Causes;
  readonly rates: Rates;
  readonly latencyMs: Readonly<Record<LatencyName, LatencySummary>>;
  readonly quotas: readonly QuotaUse[];
  /** CloudWatch's own sums over the run, by metric (`PublishIn.Success`). */
  readonly cloudwatch: Readonly<Record<string, number>>;
  readonly reconciliation: readonly Reconciliation[];
  readonly thresholds: readonly ThresholdResult[];
  readonly slices: SliceOutcomes;
  readonly generator: GeneratorSummary;
  /** Messages on the rule's topics that were not this tester's. */
  readonly foreign: ForeignCounts;
  readonly timeline: RunTimeline;
  readonly perSecond: RunSeries;
  readonly latencyOverTime: Readonly<Record<TimedLatencyName, LatencyOverTime>>;
  readonly latencyDistribution: Readonly<Record<LatencyName, LatencyDistribution>>;
  /** By slice; null where it left nothing. */
  readonly startLagsMs: readonly (number | null)[];
}

/** The plan's instants, epoch milliseconds: what the seconds of a run are held against. */
export interface RunTimeline {
  readonly startAt: number;
  readonly publishAt: number;
  readonly publishEndAt: number;
  readonly drainEndAt: number;
}

/** Why things went wrong, with how often; the most frequent reason first. */
export interface Causes {
  readonly dropped: CountsByReason;
  readonly failed: CountsByReason;
  readonly connectFailed: CountsByReason;
  readonly disconnected: CountsByReason;
  readonly echoRefused: CountsByReason;
  readonly sliceFailed: CountsByReason;
}

export interface Rates {
  /** Sent ÷ publishing time. */
  readonly meanPerSecond: number;
  /** Acknowledged ÷ publishing time; at QoS 0, where nothing is, received ÷ publishing time. */
  readonly throughputPerSecond: number;
  /** Sent in the busiest second. */
  readonly peakPerSecond: number;
  /** By stage of the profile: what was intended and what was sent in it. */
  readonly stages: readonly StageRate[];
}

/** Means over the stage: of a hold over its whole seconds, of a ramp over all it touches, each by its part. */
export interface StageRate {
  /** From 1. */
  readonly stage: number;
  readonly seconds: number;
  readonly startPerSecond: number;
  readonly targetPerSecond: number;
  readonly intendedPerSecond: number;
  readonly sentPerSecond: number;
}

export interface QuotaUse {
  readonly quota: QuotaName;
  /** As AWS names it. */
  readonly name: string;
  readonly unit: string;
  readonly limit: number;
  /** In the busiest second. */
  readonly peak: number;
  /** Share of the limit left: 1 − peak/limit; negative past it. */
  readonly headroom: number;
}

/** One of CloudWatch's sums held against the ledger's. */
export interface Reconciliation {
  /** `PublishIn.Success` */
  readonly metric: string;
  /** Null where CloudWatch has no data: it may come minutes later. */
  readonly cloudwatch: number | null;
  /** The ledger's name for the same messages. */
  readonly column: keyof MessageLedger;
  readonly ledger: number;
}

export interface ThresholdResult {
  readonly metric: string;
  readonly expression: string;
  /** Null where nothing was measured: such a threshold fails. */
  readonly actual: number | null;
  readonly passed: boolean;
}

export interface GeneratorSummary {
  /** That left a result or a checkpoint. */
  readonly slices: number;
  /** User and system, of all slices. */
  readonly cpuSeconds: number;
  readonly sentPerCpuSecond: number;
  /** Of the slice that took the most; and of all slices together. */
  readonly maxRssBytes: number;
  readonly rssBytes: number;
  /** Memory that devices cost, without the idle process, per 1,000 devices. */
  readonly bytesPer1000Devices: number;
  /** Of the slice that was latest. */
  readonly startLagMs: number;
  readonly eventLoopDelayP99Ms: number;
  readonly eventLoopDelayMaxMs: number;
}
