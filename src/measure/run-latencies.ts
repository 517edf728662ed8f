import { ofEach } from '../shared/counts.ts';
import type { ArrivalWindow, GroupArrivals } from './arrival-window.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import {
  type ArrivalLatencyName,
  arrivalLatencyNames,
  type LatencyName,
  type LatencyRecord,
  latencyNames,
  sliceLatencyNames,
} from './latency-names.ts';
import type { LatencySummary } from './latency-summary.ts';
import type { SliceResult } from './slice-result.ts';

export type RunLatencies = Readonly<Record<LatencyName, LatencyHistogram>>;

/** Those that end where a message arrives. */
export type ArrivalLatencies = Pick<RunLatencies, ArrivalLatencyName>;

export function makeArrivalLatencies(): ArrivalLatencies {
  return ofEach(arrivalLatencyNames, () => new LatencyHistogram());
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
  const {
    pubcomp_round_trip: completed,
    response_time: answered,
    reconnect: connectedAgain,
    ...others
  } = latencies;
  const names = Object.keys(others) as (keyof typeof others)[];
  return {
    ...ofEach(names, (name) => of(others[name])),
    ...(completed.count > 0 && { pubcomp_round_trip: of(completed) }),
    ...(connectedAgain.count > 0 && { reconnect: of(connectedAgain) }),
    ...(answered.count > 0 && { response_time: of(answered) }),
  };
}

/** @throws {CorruptMeasurementError} */
export function addSliceLatencies(
  latencies: RunLatencies,
  result: Pick<SliceResult, 'latencies' | 'requests'>,
): void {
  for (const name of sliceLatencyNames) {
    const measured = result.latencies[name];
    if (measured !== undefined) latencies[name].mergeEncoded(measured);
  }
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
