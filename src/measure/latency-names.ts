/** Every latency Stampede measures; docs/measurement.md defines each, with its clock. */
export const latencyNames = [
  'connect',
  'reconnect',
  'handover',
  'failover_time',
  'puback_round_trip',
  'pubcomp_round_trip',
  'end_to_end_latency',
  'rule_latency',
  'transit',
  'echo_latency',
  'downlink_latency',
  'command_round_trip',
  'catch_up_time',
  'response_time',
  'send_lag',
] as const;

export type LatencyName = (typeof latencyNames)[number];

/** Only runs that can measure it have it: records of others leave it out. */
export const occasionalLatencyNames = [
  'reconnect',
  'handover',
  'failover_time',
  'pubcomp_round_trip',
  'downlink_latency',
  'command_round_trip',
  'catch_up_time',
  'response_time',
] as const satisfies readonly LatencyName[];

export type OccasionalLatencyName = (typeof occasionalLatencyNames)[number];

/** One value a latency; an occasional one may be absent. */
export type LatencyRecord<Value, Name extends LatencyName = LatencyName> = Flat<
  Record<Exclude<Name, OccasionalLatencyName>, Value> &
    Partial<Record<Extract<Name, OccasionalLatencyName>, Value>>
>;

/** One object type in place of an intersection: what is stored is described by its types. */
type Flat<T> = { readonly [Key in keyof T]: T[Key] };

/** Sent → acknowledgement: by PUBACK or an HTTP answer, or at QoS 2 by PUBCOMP. A message has one of them. */
export type AcknowledgementLatencyName = 'puback_round_trip' | 'pubcomp_round_trip';

export function acknowledgementLatencyOf(qos: 0 | 1 | 2): AcknowledgementLatencyName {
  return qos === 2 ? 'pubcomp_round_trip' : 'puback_round_trip';
}

/** Measured by the slice that sends. */
export const sliceLatencyNames = [
  'connect',
  'reconnect',
  'handover',
  'failover_time',
  'puback_round_trip',
  'pubcomp_round_trip',
  'echo_latency',
  'send_lag',
] as const satisfies readonly LatencyName[];
/** Those of them that each kind of message with a name has of its own. */
export const kindSliceLatencyNames = [
  'puback_round_trip',
  'pubcomp_round_trip',
  'send_lag',
] as const satisfies readonly LatencyName[];
export type KindSliceLatencyName = (typeof kindSliceLatencyNames)[number];
/** Measured by the observer. */
export const arrivalLatencyNames = [
  'end_to_end_latency',
  'rule_latency',
  'transit',
] as const satisfies readonly LatencyName[];

/** Kept by second as well, for drawing: by the second of the arrival, the acknowledgement or the answer. */
export const timedLatencyNames = [
  'end_to_end_latency',
  'puback_round_trip',
  'pubcomp_round_trip',
  'response_time',
] as const satisfies readonly LatencyName[];

export type TimedLatencyName = (typeof timedLatencyNames)[number];
export type SliceLatencyName = (typeof sliceLatencyNames)[number];
export type ArrivalLatencyName = (typeof arrivalLatencyNames)[number];
/** One value a latency of one kind of message; those of its slice may be absent. */
export type KindLatencyRecord<Value> = Flat<
  Record<ArrivalLatencyName, Value> & Partial<Record<KindSliceLatencyName, Value>>
>;
