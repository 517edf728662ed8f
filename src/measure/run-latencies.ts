import { ofEach } from '../shared/counts.ts';
import type { ArrivalWindow, GroupArrivals } from './arrival-window.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import {
  type ArrivalLatencyName,
  arrivalLatencyNames,
  kindSliceLatencyNames,
  type LatencyName,
  type LatencyRecord,
  latencyNames,
  type OccasionalLatencyName,
  occasionalLatencyNames,
  sliceLatencyNames,
} from './latency-names.ts';
import type { LatencySummary } from './latency-summary.ts';
import type { SliceResult, StreamCounts } from './slice-result.ts';

export type RunLatencies = Readonly<Record<LatencyName, LatencyHistogram>>;

/** Those that end where a message arrives. */
export type ArrivalLatencies = Pick<RunLatencies, ArrivalLatencyName>;

/** What is measured of one kind of message: where its messages arrive, and by the slice that sends them. */
export const kindLatencyNames = [...arrivalLatencyNames, ...kindSliceLatencyNames] as const;
export type KindLatencies = Pick<RunLatencies, (typeof kindLatencyNames)[number]>;

export function makeKindLatencies(): KindLatencies {
  return ofEach(kindLatencyNames, () => new LatencyHistogram());
}

/** @param counts of the kind's stream @throws {CorruptMeasurementError} */
export function addKindLatencies(latencies: KindLatencies, counts: StreamCounts | undefined): void {
  for (const name of kindSliceLatencyNames) {
    const measured = counts?.latencies?.[name];
    if (measured !== undefined) latencies[name].mergeEncoded(measured);
  }
}

export function makeRunLatencies(): RunLatencies {
  return ofEach(latencyNames, () => new LatencyHistogram());
}

export function summariesOf(latencies: RunLatencies): LatencyRecord<LatencySummary> {
  return recordOf(latencies, (histogram) => histogram.summary());
}

/** Of an occasional latency only what was measured. */
export function recordOf<Value>(
  latencies: RunLatencies,
  of: (histogram: LatencyHistogram) => Value,
): LatencyRecord<Value> {
  const isOccasional = (name: LatencyName): name is OccasionalLatencyName =>
    occasionalLatencyNames.some((each) => each === name);
  const always = latencyNames.filter((name) => !isOccasional(name)) as Exclude<
    LatencyName,
    OccasionalLatencyName
  >[];
  const measured = occasionalLatencyNames.filter((name) => latencies[name].count > 0);
  return {
    ...ofEach(always, (name) => of(latencies[name])),
    ...Object.fromEntries(measured.map((name) => [name, of(latencies[name])])),
  };
}

/** @throws {CorruptMeasurementError} */
export function addSliceLatencies(
  latencies: RunLatencies,
  result: Pick<SliceResult, 'latencies' | 'requests' | 'downlink' | 'replies' | 'catchUp'>,
): void {
  for (const name of sliceLatencyNames) {
    const measured = result.latencies[name];
    if (measured !== undefined) latencies[name].mergeEncoded(measured);
  }
  if (result.downlink !== undefined) latencies.downlink_latency.mergeEncoded(result.downlink.latency);
  if (result.catchUp !== undefined) latencies.catch_up_time.mergeEncoded(result.catchUp.times);
  if (result.replies !== undefined) latencies.command_round_trip.mergeEncoded(result.replies.roundTrip);
  for (const times of Object.values(result.requests?.statuses ?? {}))
    latencies.response_time.mergeEncoded(times);
}

/** @throws {CorruptMeasurementError} */
export function addArrivalLatencies(
  latencies: ArrivalLatencies,
  seen: Pick<ArrivalWindow | GroupArrivals, 'latencies'>,
): void {
  for (const name of arrivalLatencyNames) latencies[name].mergeEncoded(seen.latencies[name]);
}
