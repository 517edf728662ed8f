import { forEachCount } from '../measure/hdr-encoding.ts';
import { latencyBucketOf, latencyBuckets } from '../measure/latency-buckets.ts';
import type { TimedLatencyName } from '../measure/latency-names.ts';
import { type LatencyStep, latencyStepOf } from './latency-over-time.ts';
import { type SliceState, type SliceStates, sliceStates } from './slice-states.ts';

/** What slices add up in each second: what they did, and at its end their open connections. */
const counters = ['intended', 'sent', 'acked', 'connects', 'connected'] as const;
type Counter = (typeof counters)[number];

/** What slices add up in each second, and of which only the sum so far is shown. */
const summedOnly = ['dropped', 'throttled', 'failed', 'unacknowledged', 'connectFailed'] as const;

/** Sums over the run so far. */
const summed = ['intended', 'sent', 'acked', 'connects', ...summedOnly] as const;
type Sum = (typeof summed)[number];

/** A second of a run that goes on. */
export type LiveSecond = Readonly<Record<Counter | 'arrivals', number>> & {
  /** Epoch seconds. */
  readonly second: number;
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
  /** Epoch seconds. */
  readonly second: number;
  readonly phase: string;
}

/** A slice reports every second (with 10,000 slices, every ten). After a longer silence it counts as ended. */
export const silentAfterSeconds = 20;

/** JSON-safe. */
export interface RunView {
  /** `since` of the next view. */
  readonly revision: number;
  readonly slices: SliceStates;
  /** All slices that still run have reported every second before this one (epoch seconds); 0: nothing reported yet. */
  readonly toldUntil: number;
  /** Those that changed since the revision that was asked with, in no order. */
  readonly seconds: readonly LiveSecond[];
  readonly latency: Readonly<Record<TimedLatencyName, readonly LiveLatency[]>>;
}

/** Sums from the first second up to the last that all slices have reported: figures of one instant. */
export interface CompleteCounts extends Readonly<Record<Sum | 'arrivals', number>> {
  /** Epoch seconds: the first second that is not in it. */
  readonly untilSecond: number;
}

export interface ViewRequest {
  /** Revision of the view before; 0 for all there is. */
  readonly since: number;
  /** Of the latencies: a long run is looked at in longer steps. */
  readonly secondsPerStep: number;
}

interface SecondBook {
  readonly counts: Record<Counter | 'arrivals', number>;
  /** What slices reported about this second. */
  readonly sums: Record<Sum, number>;
  readonly latency: Partial<Record<TimedLatencyName, Uint32Array>>;
  revision: number;
}

interface SliceBook {
  phase: string;
  second: number;
  connects: number;
  connectFailed: number;
}

/** Seconds kept: more than a run of 15 minutes has, with its start and its drain. Then the first are forgotten. */
const maxSeconds = 1_800;

const stateOfPhase: Readonly<Record<string, SliceState>> = {
  waiting: 'starting',
  connecting: 'connecting',
  publishing: 'publishing',
  draining: 'draining',
  done: 'done',
};

/** Adds up what slices and the subscriber tell of a run while it goes on. For the eye: the record is the run store. */
export class RunInProgress {
  readonly #seconds = new Map<number, SecondBook>();
  readonly #slices = new Map<number, SliceBook>();
  readonly #sums = { ...noSums(), arrivals: 0 };
  #revision = 0;

  takeSlice(report: SliceProgress): void {
    const book = this.#bookOf(report.second);
    for (const counter of counters) book.counts[counter] += report[counter];
    for (const sum of summed) {
      this.#sums[sum] += report[sum];
      book.sums[sum] += report[sum];
    }
    const slice = this.#sliceOf(report.slice);
    slice.connects += report.connects;
    slice.connectFailed += report.connectFailed;
    if (report.second >= slice.second) Object.assign(slice, { phase: report.phase, second: report.second });
  }

  takeArrivals(second: number, arrivals: number): void {
    this.#bookOf(second).counts.arrivals += arrivals;
    this.#sums.arrivals += arrivals;
  }

  /**
   * @param positive as `EncodedHistogram` has it
   * @throws {CorruptMeasurementError}
   */
  takeLatency(name: TimedLatencyName, second: number, positive: string, negative: string): void {
    const book = this.#bookOf(second);
    let counts = book.latency[name];
    if (counts === undefined) {
      counts = new Uint32Array(latencyBuckets);
      book.latency[name] = counts;
    }
    const add = (us: number, count: number): void => {
      counts[latencyBucketOf(us / 1_000)]! += count;
    };
    if (positive !== '') forEachCount(positive, add);
    if (negative !== '') forEachCount(negative, (us, count) => add(-us, count));
  }

  /** @param nowSecond epoch seconds: decides which slices are silent */
  view({ since, secondsPerStep }: ViewRequest, nowSecond: number): RunView {
    const changed = [...this.#seconds].filter(([, { revision }]) => revision > since);
    const steps = new Set(changed.map(([second]) => second - (second % secondsPerStep)));
    return {
      revision: this.#revision,
      slices: this.#statesAt(nowSecond),
      toldUntil: this.#toldUntil(nowSecond),
      seconds: changed.map(([second, { counts }]) => ({ second, ...counts })),
      latency: {
        end_to_end_latency: this.#latency('end_to_end_latency', steps, secondsPerStep),
        puback_round_trip: this.#latency('puback_round_trip', steps, secondsPerStep),
      },
    };
  }

  /**
   * Slices and the subscriber tell at their own pace, in uneven batches: sums of whatever has come in are of no instant,
   * and no rate. What is past the last complete second is left out.
   * @returns undefined before there is such a second
   */
  complete(nowSecond: number): CompleteCounts | undefined {
    const untilSecond = this.#toldUntil(nowSecond);
    if (untilSecond === 0) return undefined;
    const sums = { ...this.#sums };
    // Once no slice runs, only arrivals still come in, and no further report of them will follow.
    if (!this.#goesOn(nowSecond)) return { untilSecond, ...sums };
    for (const [second, book] of this.#seconds) {
      if (second < untilSecond) continue;
      for (const sum of summed) sums[sum] -= book.sums[sum];
      sums.arrivals -= book.counts.arrivals;
    }
    return { untilSecond, ...sums };
  }

  #goesOn(nowSecond: number): boolean {
    return [...this.#slices.values()].some((book) => {
      const state = stateOf(book, nowSecond);
      return state !== 'done' && state !== 'failed';
    });
  }

  #latency(name: TimedLatencyName, steps: Iterable<number>, secondsPerStep: number): LiveLatency[] {
    const latencies: LiveLatency[] = [];
    for (const second of steps) {
      const books = Array.from({ length: secondsPerStep }, (_, i) => this.#seconds.get(second + i));
      const counts = books.map((book) => book?.latency[name]).filter((buckets) => buckets !== undefined);
      if (counts.length > 0) latencies.push({ second, step: latencyStepOf(sumOf(counts)) });
    }
    return latencies;
  }

  #bookOf(second: number): SecondBook {
    let book = this.#seconds.get(second);
    if (book === undefined) {
      book = {
        counts: { intended: 0, sent: 0, acked: 0, connects: 0, connected: 0, arrivals: 0 },
        sums: noSums(),
        latency: {},
        revision: 0,
      };
      this.#seconds.set(second, book);
      for (const first of this.#seconds.keys()) {
        if (this.#seconds.size <= maxSeconds) break;
        this.#seconds.delete(first);
      }
    }
    book.revision = ++this.#revision;
    return book;
  }

  #sliceOf(number: number): SliceBook {
    let slice = this.#slices.get(number);
    if (slice === undefined) {
      slice = { phase: 'waiting', second: 0, connects: 0, connectFailed: 0 };
      this.#slices.set(number, slice);
    }
    return slice;
  }

  #statesAt(nowSecond: number): SliceStates {
    const length = Math.max(-1, ...this.#slices.keys()) + 1;
    return Array.from({ length }, (_, slice) => {
      const book = this.#slices.get(slice);
      return sliceStates[book === undefined ? 'starting' : stateOf(book, nowSecond)];
    }).join('');
  }

  #toldUntil(nowSecond: number): number {
    let until = 0;
    let latest = 0;
    for (const book of this.#slices.values()) {
      latest = Math.max(latest, book.second + 1);
      const state = stateOf(book, nowSecond);
      if (state === 'done' || state === 'failed') continue;
      until = until === 0 ? book.second + 1 : Math.min(until, book.second + 1);
    }
    return until === 0 ? latest : until;
  }
}

function noSums(): Record<Sum, number> {
  return Object.fromEntries(summed.map((sum) => [sum, 0])) as Record<Sum, number>;
}

function stateOf({ phase, second, connects, connectFailed }: SliceBook, nowSecond: number): SliceState {
  if (phase === 'done') return connects === 0 && connectFailed > 0 ? 'failed' : 'done';
  if (nowSecond - second > silentAfterSeconds) return 'failed';
  return stateOfPhase[phase] ?? 'publishing';
}

function sumOf(counts: readonly Uint32Array[]): Uint32Array {
  const [first, ...more] = counts;
  if (first === undefined || more.length === 0) return first ?? new Uint32Array(latencyBuckets);
  const sum = first.slice();
  for (const each of more) for (let bucket = 0; bucket < sum.length; bucket++) sum[bucket]! += each[bucket]!;
  return sum;
}
