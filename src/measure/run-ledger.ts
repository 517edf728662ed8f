import type { Announcement } from '../plan/actions/action.ts';
import type { ControlMessage } from '../plan/control-message.ts';
import type { AppliedActions } from './action-totals.ts';
import type { UnrelatedCounts } from './arrival-window.ts';
import type { BusiestSeconds } from './busiest-seconds.ts';
import type { GroupCatchUp } from './catch-up-totals.ts';
import type { DownlinkLedger } from './downlink-ledger.ts';
import type { GroupLedger, RunDeviceCounts } from './group-totals.ts';
import type { LatencyHistogram } from './latency-histogram.ts';
import type { LatencyName, TimedLatencyName } from './latency-names.ts';
import type { LatencySeries } from './latency-series.ts';
import type { RunMemory } from './memory-series.ts';
import type { GroupNetwork } from './network-totals.ts';
import type { RunPresence } from './presence-totals.ts';
import type { CountsByReason } from './reason-counts.ts';
import type { RunRequests } from './run-requests.ts';
import type { SliceClock } from './slice-clocks.ts';
import type { StageCounts } from './slice-entry.ts';
import type { PerSecondCounts, PublishCounts } from './slice-result.ts';
import type { RunConnects, RunStorm } from './storm-totals.ts';
import type { SubscriberTotals } from './subscriber-watch.ts';

/** What became of messages that should be seen at an observer. */
export interface ObservedCounts {
  readonly arrivals: number;
  readonly received: number;
  readonly duplicates: number;
  /** Sent, and held by no queue of ours, and never arrived. */
  readonly lost: number;
  /** Still with the subscriber's queue or stream: at most, where a queue only counts its messages, whatever their run. */
  readonly notRead: number;
  /** Given up: in a queue for failures, to the message. */
  readonly deadLettered: number;
  /** Not received, and a queue that may hold them could not be read, or the slice that watches for them had ended. */
  readonly unaccounted: number;
}

/** Everything is accounted for: docs/measurement.md states the equations, `checkLedger` tests them. */
export interface MessageLedger extends PublishCounts, ObservedCounts {
  /** Intended, and not known whether they were sent: their slice died, and none of them arrived. */
  readonly sendUnknown: number;
  /** Sent, and not known what was answered: their slice died before it had stored that. */
  readonly ackUnknown: number;
}

/** Of the messages sent, those that did not come to one of two observers: where does a message get lost? */
export interface ObserverComparison {
  /** Both see every message. */
  readonly observers: readonly [first: string, second: string];
  /** Missing at the first and seen at the second, and so on. */
  readonly onlyAtFirst: number;
  readonly onlyAtSecond: number;
  readonly atBoth: number;
}

/** One observer's part of the ledger. */
export interface ObserverLedger extends ObservedCounts {
  /** Sent messages that should be seen here. */
  readonly due: number;
  /** Seen here, and not messages of the run's own streams. */
  readonly unrelated: number;
  /** Arrived, and no slice says it sent them. Not 0: the ledger does not balance. */
  readonly unsent: number;
}

export interface SliceOutcomes {
  readonly planned: number;
  readonly completed: number;
  readonly stopped: number;
  readonly failed: number;
  /** Left only a checkpoint, or nothing. */
  readonly died: number;
}

/** What a run came to: slice results and arrival windows, merged. */
export interface RunLedger {
  /** In the profile's order; a flat profile is one group. */
  readonly groups: readonly GroupLedger[];
  /** Those that were stored. */
  readonly actions: readonly Announcement[];
  /** What slices stored of these and of planned ones. */
  readonly appliedActions: Pick<AppliedActions, 'totalsOf'>;
  readonly plannedMessages: number;
  /** Whether all publishes are acknowledged: over HTTPS, and over MQTT at QoS 1 and 2. */
  readonly acknowledged: boolean;
  readonly devices: RunDeviceCounts;
  readonly messages: MessageLedger;
  /** By observer, the primary one first: what `messages` says of arrivals is its. */
  readonly observers: Readonly<Record<string, ObserverLedger>>;
  /** By group and stage, in the profile's order: messages by their intended time; the sums are `intended` and `sent`. */
  readonly stages: readonly StageCounts[];
  /** Publishes in flight when their slice was stopped, which did not wait for their answers. */
  readonly cutOff: number;
  readonly slices: SliceOutcomes;
  /** Epoch milliseconds, ascending: instants of the last checkpoints of slices that died. */
  readonly knownUntil: readonly number[];
  /** Reasons why slices stopped or failed, with the number of slices. */
  readonly stoppedBy: CountsByReason;
  /** The earliest control message that a slice stopped on. */
  readonly stoppedOn?: ControlMessage;
  /** Epoch milliseconds of the last publish of any slice that said when; null where none did. */
  readonly lastSentAt: number | null;
  readonly sliceFailedBy: CountsByReason;
  /** What slices died of, as far as it is known. */
  readonly sliceDiedBy: CountsByReason;
  /** The same of slices that subscribe. */
  readonly subscriberDiedBy: CountsByReason;
  /** Why publishes were never sent: the slices' own reasons, `slice-died`, `slice-failed`. */
  readonly droppedBy: CountsByReason;
  /** Where dead-lettered messages lie, and why. */
  readonly deadLetteredBy: CountsByReason;
  /** Whether what is not read yet was read by its numbers, in a stream; else some of it may be another run's, and lost here. */
  readonly isNotReadExact: boolean;
  /** Why messages may be unaccounted for. */
  readonly unaccountedBecause: readonly string[];
  readonly failedBy: CountsByReason;
  readonly connectFailedBy: CountsByReason;
  readonly disconnectedBy: CountsByReason;
  readonly echoRefusedBy: CountsByReason;
  /** At QoS 2: of the unacknowledged publishes, those whose PUBREC came and whose PUBCOMP did not; undefined at any other. */
  readonly incomplete: number | undefined;
  readonly latencies: Readonly<Record<LatencyName, LatencyHistogram>>;
  /** `send_lag` without messages that were due while their device was asleep, disconnected by a storm or held up by its network. */
  readonly connectedSendLag: LatencyHistogram;
  /** Absent: nothing was requested of a web service. */
  readonly requests?: RunRequests | undefined;
  /** Absent: no device was disconnected by an action. */
  readonly storms?: readonly RunStorm[] | undefined;
  /** By backend, in the profile's order; absent: there are none. */
  readonly downlink?: readonly DownlinkLedger[];
  /** By reason: subscriptions to commands and replies that were refused; devices try again. */
  readonly subscribeRefusedBy?: CountsByReason;
  /** Attempts of devices to connect over MQTT, and those that succeeded. Absent: there were none. */
  readonly connects?: RunConnects | undefined;
  /** By group; absent: no group receives commands in sessions that outlive its connections. */
  readonly catchUps?: readonly GroupCatchUp[] | undefined;
  /** By group; absent: the injected network did nothing. */
  readonly networks?: readonly GroupNetwork[] | undefined;
  /** Absent: no group observes presence. */
  readonly presence?: RunPresence | undefined;
  readonly perSecond: RunSeries;
  readonly busiest: BusiestSeconds;
  readonly latencySeries: Readonly<Record<TimedLatencyName, LatencySeries>>;
  /** Of the processes that made the load. */
  readonly memory: Pick<RunMemory, 'meanBetween'>;
  /** By slice; null where it left nothing. */
  readonly startLagsMs: readonly (number | null)[];
  /** Of the slices that messages arrived from. */
  readonly sliceClocks: readonly SliceClock[];
  /** Of the stamps that arrivals have at the primary observer; 0: its own clock is read for each. */
  readonly stampResolutionMs: number;
  readonly generator: GeneratorTotals;
  /** Arrival windows of the rule's reader: invocations of measure-latency that saw something of the run. */
  readonly windows: number;
  /** Messages that measure-latency was given again, because an invocation had not finished with them. */
  readonly redelivered: number;
  readonly unrelated: UnrelatedCounts;
  /** Wills of devices that the primary observer saw. Absent: no device leaves one. */
  readonly wills?: number;
  /** Present if two observers see every message. */
  readonly compared?: ObserverComparison;
  /** Absent: no slice subscribed. */
  readonly subscribers?: SubscriberTotals;
  readonly inconsistencies: LedgerInconsistencies;
}

/** Counters by step: sums over its seconds, of gauges too. All arrays are of one length. */
export interface RunSeries extends PerSecondCounts {
  readonly echoed: readonly number[];
  readonly arrivals: readonly number[];
  /** Absent: 1. */
  readonly secondsPerStep?: number;
  /** By step: the most that one second of it had. Absent: a step is a second. */
  readonly peaks?: SecondPeaks;
  /** Some peaks are upper bounds: counts came when their seconds had been added up. Absent: all are exact. */
  readonly peaksAreBounds?: true;
}

export interface SecondPeaks {
  readonly intended: readonly number[];
  readonly sent: readonly number[];
  readonly connected: readonly number[];
  readonly arrivals: readonly number[];
  /** Absent where there are none. */
  readonly users?: readonly number[];
}

/** What cannot be: zero, or the ledger does not balance. */
export interface LedgerInconsistencies {
  /** Slices whose count of sent messages is not the size of their set of them. */
  readonly miscountedSlices: number;
}

/** Over the slices that left a result or a checkpoint. */
export interface GeneratorTotals {
  readonly slices: number;
  /** Connections of their control channels; over HTTPS there are none. */
  readonly controlConnects: number;
  readonly cpuSeconds: number;
  /** Of the busiest slice in its busiest second, of one vCPU. */
  readonly peakCpuShare: number;
  /** Of the slice that took the longest; and of all slices together. */
  readonly wallSeconds: number;
  readonly sliceSeconds: number;
  /** Of the slice that took the most. */
  readonly maxRssBytes: number;
  /** Of all slices together. */
  readonly rssBytes: number;
  /** What devices added to the idle processes, and how many devices that were. */
  readonly deviceBytes: number;
  readonly devices: number;
  /** Of the slice that was latest. */
  readonly startLagMs: number;
  readonly eventLoopDelayP99Ms: number;
  readonly eventLoopDelayMaxMs: number;
  /** Of the slice whose clock is known least well; null where none says. */
  readonly clockBracketMs: number | null;
}
