import type { EncodedIntervals } from './interval-set.ts';

/** Connects of devices and ends of their connections: set k holds the devices, by index over the run, with more than k of them. */
export interface ConnectionSets {
  readonly connects: readonly EncodedIntervals[];
  readonly disconnects: readonly EncodedIntervals[];
}

/** What the devices of a slice that observes presence saw of the others. */
export interface PresenceResult extends ConnectionSets {
  /** Epoch milliseconds: the first of them was subscribed; null: none was. */
  readonly subscribedAt: number | null;
  /** Connections that they lost once they were subscribed: events may have been missed. */
  readonly gaps: number;
  /** Events of the run's devices that came a second time, with the same version number. */
  readonly duplicates: number;
  /** Events that came after a later one of the same device. */
  readonly outOfOrder: number;
  /** Events of the run's own clients that are not observed: control channels, and the observer. */
  readonly ofRun: number;
  /** Events of other clients, and messages that are no events. */
  readonly unrelated: number;
  /** Connections that an event began and none has ended. */
  readonly open: number;
  /** By AWS's reason (`CLIENT_INITIATED_DISCONNECT`). */
  readonly disconnectedBy: Readonly<Record<string, number>>;
  /** By reason: subscriptions that were refused. */
  readonly subscribeRefusedBy: Readonly<Record<string, number>>;
}
