import type { ControlMessage } from '../plan/control-message.ts';
import type { RegionMove } from '../profile/planned-action.ts';
import type { CatchUpResult } from './catch-up-result.ts';
import type { DownlinkResult, ReplyResult } from './downlink-result.ts';
import type { DropReason, HoldSeconds } from './hold-seconds.ts';
import type { EncodedIntervals } from './interval-set.ts';
import type { LateSends } from './late-sends.ts';
import type { EncodedBuckets } from './latency-buckets.ts';
import type { EncodedHistogram } from './latency-histogram.ts';
import type {
  AcknowledgementLatencyName,
  KindSliceLatencyName,
  LatencyRecord,
  SliceLatencyName,
} from './latency-names.ts';
import type { EncodedLatencySeconds } from './latency-seconds.ts';
import type { EncodedMemory } from './memory-series.ts';
import type { NetworkResult } from './network-result.ts';
import type { ConnectionSets, PresenceResult } from './presence-result.ts';

/**
 * What one leg of a slice did, stored as `runs/{runId}/slices/{slice}/{leg}.json`. Written as a checkpoint while it runs and
 * once more at its end, so that a leg that is killed leaves what it had measured.
 */
export interface SliceResult {
  readonly version: 2;
  readonly runId: string;
  readonly slice: number;
  /** 0 is the first. */
  readonly leg: number;
  /** `running`: a checkpoint; found at the end of the run it means that the slice died. */
  readonly outcome: 'running' | 'completed' | 'stopped' | 'failed';
  /** Why it stopped or failed, as a sentence. */
  readonly reason?: string;
  /** The control message that stopped it. */
  readonly stoppedOn?: ControlMessage;
  /** Epoch milliseconds: the instant this result speaks of. */
  readonly at: number;
  readonly devices: DeviceCounts;
  /** Over MQTT, times that the slice's control channel connected. Absent in results of earlier versions: it was taken for one. */
  readonly controlConnects?: number;
  readonly messages: SliceMessageCounts;
  readonly droppedBy: Readonly<Partial<Record<DropReason, number>>>;
  /** Of a checkpoint, or of a slice that was stopped: what the counts take as decided and was not. Absent: nothing. */
  readonly undecided?: UndecidedCounts;
  /** By reason (`NotAuthorized`, `ECONNREFUSED`): connects that failed and publishes that failed. */
  readonly connectFailedBy: Readonly<Record<string, number>>;
  readonly failedBy: Readonly<Record<string, number>>;
  readonly disconnectedBy: Readonly<Record<string, number>>;
  /** By reason: devices' subscriptions to their own topics that were refused. */
  readonly echoRefusedBy?: Readonly<Record<string, number>>;
  /** At QoS 2: of the unacknowledged publishes, those whose PUBREC came and whose PUBCOMP did not. Absent: none. */
  readonly incomplete?: number;
  /** By stream number. */
  readonly streams: readonly StreamResult[];
  /** By observer: messages of the slice that its own devices received. Absent if none of them subscribes. */
  readonly observed?: Readonly<Record<string, ObservedMessages>>;
  /** Epoch milliseconds of the last publish; absent until there was one. */
  readonly lastSentAt?: number;
  readonly perSecond: SliceSecondCounts;
  readonly latencies: LatencyRecord<EncodedHistogram, SliceLatencyName>;
  /**
   * `send_lag` without messages that were due while their device was asleep, disconnected by a storm or held up by the injected network.
   * Absent: there were none.
   */
  readonly connectedSendLag?: EncodedHistogram | undefined;
  /** Absent until a message was back at its device. */
  readonly quickestEcho?: QuickestEcho;
  /** By second of the acknowledgement. */
  readonly latencyPerSecond?: LatencyRecord<EncodedLatencySeconds, AcknowledgementLatencyName>;
  /** Of requests to a web service; absent of messages to a broker. */
  readonly requests?: RequestResult;
  /** Disconnects that an action asked for, in the order in which they took effect. Absent: none did. */
  readonly storms?: readonly StormResult[];
  /** Over MQTT, of devices. Absent: there were none; in results of earlier versions also where there was no storm. */
  readonly connects?: ConnectSeries;
  /** Commands that its devices received. Absent: none of them subscribes to any. */
  readonly downlink?: DownlinkResult;
  /** Absent: no session of its devices outlives a connection. */
  readonly catchUp?: CatchUpResult;
  /** Of a backend: replies to its commands. Absent: none are due. */
  readonly replies?: ReplyResult;
  /** Of devices that another group observes the presence of. */
  readonly connections?: ConnectionSets;
  /** Of devices that observe presence. */
  readonly presence?: PresenceResult;
  /** Actions that it carried out, or took into account, so far. Absent: none, or a result of an earlier version. */
  readonly actions?: readonly AppliedAction[];
  /** Absent: the injected network did nothing. */
  readonly network?: NetworkResult | undefined;
  /** Absent: the run has no search. */
  readonly holds?: HoldSeconds;
  readonly generator: GeneratorHealth;
}

/** An action of the run as one slice carried it out. */
export interface AppliedAction {
  /** Number of a stored action; absent of one of the profile's timeline. */
  readonly k?: number;
  /** Place of an action in the profile's timeline. */
  readonly planned?: number;
  /** Epoch milliseconds: when it took effect. */
  readonly at: number;
  /** The slice received it after its instant. */
  readonly isLate?: true;
}

/** What a disconnect of some of the slice's devices came to. */
export interface StormResult {
  /** Epoch milliseconds, as its action says: it, the slice's group and where its devices move identify the storm. */
  readonly at: number;
  /** Of a failover; absent: its devices come back to where they were. */
  readonly moves?: RegionMove;
  /** Of a failover, by stream: messages of its devices that were in flight when they lost their connections. */
  readonly unacknowledged?: readonly EncodedIntervals[];
  /** Devices that it was for, and those of them that it found connected. */
  readonly devices: number;
  readonly disconnected: number;
  /** Attempts of those devices to connect, until each was back. */
  readonly attempts: number;
  /** From `at` until a device was connected again; one sample for each that was. */
  readonly recovery: EncodedHistogram;
  /** Messages of those devices that were due before the device was back: sent after that, or dropped because it was not. */
  readonly delayed: number;
  readonly dropped: number;
}

/** Attempts to connect and those that succeeded, by whole second since `startSecond` (epoch seconds); both lists are of one length. */
export interface ConnectSeries {
  readonly startSecond: number;
  readonly offered: readonly number[];
  readonly granted: readonly number[];
}

/** What requests to a web service came to. */
export interface RequestResult extends RequestTraffic {
  /** By status of the answer, how long it took: sent → its last byte. */
  readonly statuses: Readonly<Record<string, EncodedHistogram>>;
  /** By second of the answer. */
  readonly perSecond: EncodedLatencySeconds;
  /** By reason (`ECONNRESET`): requests whose connection ended before their answer was whole. */
  readonly unansweredBy: Readonly<Record<string, number>>;
}

export interface RequestTraffic {
  /** That were opened. */
  readonly connections: number;
  /** Heads and bodies, without TLS. */
  readonly bytesOut: number;
  readonly bytesIn: number;
}

/** The message that was back at its device soonest after it was sent, by the slice's clock alone. */
export interface QuickestEcho {
  /** Absent: 0. */
  readonly stream?: number;
  readonly n: number;
  readonly us: number;
}

export interface StreamResult {
  /** Publishes that were due in this leg. */
  readonly intended: number;
  /** Numbers n of those that were sent. */
  readonly sent: EncodedIntervals;
  /** Of commands: those that were sent more than `underWayMs` after they were due. Absent in results of earlier versions. */
  readonly lateSends?: readonly LateSends[];
  /** Of users: how many were due by the end of each stage that was over when one was due after it. */
  readonly stageEnds?: readonly number[];
  /** Where the group's kinds of message have names: what became of this kind's, as of the whole slice. */
  readonly counts?: StreamCounts;
}

export interface StreamCounts {
  readonly messages: PublishCounts;
  readonly droppedBy: Readonly<Partial<Record<DropReason, number>>>;
  /** What `messages` takes as decided and was not, by the instant of the record. */
  readonly undecided: UndecidedCounts;
  /** Of the latencies that have samples. Absent in results of earlier versions. */
  readonly latencies?: Readonly<Partial<Record<KindSliceLatencyName, EncodedHistogram>>>;
  /** By whole second since `startSecond` of the slice's `perSecond`: seconds to skip, then a count, and so on. The same. */
  readonly perSecond?: Readonly<Record<'intended' | 'sent', EncodedBuckets>>;
}

/** A slice's own messages at an observer that the slice keeps itself. */
export interface ObservedMessages {
  /** Duplicates included. */
  readonly arrivals: number;
  /** By stream number: ranks of the messages that were seen, among those due at the observer. */
  readonly seen: readonly EncodedIntervals[];
}

export interface UndecidedCounts {
  /** Due and not sent yet, by the reason they count as dropped for: the slice may have sent them later. */
  readonly waiting: Readonly<Record<'not-connected' | 'backlog', number>>;
  /** Sent and not answered yet, counted as unacknowledged. */
  readonly inFlight: number;
}

export interface DeviceCounts {
  readonly planned: number;
  readonly connected: number;
  readonly connectFailed: number;
  readonly reconnects: number;
}

/**
 * What became of publishes, by their sender's counters. `intended = sent + dropped`; at QoS 1 and 2 and over HTTPS
 * `sent = acked + throttled + failed + unacknowledged`.
 */
export interface PublishCounts {
  readonly intended: number;
  readonly sent: number;
  readonly dropped: number;
  readonly acked: number;
  readonly throttled: number;
  readonly failed: number;
  readonly unacknowledged: number;
}

export interface SliceMessageCounts extends PublishCounts {
  /** Messages received on devices' own subscriptions. */
  readonly echoed: number;
}

export const noMessages: SliceMessageCounts = {
  intended: 0,
  sent: 0,
  dropped: 0,
  acked: 0,
  throttled: 0,
  failed: 0,
  unacknowledged: 0,
  echoed: 0,
};

/** Counters by whole second since `startSecond` (epoch seconds); all arrays are of one length. */
export interface PerSecondCounts {
  readonly startSecond: number;
  readonly intended: readonly number[];
  readonly sent: readonly number[];
  readonly acked: readonly number[];
  /** Received on devices' own subscriptions; absent if no device echoes. */
  readonly echoed?: readonly number[];
  /** Gauge at the end of the second. */
  readonly connected: readonly number[];
  /** Gauge of active users at the end of the second; absent where there are none. */
  readonly users?: readonly number[];
}

/** What a slice counts for the service's sake, beside what a report shows. */
export interface SliceSecondCounts extends PerSecondCounts {
  /**
   * All that came on subscriptions of the slice's clients: echoes, commands, replies, presence events, duplicates among them. Absent:
   * nothing came; in results of earlier versions `echoed` is all that is known.
   */
  readonly delivered?: readonly number[];
  /** Replies to commands that its devices sent; absent: they sent none. */
  readonly replied?: readonly number[];
}

export interface GeneratorHealth {
  /** User and system CPU of this invocation. */
  readonly cpuSeconds: number;
  /** Of one vCPU, in the busiest second: 1 is all of it, and native threads may add more. */
  readonly peakCpuShare?: number;
  readonly wallSeconds: number;
  readonly maxRssBytes: number;
  /** Resident memory before the first device connected: what the process costs without devices. */
  readonly idleRssBytes: number;
  /** How late the slice was ready, against the plan's `startAt`; 0 when early. */
  readonly startLagMs: number;
  /** Of the event loop, 99th percentile and maximum, milliseconds. */
  readonly eventLoopDelayP99Ms: number;
  readonly eventLoopDelayMaxMs: number;
  /** How far the slice's clock may be behind the clock of its machine: what its calibration achieved. */
  readonly clockBracketMs?: number | undefined;
  /** Absent until a second was over, and in results of earlier versions. */
  readonly memory?: EncodedMemory | undefined;
}
