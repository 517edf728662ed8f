/** Every latency Stampede measures; docs/measurement.md defines each, with its clock. */
export const latencyNames = [
  'connect',
  'puback_round_trip',
  'end_to_end_latency',
  'rule_latency',
  'transit',
  'echo_latency',
  'send_lag',
] as const;

export type LatencyName = (typeof latencyNames)[number];

/** Measured by the slice that sends. */
export const sliceLatencyNames = [
  'connect',
  'puback_round_trip',
  'echo_latency',
  'send_lag',
] as const satisfies readonly LatencyName[];
/** Measured by the subscriber. */
export const arrivalLatencyNames = [
  'end_to_end_latency',
  'rule_latency',
  'transit',
] as const satisfies readonly LatencyName[];

/** Kept by second as well, for drawing: by the second of the acknowledgement and of the arrival. */
export const timedLatencyNames = [
  'end_to_end_latency',
  'puback_round_trip',
] as const satisfies readonly LatencyName[];

export type TimedLatencyName = (typeof timedLatencyNames)[number];
export type SliceLatencyName = (typeof sliceLatencyNames)[number];
export type ArrivalLatencyName = (typeof arrivalLatencyNames)[number];
