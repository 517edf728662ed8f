import type { FaultEvent } from '../../plan/conditions.ts';
import type { FaultSettings } from '../../profile/service-faults.ts';

/** What the injected faults did, exactly: the truth that a report is checked against. */
export interface FaultReport {
  readonly settings: FaultSettings;
  /** What was set and done, in order. */
  readonly events: readonly FaultEvent[];
  readonly droppedDeliveries: number;
  readonly duplicatedDeliveries: number;
  readonly delayedDeliveries: number;
  /** Sum of all delays of deliveries. */
  readonly delayedDeliveriesMs: number;
  /** Messages that the service behind the rule took, waiting ones included. */
  readonly servedDeliveries: number;
  /** Sums of their service times and of their waits, milliseconds with fractions, those still to come included. */
  readonly servedDeliveriesMs: number;
  readonly waitedDeliveriesMs: number;
  /** Messages that the service refused, because its queue was full. */
  readonly refusedDeliveries: number;
  /** Delayed, waiting or being served, and not in the queue yet. */
  readonly deliveriesInFlight: number;
  readonly droppedAcks: number;
  readonly delayedAcks: number;
  readonly delayedAcksMs: number;
  /** Messages to clients that were held back, and for how long together, by the service's clock. */
  readonly delayedOutbound: number;
  readonly delayedOutboundMs: number;
  readonly disconnected: number;
  readonly refusedConnects: number;
  readonly pauses: number;
  readonly pausedMs: number;
  readonly paused: boolean;
}
