import type { LatencyOverTime } from '../live/latency-over-time.ts';
import type { UnrelatedCounts } from '../measure/arrival-window.ts';
import type { Imbalance } from '../measure/check-ledger.ts';
import type { RunDeviceCounts } from '../measure/group-totals.ts';
import type { LatencyRecord, TimedLatencyName } from '../measure/latency-names.ts';
import type { LatencySummary } from '../measure/latency-summary.ts';
import type { CountsByReason } from '../measure/reason-counts.ts';
import type {
  MessageLedger,
  ObserverComparison,
  ObserverLedger,
  RunSeries,
  SliceOutcomes,
} from '../measure/run-ledger.ts';
import type { SubscriberTotals } from '../measure/subscriber-watch.ts';
import type { RunConditions } from '../plan/conditions.ts';
import type { FailedThreshold } from '../plan/control-message.ts';
import type { RateStretch } from '../profile/load-shapes/rate-stretches.ts';
import type { LoadShapeName } from '../profile/load-shapes/resolved-load.ts';
import type { ActionReport } from './action-report.ts';
import type { CatchUpReport } from './catch-up-report.ts';
import type { ClockOffset } from './clock-model.ts';
import type { ConnectsReport } from './connects-report.ts';
import type { DownlinkReport } from './downlink-report.ts';
import type { DriftReport } from './drift-report.ts';
import type { GeneratorSummary } from './generator-report.ts';
import type { GroupReport, KindReport } from './group-reports.ts';
import type { LatencyDistribution } from './latency-distribution.ts';
import type { NetworkReport } from './network-report.ts';
import type { ObjectiveReport } from './objective-report.ts';
import type { PresenceReport } from './presence-report.ts';
import type { RegionReport } from './region-report.ts';
import type { RequestReport } from './request-report.ts';
import type { SearchReport } from './search-report.ts';
import type { StormsReport } from './storm-report.ts';
import type { BindingQuota, CostReport, QuotaUse, Reconciliation, Throttling } from './usage-model.ts';

/**
 * `inconclusive`: nothing failed, but the generator was the bottleneck (`generator.health.state`) or messages that are not lost did not
 * arrive either, so that the run says little of the target.
 */
export type Verdict = 'passed' | 'inconclusive' | 'failed' | 'aborted';

/** `runs/{runId}/report.json`: the machine-readable end of a run. */
export interface Report {
  readonly version: 2;
  readonly runId: string;
  readonly name: string;
  readonly verdict: Verdict;
  /** The conditions of the run. Absent in reports of earlier versions. */
  readonly conditions?: RunConditions;
  /** Why the verdict is not `passed`, one sentence each; empty when it is, but for the answer of a search. */
  readonly reasons: readonly string[];
  /**
   * ISO 8601, UTC: devices began to connect.
   * @pattern ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$
   */
  readonly startedAt: string;
  /**
   * The same: the report was made.
   * @pattern ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$
   */
  readonly endedAt: string;
  readonly protocol: string;
  readonly client: string;
  /** Whether users decide when messages are sent, of all device groups or of some. Absent: of none. */
  readonly load?: Exclude<LoadShapeName, 'open'> | 'mixed';
  /** `mixed` where device groups differ, as for protocol and client. */
  readonly qos: 0 | 1 | 2 | 'mixed';
  /** Of MQTT. Absent: 5. */
  readonly mqttVersion?: '3.1.1' | 'mixed';
  /** At QoS 2: of the unacknowledged publishes, those whose PUBREC came and whose PUBCOMP did not. Absent: no publish was at QoS 2. */
  readonly incomplete?: number;
  readonly devices: RunDeviceCounts;
  readonly messages: MessageLedger;
  /** By observer, the primary one first: `messages` says of arrivals what was seen there. */
  readonly observers: Readonly<Record<string, ObserverLedger>>;
  /** Present if two observers see every message: where those went that one of them did not see. */
  readonly compared?: ObserverComparison;
  /** How the run's own subscribers did; absent: it had none. */
  readonly subscribers?: SubscriberTotals;
  /** Of a broker's own counts, what is not held against the ledger, and why: a sentence each. Absent: nothing is said. */
  readonly brokerNotes?: readonly string[];
  /** Present if the profile has device groups: each one's part, in its order. */
  readonly groups?: readonly GroupReport[];
  /** Kinds of message of a profile without groups, in its order. Absent: it has groups, or its kinds have no names. */
  readonly kinds?: readonly KindReport[];
  /** Present if the run was in several Regions: each one's part, in the profile's order. All else is of the whole run; quotas are those of the Region that had the least left. */
  readonly regions?: readonly RegionReport[];
  /** Equations of the ledger that do not hold: an error of the measurement. Empty in a valid run. */
  readonly imbalances: readonly Imbalance[];
  readonly causes: Causes;
  readonly rates: Rates;
  readonly latencyMs: LatencyRecord<LatencySummary>;
  /** Present if devices request something of a web service; then `messages` are requests. */
  readonly requests?: RequestReport;
  /** Present if devices were disconnected by an action. */
  readonly storms?: StormsReport;
  /** Absent where devices keep no connections. */
  readonly connects?: ConnectsReport;
  /** Absent: no group is a backend. */
  readonly downlink?: DownlinkReport;
  /** Absent: no group receives commands in sessions that outlive its connections. */
  readonly catchUps?: CatchUpReport;
  /** Absent: no network was injected. */
  readonly network?: NetworkReport;
  /** Present if a group observes presence. */
  readonly presence?: PresenceReport;
  readonly clockOffset: ClockOffset;
  readonly quotas: readonly QuotaUse[];
  /** What those limits are that were not read from the account, in a sentence; absent where all were. */
  readonly assumedLimits?: string;
  readonly throttling: Throttling;
  /** Absent for a target whose quotas are not known. */
  readonly bindingQuota?: BindingQuota;
  /** CloudWatch's own sums over the run, by metric (`PublishIn.Success`). */
  readonly cloudwatch: Readonly<Record<string, number>>;
  readonly reconciliation: readonly Reconciliation[];
  /** Of a run that searched. */
  readonly search?: SearchReport;
  /** Of a run that held an objective. */
  readonly objective?: ObjectiveReport;
  /** Present if the run was stopped. */
  readonly stop?: StopReport;
  /** Set if the execution ended before its own summary: the report was made of what slices had stored. */
  readonly execution?: ExecutionReport;
  /** Absent for a target without a bill. */
  readonly cost?: CostReport;
  /** Absent: there was too little time at one rate, and no threshold is about a slope; or it was a search. */
  readonly drift?: DriftReport;
  readonly thresholds: readonly ThresholdResult[];
  readonly slices: SliceOutcomes;
  /** Epoch milliseconds, ascending: up to when slices that died are known. One that left no record is not in it. */
  readonly knownUntil: readonly number[];
  readonly generator: GeneratorSummary;
  /**
   * Messages that the queue delivered to measure-latency again: an invocation died or failed with them. Counted once in the
   * ledger where they came in the same batch.
   */
  readonly redelivered: number;
  /** Present if not all live points reached InfluxDB in time. */
  readonly liveView?: LiveDelivery;
  /** Messages on the rule's topics that were not this tester's. */
  readonly unrelated: UnrelatedCounts;
  /** Wills of devices that the primary observer saw. Absent: no device leaves one. */
  readonly wills?: number;
  readonly timeline: RunTimeline;
  /** What changed the run while it went on, by its profile or by its users, in the order of their instants. Absent: nothing. */
  readonly actions?: readonly ActionReport[];
  readonly perSecond: RunSeries;
  readonly latencyOverTime: LatencyRecord<LatencyOverTime, TimedLatencyName>;
  readonly latencyDistribution: LatencyRecord<LatencyDistribution>;
  /** By slice; null where it left nothing. */
  readonly startLagsMs: readonly (number | null)[];
}

/** The plan's instants, epoch milliseconds: the reference for the seconds of a run. */
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
  readonly sliceDied: CountsByReason;
  readonly deadLettered: CountsByReason;
  /** Why messages are not accounted for, a phrase each. */
  readonly unaccounted: readonly string[];
  /** Whether `messages.notRead` was read to the message; else it is the most that a queue may hold of this run. */
  readonly isNotReadExact?: boolean;
}

export interface Rates {
  /** Sent ÷ publishing time. */
  readonly meanPerSecond: number;
  /** Acknowledged ÷ publishing time; at QoS 0, where nothing is, received ÷ publishing time. */
  readonly throughputPerSecond: number;
  /** Sent in the busiest second. */
  readonly peakPerSecond: number;
  /** The publishing time that the means are taken over. */
  readonly publishedSeconds: number;
  /** Of a closed model: the most users that were active at the end of a second. */
  readonly peakUsers?: number;
  /** By stage of the profile: what was intended and what was sent in it. */
  readonly stages: readonly StageRate[];
}

/**
 * Means over the stage, or what there was of it: messages whose intended time lies in it, and how many of those were sent. Null: there was
 * less than a second of a longer stage.
 */
export interface StageRate {
  /** The device group; absent where the profile has none. */
  readonly group?: string;
  /** From 1. */
  readonly stage: number;
  readonly seconds: number;
  /** How much of it ran before the run ended; absent: all of it. */
  readonly ranSeconds?: number;
  readonly startPerSecond: number;
  /** Of a closed model these two are what the plan assumed. */
  readonly targetPerSecond: number;
  /** Of a closed model: users that the profile asks for at the ends of the stage. */
  readonly startUsers?: number;
  readonly targetUsers?: number;
  /** What actions made of the rate within the stage, milliseconds after publishing began; absent: it is as planned. */
  readonly amended?: readonly RateStretch[];
  readonly intendedPerSecond: number | null;
  readonly sentPerSecond: number | null;
}

/** What became of the points that InfluxDB did not take when they were first sent. */
export interface LiveDelivery {
  /** Why InfluxDB did not take them when they were first sent; absent where it took all. */
  readonly cause?: LiveViewCause;
  /** Sent again at the end of the run, and taken. */
  readonly resentPoints: number;
  /** Points that InfluxDB refuses for good, because of their content. They stay in the run store. */
  readonly refusedPoints: number;
  /** Still in the run store: docs/metrics.md says how to send them by hand. */
  readonly leftPoints: number;
}

export interface LiveViewCause {
  /** Of most of the points: the status of InfluxDB's answer; null: there was no answer, or its token could not be read. */
  readonly httpStatus: number | null;
  /** It took nothing of any slice while the run went on. */
  readonly isWholeRun: boolean;
}

export interface StopReport {
  /** Who requested it, and why. */
  readonly reason: string;
  /**
   * ISO 8601, UTC: when it was requested.
   * @pattern ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$
   */
  readonly at: string;
  /** From then to the last publish of any slice, milliseconds; null where nothing was sent. Negative: sending was over. */
  readonly lastSentAfterMs: number | null;
  /** The threshold that ended the run, and what was measured when it did. */
  readonly threshold?: FailedThreshold;
}

export interface ExecutionReport {
  /** Ended by StopExecution, which does not reach its Lambdas; or out of time. */
  readonly status: 'ABORTED' | 'TIMED_OUT';
  /** As StopExecution was given them. */
  readonly error?: string;
  readonly cause?: string;
}

export interface ThresholdResult {
  readonly metric: string;
  readonly expression: string;
  /** Null where nothing was measured: such a threshold fails. Null as well where only a range is known. */
  readonly actual: number | null;
  readonly passed: boolean;
  /** A default threshold, because the profile does not name its metric. */
  readonly isDefault?: true;
  /** Of a slope, its interval. Else what the value is between, where it is not known (slices died, a queue could not be read); `atMost` null: no bound is known. */
  readonly range?: { readonly atLeast: number; readonly atMost: number | null };
  /** Some values of the range satisfy the expression and others do not: such a threshold fails. */
  readonly isUndecided?: true;
  /** The run was stopped, and nothing in what it had measured by then fails this threshold. */
  readonly isExcusedByStop?: true;
}
