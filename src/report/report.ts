import type { LatencyName } from '../measure/latency-names.ts';
import type { LatencySummary } from '../measure/latency-summary.ts';
import type { DeviceCounts } from '../measure/slice-result.ts';

export type Verdict = 'passed' | 'failed' | 'aborted';

/** `runs/{runId}/report.json`: the machine-readable end of a run. */
export interface Report {
  readonly version: 1;
  readonly runId: string;
  readonly name: string;
  readonly verdict: Verdict;
  /** Why the verdict is not `passed`, one sentence each; empty when it is. */
  readonly reasons: readonly string[];
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly protocol: string;
  readonly client: string;
  readonly devices: DeviceCounts;
  readonly messages: MessageLedger;
  readonly rates: Rates;
  readonly latencyMs: Readonly<Record<LatencyName, LatencySummary>>;
  readonly quotas: readonly QuotaUse[];
  /** CloudWatch's own sums over the run, by metric (`PublishIn.Success`). */
  readonly cloudwatch: Readonly<Record<string, number>>;
  readonly thresholds: readonly ThresholdResult[];
  readonly slices: SliceOutcomes;
  readonly generator: GeneratorSummary;
}

/** Everything is accounted for: docs/measurement.md states the equations, `checkLedger` tests them. */
export interface MessageLedger {
  readonly intended: number;
  readonly sent: number;
  readonly dropped: number;
  readonly acked: number;
  readonly throttled: number;
  readonly failed: number;
  readonly unacknowledged: number;
  readonly arrivals: number;
  readonly received: number;
  readonly duplicates: number;
  readonly lost: number;
}

export interface Rates {
  /** Sent ÷ publishing time. */
  readonly meanPerSecond: number;
  readonly peakPerSecond: number;
  /** By stage of the profile: what was intended and what was sent in it. */
  readonly stages: readonly StageRate[];
}

export interface StageRate {
  readonly stage: number;
  readonly seconds: number;
  readonly targetPerSecond: number;
  readonly intendedPerSecond: number;
  readonly sentPerSecond: number;
}

export interface QuotaUse {
  readonly name: string;
  readonly limit: number;
  readonly peak: number;
  /** Share of the limit left: 1 − peak/limit. */
  readonly headroom: number;
}

export interface ThresholdResult {
  readonly metric: string;
  readonly expression: string;
  /** Null where nothing was measured: such a threshold fails. */
  readonly actual: number | null;
  readonly passed: boolean;
}

export interface SliceOutcomes {
  readonly planned: number;
  readonly completed: number;
  readonly stopped: number;
  readonly failed: number;
  /** Left only a checkpoint, or nothing. */
  readonly died: number;
}

export interface GeneratorSummary {
  readonly slices: number;
  readonly cpuSeconds: number;
  readonly maxRssBytes: number;
  /** Memory that devices cost, without the idle process, per 1,000 devices. */
  readonly bytesPer1000Devices: number;
  readonly startLagMs: number;
}
