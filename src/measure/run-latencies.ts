import { groupsOf } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { ofEach } from '../shared/counts.ts';
import type { ArrivalWindow, GroupArrivals } from './arrival-window.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import {
  arrivalLatencyNames,
  type LatencyName,
  type LatencyRecord,
  latencyNames,
  sliceLatencyNames,
} from './latency-names.ts';
import type { LatencySummary } from './latency-summary.ts';
import type { SliceResult } from './slice-result.ts';

export type RunLatencies = Readonly<Record<LatencyName, LatencyHistogram>>;

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
  const { pubcomp_round_trip: completed, response_time: answered, ...others } = latencies;
  const names = Object.keys(others) as (keyof typeof others)[];
  return {
    ...ofEach(names, (name) => of(others[name])),
    ...(completed.count > 0 && { pubcomp_round_trip: of(completed) }),
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
  latencies: RunLatencies,
  seen: Pick<ArrivalWindow | GroupArrivals, 'latencies'>,
): void {
  for (const name of arrivalLatencyNames) latencies[name].mergeEncoded(seen.latencies[name]);
}

/** What is measured of one device group beside its ledger. */
export interface GroupMeasurements {
  readonly latencies: RunLatencies;
  /** At the primary observer, duplicates among them. */
  readonly arrivals: number;
}

/** Keeps the measurements of a plan's groups apart; of a flat plan there are none. */
export class GroupRecords {
  readonly #groups: ReadonlyMap<number, { readonly latencies: RunLatencies; arrivals: number }>;

  constructor(plan: Plan) {
    const numbers = groupsOf(plan).map(({ number }) => number);
    this.#groups = new Map(
      numbers
        .filter((number) => number > 0)
        .map((number) => [number, { latencies: makeRunLatencies(), arrivals: 0 }]),
    );
  }

  /** @param number of the slice's group @throws {CorruptMeasurementError} */
  addSlice(number: number, result: SliceResult): void {
    const group = this.#groups.get(number);
    if (group !== undefined) addSliceLatencies(group.latencies, result);
  }

  /** @throws {CorruptMeasurementError} */
  addWindow({ groups = {} }: ArrivalWindow): void {
    for (const [number, seen] of Object.entries(groups)) {
      // A forged envelope may name a group that the plan does not have: the whole run counts it.
      const group = this.#groups.get(Number(number));
      if (group === undefined) continue;
      group.arrivals += seen.arrivals;
      addArrivalLatencies(group.latencies, seen);
    }
  }

  of(number: number): GroupMeasurements | undefined {
    return this.#groups.get(number);
  }
}
