import type { UnknownReason } from '../../../src/measure/downlink-ledger.ts';
import type { NetworkEndings, PacketCounts } from '../../../src/measure/network-totals.ts';
import type { QueueCounts } from '../../../src/plan/tc/queue-counts.ts';
import type { Report } from '../../../src/report/report-model.ts';

/** The truth of a run: counts of fates, which no record bends. */
export interface Truth {
  readonly intended: number;
  readonly sent: number;
  readonly taken: number;
  readonly acked: number;
  readonly throttled: number;
  readonly received: number;
  readonly duplicates: number;
  /** Of messages that were back at the devices that had sent them; absent: not recorded. */
  readonly echoed?: number;
  /** Arrived, and never acknowledged in time. */
  readonly arrivedUnacked: number;
  readonly takenUnacked: number;
  readonly devicesConnected: number;
  /** Attempts to connect that a device gave up, though the service may have let it in; absent: none. */
  readonly connectsGivenUp?: number;
  readonly slicesKilled: number;
  /** The generator's lateness is what this machine makes it, and nothing else records it. */
  readonly isMachineReal?: boolean;
  /** Acknowledged so early that the device must have seen it; absent: all of `acked`. */
  readonly ackedInTime?: number;
  /** Of messages that came in, in any second; absent: not recorded. */
  readonly busiestSecond?: number;
  /** By how many milliseconds the service's clock is ahead of each slice's; absent: by none. */
  readonly clocksAheadMs?: readonly number[];
  /** Its subscriber used nearly all of its vCPU. */
  readonly isSubscriberBusy?: boolean;
  /** Messages of other runs that came to its subscriber. */
  readonly otherRuns?: number;
  /** measure-latency was killed or stopped, or failed. */
  readonly hasSubscriberFailed?: boolean;
  /** Other runs used the account in the same minutes, which CloudWatch counts as well. */
  readonly isAccountShared?: boolean;
  /** IoT Core ended, and with it what waited in the queue. */
  readonly isQueueLost?: boolean;
  /** What InfluxDB did, if it did not take all points. */
  readonly influx?: { readonly httpStatus: number | null; readonly isWholeRun: boolean };
  /** Messages on the rule's topics that were not this tester's. */
  readonly unrelated?: number;
  /** Wills that fired. */
  readonly wills?: number;
  /** It had much to do: slices were late by themselves. */
  readonly isGeneratorBusy?: boolean;
  /** What was loaded was an emulator; absent: where the machine is real. */
  readonly isRehearsal?: boolean;
  /** Devices took the certificate of the target unchecked. */
  readonly isUnchecked?: boolean;
  /** Messages sent at QoS 0 beside others that are answered; absent: none. */
  readonly unanswered?: number;
  /** What became of each kind of message that has a name; absent: they have none. */
  readonly kinds?: readonly KindTruth[];
  /** Answers of a web service by status, and connections to it; absent: nothing was requested of one. */
  readonly requests?: { readonly statuses: Readonly<Record<number, number>>; readonly connections: number };
  /** Disconnects that an action asked for, in the order of time; absent: none did. */
  readonly storms?: readonly TrueStorm[];
  /** Of the busiest second: attempts to connect, and those that succeeded; and of the whole run, where devices came back. */
  readonly connects?: {
    readonly offered: number;
    readonly granted: number;
    readonly attempts?: number;
    readonly successes?: number;
  };
  /** What became of commands; absent: no group is a backend. */
  readonly downlink?: TrueDownlink;
  /** How devices caught up; absent: no group receives commands in sessions that are kept. */
  readonly catchUp?: TrueCatchUp;
  /** What each Region had of it, by name; absent: it was in one. */
  readonly regions?: Readonly<Record<string, TrueRegion>>;
  /** What an observer of presence saw; absent: there was none. */
  readonly presence?: TruePresence;
  /** Figures that changed over the run, what they were at its beginning and at its end: milliseconds, shares, megabytes. Absent: nothing is said of drift. */
  readonly drift?: Readonly<Record<string, readonly ['worse' | 'better', number, number]>>;
  /** How slices carried out actions, by what the report calls them; absent: none did. */
  readonly actions?: Readonly<
    Record<
      string,
      {
        readonly plannedSlices: number;
        readonly learnedLate: number;
        readonly latenessesMs: readonly number[];
      }
    >
  >;
  /** What the injected network did, by group; absent: there was none. */
  readonly networks?: Readonly<Record<string, TrueNetwork>>;
  /** Settings of it that the kernel made; absent: none. */
  readonly kernelNetwork?: readonly string[];
  /** By the name of the group. */
  readonly kernelCounts?: Readonly<Record<string, Readonly<Record<'up' | 'down', QueueCounts>>>>;
  /** Connections that it ended, by how, and attempts that it kept from the target; absent: it ended none. */
  readonly networkEnded?: NetworkEndings;
  /** Settings of the faults that were injected. */
  readonly faults?: readonly string[];
  /** Who or what kept devices from connecting, or cut them off. */
  readonly connectsHinderedBy?: readonly ('machine' | 'quota' | 'endpoint')[];
}

/** Of the slices in one Region. */
export interface TrueRegion {
  readonly devices: number;
  readonly intended: number;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
}

/** Of all messages of one kind of one group. */
export interface KindTruth {
  /** `alarm`, `meters / alarm` */
  readonly name: string;
  readonly intended: number;
  readonly sent: number;
  readonly received: number;
}

/** Of all commands that one backend sent. */
export interface TrueDownlink {
  readonly sent: number;
  readonly due: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly offline: number;
  readonly throttled: number;
  readonly lost: number;
  /** What the service's counts allow to say of them, where that is less. */
  readonly stated?: { readonly throttled: number; readonly lost: number };
  /** Deliveries, and replies, that nothing recorded. */
  readonly unknown: number;
  /** Why; absent: none is unknown. */
  readonly unknownBecause?: Readonly<Partial<Record<UnknownReason, number>>>;
  readonly repliesUnknown?: number;
  /** That did not come, because no client of the backend was subscribed. */
  readonly repliesOffline?: number;
  /** Absent: none are due. */
  readonly replied?: number;
  readonly timedOut?: number;
  readonly late?: number;
  /** By devices. */
  readonly repliesSent?: number;
  readonly subscribesRefused?: number;
}

/** What a disconnect did to the devices of a group. */
export interface TrueStorm {
  /** As its row has it: instant, group and kind. */
  readonly label: string;
  readonly groupDevices: number;
  readonly devices: number;
  readonly disconnected: number;
  readonly attempts: number;
  readonly delayed: number;
  readonly dropped: number;
  /** When each device was back, ascending. */
  readonly backMs: readonly number[];
  /** Of a failover: messages in flight, and those of them that arrived. */
  readonly inFlight?: { readonly unacknowledged: number; readonly received: number };
}

/** How devices of the one group that keeps sessions caught up. */
export interface TrueCatchUp {
  readonly resumed: number;
  readonly unresumed: number;
  readonly stored: number;
  /** Milliseconds, ascending. */
  readonly times: readonly number[];
  readonly interrupted: number;
  readonly reordered: number;
  readonly repeated: number;
  /** Commands that were to be kept, and did not come, by why. */
  readonly notStored: number;
  readonly expired: number;
  readonly others: number;
}

/** What devices of the one observed group did, and which events about it came. */
export interface TruePresence {
  /** Counted, events, missing and unmatched ones. */
  readonly connects: readonly [number, number, number, number];
  readonly disconnects: readonly [number, number, number, number];
  /** Reasons of disconnects. */
  readonly reasons: number;
  readonly duplicates?: number;
  readonly outOfOrder?: number;
  readonly ofRun?: number;
  readonly unrelated?: number;
  /** Subscriptions that were refused. */
  readonly refused?: number;
  readonly isWhole: boolean;
  readonly slicesUnknown: number;
}

/** The injected network of one group: as its sentence has the settings, and packets of each way, where they were recorded. */
export interface TrueNetwork {
  readonly settings: string;
  readonly up?: TrueDirection;
  readonly down?: TrueDirection;
}

export interface TrueDirection extends PacketCounts {
  /** Milliseconds, ascending. */
  readonly delaysMs: readonly number[];
}

/** Whether a sentence is true; the groups of its pattern come with it. */
export type Check = (groups: readonly string[], truth: Truth, report: Report) => boolean;
