import type { FleetCounts } from '../live/live-fleet.ts';
import type { Plan, Slice } from '../plan/plan.ts';
import type { Clock } from '../shared/clock.ts';
import type { Random } from '../shared/random.ts';
import type { CountedResult } from './counted-result.ts';
import type { SliceCounters } from './slice-counters.ts';
import type { IncomingMessage, Transport } from './transport.ts';

export interface DeviceSubscriptionSettings {
  readonly plan: Plan;
  readonly slice: Slice;
  readonly transport: Transport;
  readonly clock: Clock;
  /** For the waits between attempts to subscribe. */
  readonly random: Random;
  readonly counters: SliceCounters;
}

/** What a slice's devices subscribe to, and what becomes of the messages that come there. Devices are numbered within the slice. */
export interface DeviceSubscription {
  /** Whether messages and filters of such a topic are this subscription's. */
  takes(topic: string): boolean;
  /** @param isResumed the service goes on with a session, and with the subscriptions in it */
  connected(device: number, isResumed: boolean): void;
  disconnected(device: number): void;
  subscribed(device: number, filter: string): void;
  subscribeRefused(device: number, filter: string, reason: string): void;
  received(device: number, message: IncomingMessage): void;
  /** A publish was refused. @returns whether it was one of its own; absent: it publishes nothing */
  refused?(token: number): boolean;
  /**
   * Whether nothing is waited for any more.
   * @param finishedAt when the last message of the slice's own was answered, epoch milliseconds
   */
  isComplete(nowMs: number, finishedAt: number): boolean;
  /** The slice ends: nothing is to be sent any more. */
  stop(): void;
  /** What it shows of commands and presence while the run goes on; absent: nothing. @param isOver the slice has waited for all that it waits for */
  soFar?(nowMs: number, isOver: boolean): FleetCounts;
  /** What it adds to the slice's result, as of now. */
  result(nowMs: number): Partial<CountedResult>;
}
