import type { LiveAction } from '../plan/actions/action.ts';
import { type BookSteps, bookStepsOf } from '../plan/book-steps.ts';
import type { Plan } from '../plan/plan.ts';
import { plannedActionsOf, type Storm, stormsOf } from '../plan/storms.ts';
import type { RegionMove } from '../profile/planned-action.ts';
import { ofEach } from '../shared/counts.ts';
import type { IntervalSet } from './interval-set.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { MessageSets } from './message-sets.ts';
import { SecondSums } from './second-sums.ts';
import type { ConnectSeries, SliceResult } from './slice-result.ts';
import type { StreamId } from './stream-key.ts';

const counters = ['offered', 'granted'] as const;

/** The outcome of a storm: the sums of the slices of its group. */
export interface RunStorm {
  readonly storm: Storm;
  /** Devices that were connected when it began. */
  readonly disconnected: number;
  /** Attempts of its devices to connect, until each was back. */
  readonly attempts: number;
  /** From the disconnect until a device was connected again; one sample for each that was. */
  readonly recovery: LatencyHistogram;
  /** Messages of its devices that were due before the device was back: sent after that, or dropped because it was not. */
  readonly delayed: number;
  readonly dropped: number;
  /** Of a failover: messages that were in flight when their device lost its connection. */
  readonly inFlight?: InFlightCounts;
}

export interface InFlightCounts {
  readonly unacknowledged: number;
  /** Of these, the ones that were received all the same. */
  readonly received: number;
}

/** What slices stored of one storm. */
interface StormCounts extends Omit<RunStorm, 'storm' | 'inFlight'> {
  readonly unacknowledged: MessageSets;
  /** That slices found it to be for. */
  readonly devices: number;
}

/** Attempts to connect of a whole run and those that succeeded, by step: sums over its seconds. */
export interface RunConnects extends ConnectSeries {
  /** Absent: 1. */
  readonly secondsPerStep?: number;
  /** By step: the most that one second of it had. Absent: a step is a second. */
  readonly peaks?: Readonly<Record<'offered' | 'granted', readonly number[]>>;
  /** As of `RunSeries`. */
  readonly peaksAreBounds?: true;
}

/** Merges what slices stored of storms and of connects. Slices and actions come in any order. */
export class StormTotals {
  readonly #plan: Plan;
  readonly #steps: BookSteps;
  readonly #actions: LiveAction[];
  /** By group, instant and where devices move. */
  readonly #counts = new Map<string, StormCounts>();
  readonly #connects: SecondSums<(typeof counters)[number]>;
  /** Epoch seconds: from the first that a slice reported up to, and without, the last. */
  readonly #reported = { from: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY };

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#steps = bookStepsOf(plan);
    this.#connects = new SecondSums(counters, this.#steps);
    this.#actions = plannedActionsOf(plan);
  }

  addAction(action: LiveAction): void {
    this.#actions.push(action);
  }

  /** @param group number of the slice's group @throws {CorruptMeasurementError} */
  addSlice(group: number, { slice, storms = [], connects }: SliceResult): void {
    for (const { at, moves, unacknowledged = [], disconnected, attempts, recovery, ...others } of storms) {
      const { devices, delayed, dropped } = others;
      const key = keyOf(group, at, moves);
      const before = this.#counts.get(key);
      const merged = before?.recovery ?? new LatencyHistogram();
      const sets = before?.unacknowledged ?? new MessageSets();
      merged.mergeEncoded(recovery);
      for (const [stream, numbers] of unacknowledged.entries()) sets.addEncoded({ slice, stream }, numbers);
      this.#counts.set(key, {
        disconnected: disconnected + (before?.disconnected ?? 0),
        attempts: attempts + (before?.attempts ?? 0),
        recovery: merged,
        unacknowledged: sets,
        devices: devices + (before?.devices ?? 0),
        delayed: delayed + (before?.delayed ?? 0),
        dropped: dropped + (before?.dropped ?? 0),
      });
    }
    if (connects === undefined) return;
    const from = Math.floor(connects.startSecond);
    this.#note(from, from + connects.offered.length);
    for (const counter of counters) this.#connects.add(counter, from, connects[counter]);
  }

  /**
   * In the order of time: storms of the plan or of its actions that a slice has carried out. Undefined: there are none.
   * @param receivedOf numbers of a stream's messages that were received
   */
  storms(receivedOf: (stream: StreamId) => IntervalSet): readonly RunStorm[] | undefined {
    const storms = stormsOf(this.#plan, this.#actions).flatMap((storm): RunStorm[] => {
      const counts = this.#counts.get(keyOf(storm.group.number, storm.at, storm.moves));
      if (counts === undefined) return [];
      const { unacknowledged, devices, ...all } = counts;
      // Of one Region's slices: what is planned is for the devices of all.
      const own = this.#plan.region === undefined ? storm : { ...storm, devices };
      if (storm.moves === undefined) return [{ storm: own, ...all }];
      const inFlight = {
        unacknowledged: unacknowledged.count,
        received: unacknowledged.count - unacknowledged.withoutEach(receivedOf).count,
      };
      return [{ storm: own, ...all, inFlight }];
    });
    return storms.length === 0 ? undefined : storms;
  }

  /** Of the whole run. Undefined: no slice has reported any. */
  connects(): RunConnects | undefined {
    const { from, secondsPerStep } = this.#steps;
    const { from: first, until } = this.#reported;
    if (first >= until) return undefined;
    const stepOf = (second: number) => Math.floor((second - from) / secondsPerStep);
    const [begin, end] = [stepOf(first), stepOf(until - 1) + 1];
    const listOf = (counts: Float64Array) => Array.from(counts.subarray(begin, end));
    return {
      startSecond: from + begin * secondsPerStep,
      ...ofEach(counters, (counter) => listOf(this.#connects.of(counter).sums())),
      ...(secondsPerStep > 1 && {
        secondsPerStep,
        peaks: ofEach(counters, (counter) => listOf(this.#connects.of(counter).peaks())),
        ...(counters.some((counter) => this.#connects.of(counter).hasBounds) && { peaksAreBounds: true }),
      }),
    };
  }

  #note(from: number, until: number): void {
    const first = Math.max(from, this.#steps.from);
    const end = Math.min(until, this.#steps.until);
    if (first >= end) return;
    this.#reported.from = Math.min(this.#reported.from, first);
    this.#reported.until = Math.max(this.#reported.until, end);
  }
}

function keyOf(group: number, at: number, moves: RegionMove | undefined): string {
  return moves === undefined ? `${group} ${at}` : `${group} ${at} ${moves.from} ${moves.to}`;
}
