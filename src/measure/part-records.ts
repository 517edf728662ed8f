import { groupsOf } from '../plan/groups.ts';
import { kindsOf } from '../plan/kinds.ts';
import type { Plan } from '../plan/plan.ts';
import type { ArrivalWindow } from './arrival-window.ts';
import {
  type ArrivalLatencies,
  addArrivalLatencies,
  addKindLatencies,
  addSliceLatencies,
  type KindLatencies,
  makeKindLatencies,
  makeRunLatencies,
  type RunLatencies,
} from './run-latencies.ts';
import type { SliceResult } from './slice-result.ts';
import { formatKindKey, groupOfKindKey } from './stream-key.ts';

/** What is measured of one device group beside its ledger. */
export interface GroupMeasurements {
  readonly latencies: RunLatencies;
  /** At the primary observer, duplicates among them. */
  readonly arrivals: number;
}

/** What is measured of one kind of message. */
export interface KindMeasurements {
  readonly latencies: KindLatencies;
  /** At the primary observer, duplicates among them. */
  readonly arrivals: number;
}

interface Part<Latencies extends ArrivalLatencies> {
  readonly latencies: Latencies;
  arrivals: number;
}

/** Keeps apart the measurements of a plan's groups, and of their kinds of message: of a flat plan there are no groups. */
export class PartRecords {
  readonly #groups: ReadonlyMap<number, Part<RunLatencies>>;
  /** By `formatKindKey`. */
  readonly #kinds: ReadonlyMap<string, Part<KindLatencies>>;

  constructor(plan: Plan) {
    const groups = groupsOf(plan);
    this.#groups = new Map(
      groups.flatMap(({ number }) =>
        number === 0 ? [] : [[number, { latencies: makeRunLatencies(), arrivals: 0 }]],
      ),
    );
    const named = groups.flatMap(kindsOf).filter(({ kind }) => kind !== undefined);
    this.#kinds = new Map(
      named.map(({ number, stream }) => [
        formatKindKey(number, stream),
        { latencies: makeKindLatencies(), arrivals: 0 },
      ]),
    );
  }

  /** @param number of the slice's group @throws {CorruptMeasurementError} */
  addSlice(number: number, result: SliceResult): void {
    const group = this.#groups.get(number);
    if (group !== undefined) addSliceLatencies(group.latencies, result);
    for (const [stream, { counts }] of result.streams.entries()) {
      const kind = this.#kinds.get(formatKindKey(number, stream));
      if (kind !== undefined) addKindLatencies(kind.latencies, counts);
    }
  }

  /** @throws {CorruptMeasurementError} */
  addWindow({ groups = {} }: ArrivalWindow): void {
    for (const [key, seen] of Object.entries(groups)) {
      // A forged envelope may name a group or a kind that the plan does not have: the whole run counts it.
      for (const part of [this.#groups.get(groupOfKindKey(key)), this.#kinds.get(key)]) {
        if (part === undefined) continue;
        part.arrivals += seen.arrivals;
        addArrivalLatencies(part.latencies, seen);
      }
    }
  }

  group(number: number): GroupMeasurements | undefined {
    return this.#groups.get(number);
  }

  /** Of a group, by number of the stream of a kind that has a name. */
  kindsOf(number: number): (stream: number) => KindMeasurements {
    return (stream) => this.#kinds.get(formatKindKey(number, stream))!;
  }
}
