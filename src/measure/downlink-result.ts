import type { EncodedIntervals } from './interval-set.ts';
import type { EncodedHistogram } from './latency-histogram.ts';

/** What devices of a slice received of commands. Sets are of the ranks of deliveries (`plan/downlinks.ts`), by stream key of the backend's slice. */
export interface DownlinkResult {
  /** Commands that came, duplicates among them. */
  readonly arrivals: number;
  /** Messages on the topics of commands that are no commands of this run's. */
  readonly unrelated: number;
  readonly seen: Readonly<Record<string, EncodedIntervals>>;
  /** Deliveries that were due while their device was not subscribed; some may have come all the same. */
  readonly offline: Readonly<Record<string, EncodedIntervals>>;
  /**
   * When devices were not subscribed, and the `underWayMs` before they lost their subscription: as of `OfflineTimesRecord`, since the
   * plan was made. Absent in results of earlier versions.
   */
  readonly offlineTimes?: EncodedIntervals;
  /** Of `offline`, those that the session of their device was to keep. Absent: no session outlives a connection. */
  readonly kept?: Readonly<Record<string, EncodedIntervals>>;
  /** Of `offlineTimes`, those in which the session of their device was to keep what came. Absent: as of `kept`. */
  readonly keptTimes?: EncodedIntervals;
  /** Those that expired before their device was subscribed again and had received what was stored; not all of them were kept. Absent: as of `kept`. */
  readonly expired?: Readonly<Record<string, EncodedIntervals>>;
  /** Intended → arrival at the device, of each arrival. */
  readonly latency: EncodedHistogram;
  /** By slice of the backend that they go to. */
  readonly repliesSent: Readonly<Record<string, number>>;
  /** By reason: subscriptions to commands that were refused; devices try again. */
  readonly subscribeRefusedBy: Readonly<Record<string, number>>;
}

/** Replies that clients of a backend's slice received. */
export interface ReplyResult {
  /** Ranks of the deliveries that were replied to within the timeout. */
  readonly replied: EncodedIntervals;
  /** Replies that came after it. */
  readonly late: number;
  readonly duplicates: number;
  readonly unrelated: number;
  /** When its clients were not subscribed, as of `DownlinkResult`. Absent in results of earlier versions. */
  readonly offlineTimes?: EncodedIntervals;
  /** Sent → first reply, of each that came in time. */
  readonly roundTrip: EncodedHistogram;
  readonly subscribeRefusedBy: Readonly<Record<string, number>>;
}
