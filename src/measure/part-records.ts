import { bookStepsOf } from '../plan/book-steps.ts';
import { groupsOf } from '../plan/groups.ts';
import { kindsOf } from '../plan/kinds.ts';
import type { Plan } from '../plan/plan.ts';
import type { ArrivalWindow } from './arrival-window.ts';
import { PartSeries, stepLimitOf } from './part-series.ts';
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
  /** In the course of the run. */
  readonly series: PartSeries;
}

/** What is measured of one kind of message. */
export interface KindMeasurements {
  readonly latencies: KindLatencies;
  /** At the primary observer, duplicates among them. */
  readonly arrivals: number;
  /** In the course of the run. */
  readonly series: PartSeries;
}

interface Part<Latencies extends ArrivalLatencies> {
  readonly latencies: Latencies;
  readonly series: PartSeries;
  arrivals: number;
}

/** Before a run's start, milliseconds: the clock that stamps an arrival may be behind. */
const clockMarginMs = 2_000;

/** What slices count by second of a part. */
const countersOfSlices = ['intended', 'sent'] as const;

/** Keeps apart the measurements of a plan's groups, and of their kinds of message: of a flat plan there are no groups. */
export class PartRecords {
  readonly #groups: ReadonlyMap<number, Part<RunLatencies>>;
  /** By `formatKindKey`. */
  readonly #kinds: ReadonlyMap<string, Part<KindLatencies>>;

  constructor(plan: Plan) {
    const groups = groupsOf(plan);
    const numbers = groups.map(({ number }) => number).filter((number) => number > 0);
    const named = groups.flatMap(kindsOf).filter(({ kind }) => kind !== undefined);
    const steps = stepLimitOf(numbers.length + named.length);
    const from = plan.timeline.startAt - clockMarginMs;
    const to = bookStepsOf(plan).until * 1_000;
    const partOf = <Latencies extends ArrivalLatencies>(latencies: Latencies): Part<Latencies> => ({
      latencies,
      series: new PartSeries(from, to, steps),
      arrivals: 0,
    });
    this.#groups = new Map(numbers.map((number) => [number, partOf(makeRunLatencies())]));
    this.#kinds = new Map(
      named.map(({ number, stream }) => [formatKindKey(number, stream), partOf(makeKindLatencies())]),
    );
  }

  /** @param number of the slice's group @throws {CorruptMeasurementError} */
  addSlice(number: number, result: SliceResult): void {
    const group = this.#groups.get(number);
    if (group !== undefined) {
      addSliceLatencies(group.latencies, result);
      for (const counter of countersOfSlices)
        group.series.add(counter, result.perSecond.startSecond, result.perSecond[counter]);
    }
    for (const [stream, { counts }] of result.streams.entries()) {
      const kind = this.#kinds.get(formatKindKey(number, stream));
      if (kind === undefined) continue;
      addKindLatencies(kind.latencies, counts);
      for (const counter of countersOfSlices)
        kind.series.addEncoded(counter, result.perSecond.startSecond, counts?.perSecond?.[counter] ?? []);
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
        part.series.addArrivals(seen.endToEndPerSecond ?? {});
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
