import type { InputError } from '../shared/errors.ts';

/** How long something takes more than it must, in milliseconds. A number is fixed; 0 is no delay at all. */
export type Delay =
  | number
  | { readonly uniform: { readonly minMs: number; readonly maxMs: number } }
  /** What comes out below 0 counts as 0. */
  | { readonly normal: { readonly meanMs: number; readonly deviationMs: number } }
  /** The long tail that services have: half of all take longer than the median, one in a hundred longer than p99. */
  | { readonly lognormal: { readonly medianMs: number; readonly p99Ms: number } }
  /** Memoryless: the service times of M/M/c. */
  | { readonly exponential: { readonly meanMs: number } };

/** A service behind the rule: one queue, first come, first served, before so many servers. */
export type ServiceTime = {
  /** Messages that are served at once, 1–10,000. */
  readonly servers: number;
  /** How long one server takes for one message: it may be a fraction of a millisecond. */
  readonly timeMs: Delay;
  /** Messages that may wait; the service refuses the next one. Absent: any number. */
  readonly queueLimit?: number;
};

/** Answers to a refused CONNECT: their codes are the service's. */
export const connectRefusalNames = [
  'serverUnavailable',
  'serverBusy',
  'quotaExceeded',
  'notAuthorized',
] as const;

export type ConnectRefusal = (typeof connectRefusalNames)[number];

/** Faults on the service's side. The same seed does the same to the same sequence of messages. */
export interface FaultSettings {
  readonly seed: number;
  /** Share (0–1) of messages that vanish between the rule and its queue, after their PUBACK. */
  readonly dropDeliveries: number;
  /** Share (0–1) of the rule's deliveries that come twice, as standard queues may deliver. */
  readonly duplicateDeliveries: number;
  /** Between the rule and its queue, each message on its own: they may overtake each other. */
  readonly deliveryDelay: Delay;
  /** Every message the rule delivers passes through this service first; 0: there is none. */
  readonly serviceTime: ServiceTime | 0;
  /** How long Lambda waits for the queue to fill a batch, whatever the batching window, milliseconds: AWS, up to 20,000. */
  readonly queueHoldMs: number;
  /** Share (0–1) of accepted QoS 1 publishes whose PUBACK is never sent. */
  readonly dropAcks: number;
  /** Of PUBACKs, in their order on each connection [MQTT-4.6.0-2], and of answers over HTTP. */
  readonly ackDelay: Delay;
  /** Of messages to clients, in their order for each client. */
  readonly outboundDelay: Delay;
  /** Share (0–1) of the connections that are ended in each minute, spread over its seconds. */
  readonly disconnectPerMinute: number;
  /** Share (0–1) of CONNECTs that are refused. */
  readonly refuseConnects: number;
  readonly refuseWith: ConnectRefusal;
  /** Disconnects and refusals touch only clients whose id begins so; empty: all, control channels included. */
  readonly clients: string;
  /** From the start on: the service's clock, its stamps with it, is ahead of the machine's by so much; negative: behind. */
  readonly clockOffsetMs: number;
}

export const noFaults: FaultSettings = {
  seed: 1,
  dropDeliveries: 0,
  duplicateDeliveries: 0,
  deliveryDelay: 0,
  serviceTime: 0,
  queueHoldMs: 0,
  dropAcks: 0,
  ackDelay: 0,
  outboundDelay: 0,
  disconnectPerMinute: 0,
  refuseConnects: 0,
  refuseWith: 'serverUnavailable',
  clients: '',
  clockOffsetMs: 0,
};

/** A change of the faults while a run goes on: any of the settings but the clock's, and what happens at once. */
export interface ServiceFaultChange extends Partial<Omit<FaultSettings, 'clockOffsetMs'>> {
  /** The service stands still for that long. */
  readonly pauseMs?: number;
  /** Share (0–1) of the connections that are ended at once. */
  readonly disconnect?: number;
}

/** Faults are those of the service. @param path of the group, for the error */
export function refuseFaultGroup(group: string | undefined, path: string): InputError[] {
  if (group === undefined) return [];
  return [
    {
      path,
      message: 'has no meaning for faults, which are those of the service',
      hint: 'remove it; clients, of the faults, chooses devices by the beginning of their client ids',
    },
  ];
}
