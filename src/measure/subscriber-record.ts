import type { BrokerSamples } from './broker-samples.ts';
import type { CountsByReason } from './reason-counts.ts';
import type { GeneratorHealth } from './slice-result.ts';

/**
 * How one subscriber slice was subscribed, stored as `runs/{runId}/subscribers/{slice}.json`: what it received is in its arrival windows.
 * Written as a checkpoint while it runs and once more at its end.
 */
export interface SubscriberRecord {
  readonly version: 1;
  readonly runId: string;
  readonly slice: number;
  /** `running`: a checkpoint; found at the end of the run it means that the slice died. */
  readonly outcome: 'running' | 'completed' | 'stopped' | 'failed';
  /** Why it stopped or failed, as a sentence. */
  readonly reason?: string;
  /** Epoch milliseconds: when this was recorded. */
  readonly at: number;
  /** Whether it shared its subscriptions with others (`$share`). */
  readonly isShared: boolean;
  /** Epoch milliseconds: all its filters were granted; null: they never were. */
  readonly subscribedAt: number | null;
  /** When a connection of it was not subscribed, from then on. */
  readonly gaps: readonly SubscriptionGap[];
  readonly connects: number;
  readonly connectFailedBy: CountsByReason;
  readonly disconnectedBy: CountsByReason;
  readonly refusedBy: CountsByReason;
  /** Messages of the run, and when the last one came. */
  readonly arrivals: number;
  /** Of the arrivals, those that the target marked as sent before (DUP). Absent: none were. */
  readonly redelivered?: number;
  readonly lastArrivalAt: number | null;
  readonly windows: number;
  readonly health: GeneratorHealth;
  /** The broker's own counts, as it published them. */
  readonly broker?: BrokerSamples;
}

/** Epoch milliseconds. */
export interface SubscriptionGap {
  /** The connection was lost. */
  readonly from: number;
  /** All filters were granted again; null: they were not. */
  readonly until: number | null;
  /**
   * Whether the target kept the session meanwhile, so that it holds messages of QoS 1 and 2 for it: null where no session was asked
   * for, or the connection did not come back.
   */
  readonly isSessionKept: boolean | null;
}
