import { liveFieldsOf, messageCounterNames, publishCounters } from '../measure/message-counters.ts';
import { ofEach } from '../shared/counts.ts';
import { outcomeCounters, presenceCounters } from './live-fleet.ts';

/**
 * Points that the live view writes to InfluxDB: docs/metrics.md says which question each measurement answers, and what it costs at
 * 10,000 slices. Never the record (that is the run store).
 *
 * A field keeps one type for good: InfluxDB refuses a point that brings another. This table is where the types are.
 */
export const liveMeasurements = {
  stampede_slice: {
    tags: ['run', 'protocol', 'stage'],
    fields: {
      slice: 'int',
      leg: 'int',
      phase: 'string',
      devices: 'int',
      connected: 'int',
      users: 'int',
      connects: 'int',
      connect_failed: 'int',
      reconnects: 'int',
      ...ofEach(publishCounters, () => 'int' as const),
      echoed: 'int',
      cpu_seconds: 'float',
      rss_bytes: 'int',
      start_lag_ms: 'float',
      event_loop_delay_max_ms: 'float',
    },
  },
  stampede_kind: {
    tags: ['run', 'protocol', 'stage', 'kind'],
    fields: { ...ofEach(publishCounters, () => 'int' as const), arrivals: 'int' },
  },
  stampede_command: {
    tags: ['run', 'protocol', 'stage'],
    fields: {
      ...ofEach(publishCounters, () => 'int' as const),
      ...ofEach(outcomeCounters, () => 'int' as const),
    },
  },
  stampede_presence: {
    tags: ['run', 'protocol', 'stage'],
    fields: ofEach(presenceCounters, () => 'int' as const),
  },
  stampede_arrivals: {
    tags: ['run', 'protocol', 'stage'],
    fields: { arrivals: 'int' },
  },
  stampede_latency: {
    tags: ['run', 'protocol', 'stage', 'latency'],
    // Beside these, counts by bucket: `lt_1152`, see live-latency.ts.
    fields: {
      count: 'int',
      sum_us: 'int',
      min_us: 'int',
      max_us: 'int',
      beyond_range: 'int',
      hdr: 'string',
      hdr_negative: 'string',
    },
  },
  stampede_run: {
    tags: ['run', 'protocol', 'event'],
    fields: {
      title: 'string',
      text: 'string',
      profile: 'string',
      devices: 'int',
      slices: 'int',
      messages: 'int',
      stage: 'int',
      target_per_second: 'float',
      verdict: 'string',
      ...liveFieldsOf(ofEach(messageCounterNames, () => 'int' as const)),
      mean_per_second: 'float',
      throughput_per_second: 'float',
      peak_per_second: 'float',
      end_to_end_latency_p50_ms: 'float',
      end_to_end_latency_p99_ms: 'float',
      puback_round_trip_p50_ms: 'float',
      puback_round_trip_p99_ms: 'float',
      pubcomp_round_trip_p50_ms: 'float',
      pubcomp_round_trip_p99_ms: 'float',
      send_lag_p99_ms: 'float',
      cpu_seconds: 'float',
    },
  },
} as const satisfies Readonly<Record<string, LiveMeasurement>>;

export interface LiveMeasurement {
  readonly tags: readonly string[];
  readonly fields: Readonly<Record<string, FieldType>>;
}

export type FieldType = 'int' | 'float' | 'string';
export type LiveMeasurementName = keyof typeof liveMeasurements;

/** A point of one measurement, with some of its fields. */
export type LivePoint<Name extends LiveMeasurementName = LiveMeasurementName> = {
  [Each in Name]: {
    readonly measurement: Each;
    /** Of a run whose profile names groups, points of one group's slices carry its name as well. */
    readonly tags: Readonly<Record<(typeof liveMeasurements)[Each]['tags'][number], string>> & {
      readonly group?: string;
    };
    readonly fields: Readonly<Partial<Record<LiveField<Each>, string | number>>>;
    /** Epoch nanoseconds, which are past 2⁵³. */
    readonly timestampNs: string;
  };
}[Name];

type LiveField<Name extends LiveMeasurementName> =
  | keyof (typeof liveMeasurements)[Name]['fields']
  | (Name extends 'stampede_latency' ? BucketField : never);

/** Samples below so many microseconds, and not below the bucket before. */
export type BucketField = `lt_${number}`;

/** @throws {RangeError} for a field that the table above does not have */
export function typeOfLiveField(measurement: LiveMeasurementName, field: string): FieldType {
  const fields: Readonly<Record<string, FieldType>> = liveMeasurements[measurement].fields;
  const type = fields[field];
  if (type !== undefined) return type;
  if (measurement === 'stampede_latency' && field.startsWith('lt_')) return 'int';
  throw new RangeError(`${measurement} has no field ${field}`);
}

const nanosecondsPerSecond = 1e9;

/**
 * A point is its measurement, its tags and its timestamp: a second one with the same of each replaces it. Points of one
 * second that must not are set apart by nanoseconds within it, so that neither a slice nor a batch needs a series of its
 * own, and what is written twice is there once.
 * @param second epoch seconds
 * @param apart 0 – 999,999,999: the slice's number, or a hash of the batch's name
 */
export function liveTimestamp(second: number, apart: number): string {
  return `${second}${String(apart).padStart(9, '0')}`;
}

/** FNV-1a with Murmur3's finalizer, within a second: two of w windows of one second meet once in 2·10⁹ / w² seconds. */
export function nanosecondsOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % nanosecondsPerSecond;
}
