import { forEachCount } from '../measure/hdr-encoding.ts';
import {
  addBuckets,
  type EncodedBuckets,
  encodeBuckets,
  latencyBucketOf,
  latencyBuckets,
} from '../measure/latency-buckets.ts';
import { type TimedLatencyName, timedLatencyNames } from '../measure/latency-names.ts';
import { publishCounters } from '../measure/message-counters.ts';
import { ofEach } from '../shared/counts.ts';
import { FoldedSeries } from './folded-series.ts';
import { type LatencyStep, latencyStepOf } from './latency-over-time.ts';
import { type FleetTotals, type LiveCommands, LiveFleet, type LivePresence } from './live-fleet.ts';
import { type LiveKind, LiveParts, noSums, type PartTotals, type Sum, summed } from './live-parts.ts';
import { goesOn, LegsSoFar, type SliceStates, sliceStates } from './slice-states.ts';

/** What slices add up in each second: what they did (`connects`: reconnects too), and at its end their open connections. */
const counters = ['intended', 'sent', 'acked', 'connects', 'connected'] as const;
type Counter = (typeof counters)[number];

/** Counters of which the busiest second is kept. */
const peaked = ['published', 'connects', 'connected', 'intended', 'sent', 'arrivals'] as const;
type Peaked = (typeof peaked)[number];

/** A second of a run that goes on; or, of what is more than an hour ago, a longer step. */
export type LiveSecond = Readonly<Record<Counter | 'arrivals' | 'published', number>> & {
  /** Active users at its end; absent where there are none, and in a longer step. */
  readonly users?: number;
  /** Epoch seconds: the first. */
  readonly second: number;
  /** How many seconds, where it is not one: counters are sums over them. It replaces what was reported of each. */
  readonly seconds?: number;
  /** The most that a second of it has had; absent in a single second. */
  readonly peaks?: Readonly<Record<Peaked, number>>;
};

/** A latency in one step of a run that goes on. */
export interface LiveLatency {
  /** Epoch seconds: where the step begins, a multiple of the seconds in a step. */
  readonly second: number;
  readonly step: LatencyStep;
}

/** What a slice reported about one second; it reports each second once. */
export interface SliceProgress extends Readonly<Record<Counter | Sum, number>> {
  readonly slice: number;
  /** Which of the slice's legs reports; absent: the first one. */
  readonly leg?: number;
  /** The slice's device group; undefined where the profile names none. */
  readonly group?: string | undefined;
  /** Connects of devices that were connected before: `connects` are those of the others. */
  readonly reconnects?: number;
  /** Active users at the end of the second. */
  readonly users?: number;
  /** Epoch seconds. */
  readonly second: number;
  readonly phase: string;
}

/** What a slice reported of commands in one second. */
export interface CommandProgress extends LiveCommands {
  readonly group?: string | undefined;
  /** Epoch seconds. */
  readonly second: number;
}

/** JSON-safe. */
export interface RunView extends PartTotals {
  /** `since` of the next view. */
  readonly revision: number;
  readonly slices: SliceStates;
  /** All slices that still run have reported every second before this one (epoch seconds); 0: nothing reported yet. */
  readonly reportedUntil: number;
  /** Seconds that changed since the requested revision, in no order. */
  readonly seconds: readonly LiveSecond[];
  readonly latency: Readonly<Record<TimedLatencyName, readonly LiveLatency[]>>;
}

/** Sums from the first second up to the last that all slices have reported: figures of one instant. */
export interface CompleteCounts extends Readonly<Record<Sum | 'arrivals', number>> {
  /** Epoch seconds: the first second that is not in it. */
  readonly untilSecond: number;
  /** Users that were active at its end. */
  readonly users: number;
}

export interface ViewRequest {
  /** Revision of the view before; 0 for all there is. */
  readonly since: number;
  /** Length of a latency step: longer in a long run. */
  readonly secondsPerStep: number;
}

/** Counts of a second, or of a step that seconds were folded into. */
interface Slot {
  readonly counts: Record<Counted, number>;
  /** Of a step only. */
  peaks: Record<Peaked, number> | undefined;
  readonly latency: Partial<Record<TimedLatencyName, EncodedBuckets>>;
  revision: number;
}

/** `published`: messages of devices, and commands. */
type Counted = Counter | Sum | 'arrivals' | 'users' | 'published';

/** Adds up what slices and the reader report while a run goes on. Only for display: the record is the run store. */
export class RunInProgress {
  readonly #series = new FoldedSeries<Slot>(emptySlot, (into, from) => this.#fold(into, from));
  readonly #scratch = new Uint32Array(latencyBuckets);
  readonly #slices = new Map<number, LegsSoFar>();
  readonly #sums = { ...noSums(), arrivals: 0 };
  readonly #parts = new LiveParts();
  readonly #fleet = new LiveFleet();
  #revision = 0;

  takeSlice(report: SliceProgress): void {
    const { counts } = this.#slotOf(report.second);
    counts.connected += report.connected;
    counts.users += report.users ?? 0;
    counts.published += report.sent;
    counts.connects += report.reconnects ?? 0;
    for (const sum of summed) {
      this.#sums[sum] += report[sum];
      counts[sum] += report[sum];
    }
    if (report.group !== undefined) this.#parts.addGroup(report.group, report);
    const slice = this.#legsOf(report.slice).of(report.leg ?? 0);
    if (slice === undefined) return;
    slice.connects += report.connects;
    slice.connectFailed += report.connectFailed;
    if (report.second >= slice.second) Object.assign(slice, { phase: report.phase, second: report.second });
  }

  /** What a slice has of commands: its backend's publishes, or what became of them at its devices. */
  takeCommands({ group, second, ...counts }: CommandProgress): void {
    this.#slotOf(second).counts.published += counts.sent;
    if (group !== undefined)
      this.#parts.addGroup(group, { ...noSums(), ...ofEach(publishCounters, (name) => counts[name]) });
    this.#fleet.addCommands(counts);
  }

  takePresence(counts: LivePresence): void {
    this.#fleet.addPresence(counts);
  }

  fleet(): FleetTotals {
    return this.#fleet.totals();
  }

  /** What a slice, or a batch of arrivals, has of one kind. */
  takeKind(kind: LiveKind): void {
    this.#parts.addKind(kind);
  }

  /** In the order in which they first reported. */
  parts(): PartTotals {
    return { groups: this.#parts.groups(), kinds: this.#parts.kinds() };
  }

  takeArrivals(second: number, arrivals: number): void {
    this.#slotOf(second).counts.arrivals += arrivals;
    this.#sums.arrivals += arrivals;
  }

  /**
   * @param positive as `EncodedHistogram` has it
   * @throws {CorruptMeasurementError}
   */
  takeLatency(name: TimedLatencyName, second: number, positive: string, negative: string): void {
    const { latency } = this.#slotOf(second);
    const counts = this.#addUp([latency[name]]);
    const add = (us: number, count: number): void => {
      counts[latencyBucketOf(us / 1_000)]! += count;
    };
    if (positive !== '') forEachCount(positive, add);
    if (negative !== '') forEachCount(negative, (us, count) => add(-us, count));
    latency[name] = encodeBuckets(counts);
  }

  /** @param nowSecond epoch seconds: decides which slices are silent */
  view({ since, secondsPerStep }: ViewRequest, nowSecond: number): RunView {
    const changed = [...this.#series.slots()].filter(({ value }) => value.revision > since);
    const steps = new Set(changed.map(({ start }) => start - (start % secondsPerStep)));
    return {
      revision: this.#revision,
      slices: this.#statesAt(nowSecond),
      ...this.parts(),
      reportedUntil: this.#reportedUntil(nowSecond),
      seconds: changed.map(({ start, seconds, value }) => liveSecondOf(start, seconds, value)),
      latency: ofEach(timedLatencyNames, (name) => this.#latency(name, steps, secondsPerStep)),
    };
  }

  /**
   * Slices and the reader report at different times, so the sum of all reports belongs to no instant. These sums leave out
   * what is past the last complete second.
   * @returns undefined before there is such a second
   */
  complete(nowSecond: number): CompleteCounts | undefined {
    const untilSecond = this.#reportedUntil(nowSecond);
    if (untilSecond === 0) return undefined;
    const sums = { ...this.#sums };
    // Once no slice runs, only arrivals still come in, and no further report of them will follow.
    if (!this.#goesOn(nowSecond)) return { untilSecond, users: 0, ...sums };
    let users = 0;
    for (const { start, value } of this.#series.slots()) {
      if (start === untilSecond - 1) users = value.counts.users;
      if (start < untilSecond) continue;
      for (const sum of [...summed, 'arrivals'] as const) sums[sum] -= value.counts[sum];
    }
    return { untilSecond, users, ...sums };
  }

  #goesOn(nowSecond: number): boolean {
    return [...this.#slices.values()].some(({ all }) => all.some((leg) => goesOn(leg, nowSecond)));
  }

  #latency(name: TimedLatencyName, steps: Iterable<number>, secondsPerStep: number): LiveLatency[] {
    const latencies: LiveLatency[] = [];
    for (const second of steps) {
      const parts = this.#series.between(second, second + secondsPerStep).map(({ latency }) => latency[name]);
      if (parts.some((part) => part !== undefined))
        latencies.push({ second, step: latencyStepOf(this.#addUp(parts)) });
    }
    return latencies;
  }

  #slotOf(second: number): Slot {
    const slot = this.#series.at(second);
    slot.revision = ++this.#revision;
    return slot;
  }

  /** A new revision: a reader that has the seconds gets the step in their place. */
  #fold(into: Slot, { counts, peaks, latency }: Slot): void {
    into.revision = ++this.#revision;
    for (const name of Object.keys(counts) as Counted[]) into.counts[name] += counts[name];
    into.peaks ??= ofEach(peaked, () => 0);
    for (const name of peaked) into.peaks[name] = Math.max(into.peaks[name], (peaks ?? counts)[name]);
    for (const name of timedLatencyNames) {
      if (latency[name] !== undefined)
        into.latency[name] = encodeBuckets(this.#addUp([into.latency[name], latency[name]]));
    }
  }

  /** @returns counts by bucket, good until the next call */
  #addUp(parts: readonly (EncodedBuckets | undefined)[]): Uint32Array {
    this.#scratch.fill(0);
    for (const part of parts) addBuckets(this.#scratch, part ?? []);
    return this.#scratch;
  }

  #legsOf(slice: number): LegsSoFar {
    let legs = this.#slices.get(slice);
    if (legs === undefined) {
      legs = new LegsSoFar();
      this.#slices.set(slice, legs);
    }
    return legs;
  }

  #statesAt(nowSecond: number): SliceStates {
    const length = Math.max(-1, ...this.#slices.keys()) + 1;
    return Array.from(
      { length },
      (_, slice) => sliceStates[this.#slices.get(slice)?.stateAt(nowSecond) ?? 'starting'],
    ).join('');
  }

  #reportedUntil(nowSecond: number): number {
    let until = 0;
    let latest = 0;
    for (const leg of [...this.#slices.values()].flatMap(({ all }) => all)) {
      latest = Math.max(latest, leg.second + 1);
      if (goesOn(leg, nowSecond)) until = until === 0 ? leg.second + 1 : Math.min(until, leg.second + 1);
    }
    return until === 0 ? latest : until;
  }
}

function emptySlot(): Slot {
  return {
    counts: { ...noSums(), connected: 0, users: 0, arrivals: 0, published: 0 },
    peaks: undefined,
    latency: {},
    revision: 0,
  };
}

function liveSecondOf(second: number, seconds: number, { counts, peaks }: Slot): LiveSecond {
  const { intended, sent, acked, connects, connected, users, arrivals, published } = counts;
  const shown = { second, intended, sent, acked, connects, connected, arrivals, published };
  if (seconds === 1) return users > 0 ? { ...shown, users } : shown;
  return { ...shown, seconds, ...(peaks && { peaks }) };
}
