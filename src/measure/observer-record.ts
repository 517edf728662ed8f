import { groupsOf } from '../plan/groups.ts';
import { type Observer, subscriberObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunOutline } from '../plan/run-outline.ts';
import { sliceOf } from '../plan/slices.ts';
import { sumFields, sumOf } from '../shared/counts.ts';
import type { ArrivalWindow, UnrelatedCounts } from './arrival-window.ts';
import { CorruptMeasurementError } from './corrupt-measurement.ts';
import type { DownlinkResult } from './downlink-result.ts';
import { countEncoded, IntervalSet } from './interval-set.ts';
import type { NumberRange } from './leg-entry.ts';
import { MessageSets } from './message-sets.ts';
import { nothingSeen, type SeenMessages } from './message-totals.ts';
import type { CountsByReason } from './reason-counts.ts';
import type { ObserverLedger } from './run-ledger.ts';
import type { StreamEntry } from './slice-entry.ts';
import type { ObservedMessages } from './slice-result.ts';
import { stampResolutionMs } from './stamped-latency.ts';
import { parseStreamKey, type StreamId } from './stream-key.ts';
import {
  type Arrived,
  type Backlog,
  countArrived,
  divideMissing,
  emptyBacklog,
  uniteDeadLetters,
  unreadOf,
} from './unread-backlog.ts';

/** Messages of a window that the plan does not have, such as those of a forged envelope: a batch has at most 10,000. */
const maxUnplannedInWindow = 10_000;
/** Streams that the plan does not have and whose messages are kept; a message of any other is counted as often as it comes. */
const maxUnplannedStreams = 10_000;

/** Of missing messages of a stream, how many may have been missed by the observer's own doing. */
export type CountUnseen = (id: StreamId, missing: IntervalSet, entry: StreamEntry) => number;

/** Counts one observer's part of a run, slice by slice. */
export interface ObserverCloser {
  readonly deadLetteredBy: CountsByReason;
  arrivedOf(stream: StreamId): Arrived;
  /** @param streams of the slice, by stream number @returns by stream number, what was seen of the slice */
  add(slice: number, streams: readonly StreamEntry[]): readonly SeenMessages[];
  ledger(): ObserverLedger;
}

/** What was seen of a run at one observer. Sets hold ranks (`Observer.dueBefore`). */
export class ObserverRecord {
  readonly observer: Observer;
  readonly #plan: Plan;
  readonly #outline: RunOutline;
  readonly #windows = new Set<string>();
  /** Of those that are sums, what they are the sums of. */
  #windowCount = 0;
  readonly #received = new MessageSets();
  readonly #unplanned = new MessageSets();
  readonly #unplannedStreams = new Set<string>();
  /** Messages of streams past that bound. */
  #unplannedBeyond = 0;
  #arrivals = 0;
  #others = 0;
  #redelivered = 0;
  #wills = 0;
  readonly #unrelated = { notJson: 0, noEnvelope: 0, otherRun: 0 };

  constructor(plan: Plan, outline: RunOutline, observer: Observer) {
    this.#plan = plan;
    this.#outline = outline;
    this.observer = observer;
  }

  /** A subscriber reads its own clock for each arrival; a queue or a stream stamps whole milliseconds. */
  get stampResolutionMs(): number {
    return this.observer.name === subscriberObserver ? 0 : stampResolutionMs;
  }

  get windows(): number {
    return this.#windowCount;
  }

  /** Messages that the reader was given again. */
  get redelivered(): number {
    return this.#redelivered;
  }

  /** Wills of the run's devices that came; undefined: no device leaves one. */
  get wills(): number | undefined {
    const leaves = groupsOf(this.#plan).some(({ profile }) => profile.connect.will !== undefined);
    return leaves ? this.#wills : undefined;
  }

  get unrelated(): UnrelatedCounts {
    const { otherRun, ...counts } = this.#unrelated;
    return otherRun > 0 ? { ...counts, otherRun } : counts;
  }

  /** @returns whether it is new: the same window a second time changes nothing @throws {CorruptMeasurementError} */
  addWindow(window: ArrivalWindow): boolean {
    if (this.#windows.has(window.window)) return false;
    this.#windows.add(window.window);
    this.#windowCount += window.folded?.windows.length ?? 1;
    this.#checkSeen(window);
    this.#arrivals += window.arrivals;
    this.#redelivered += window.redelivered ?? 0;
    this.#wills += window.wills ?? 0;
    this.addUnrelated(window.unrelated);
    for (const [key, numbers] of Object.entries(window.seen)) {
      const stream = parseStreamKey(key);
      if (stream === undefined) throw new CorruptMeasurementError('An arrival window');
      if (this.#isPlanned(stream)) this.#received.addEncoded(stream, numbers);
      else if (this.#distinguishes(key)) this.#unplanned.addEncoded(stream, numbers);
      else this.#unplannedBeyond += countEncoded(numbers);
    }
    return true;
  }

  addUnrelated({ notJson, noEnvelope, otherRun = 0 }: UnrelatedCounts): void {
    this.#unrelated.notJson += notJson;
    this.#unrelated.noEnvelope += noEnvelope;
    this.#unrelated.otherRun += otherRun;
  }

  /**
   * What a slice saw by itself.
   * @param others messages that it saw there and that were not its own
   * @throws {CorruptMeasurementError}
   */
  addObserved(slice: number, { arrivals, seen }: ObservedMessages, others: number): void {
    this.#arrivals += arrivals;
    this.#others += others;
    const streams = this.#outline.streamsOf(slice);
    for (const [stream, ranks] of seen.entries()) {
      const messages = streams[stream]?.messages ?? 0;
      this.#received.addEncoded({ slice, stream }, ranks, this.#rankOf({ slice, stream })(messages));
    }
  }

  /** What devices of a slice saw of others' messages, by rank. @throws {CorruptMeasurementError} */
  addDelivered({ arrivals, seen, unrelated }: Pick<DownlinkResult, 'arrivals' | 'seen' | 'unrelated'>): void {
    this.#arrivals += arrivals;
    this.#others += unrelated;
    for (const [key, ranks] of Object.entries(seen)) {
      const id = parseStreamKey(key);
      if (id === undefined || !this.#isPlanned(id)) throw new CorruptMeasurementError('A delivered command');
      const { messages } = this.#outline.streamsOf(id.slice)[id.stream]!;
      this.#received.addEncoded(id, ranks, this.#rankOf(id)(messages));
    }
  }

  has(stream: StreamId, n: number): boolean {
    return this.#received.of(stream).has(n);
  }

  /**
   * Begins to count; every slice of the plan then goes in once.
   * @param backlog what this observer has not seen yet
   * @param unseenOf of missing messages, how many may have been missed by the observer's own doing
   */
  close(backlog: Backlog = emptyBacklog, unseenOf: CountUnseen = this.#countUnwatched): ObserverCloser {
    const { deadLetters, deadLetteredBy } = uniteDeadLetters(backlog, this.#received);
    let sum = nothingSeen;
    let unwatchedSum = 0;
    let unsent = 0;
    const add = (id: StreamId, entry: StreamEntry): SeenMessages => {
      const due = this.#dueOf(id, entry.sent);
      const counted = this.#ranksWithin(id, entry);
      const counts = countArrived(due, {
        received: counted(this.#received.of(id)),
        deadLettered: counted(deadLetters.of(id)),
      });
      unwatchedSum += unseenOf(id, counts.missing, entry);
      unsent += counts.received + counts.deadLettered + counts.missing.count - due.count;
      return { ...counts, due: due.count, missing: counts.missing.count };
    };
    return {
      deadLetteredBy,
      arrivedOf: (id) => ({ received: this.#numbersOf(id), deadLettered: deadLetters.of(id) }),
      add: (slice, streams) => {
        const seen = streams.map((entry, stream) => add({ slice, stream }, entry));
        sum = seen.reduce(sumFields, sum);
        return seen;
      },
      ledger: () => {
        const unplanned = this.#unplanned.count + this.#unplannedBeyond;
        const unplannedDead = deadLetters.countWhere((id) => !this.#isPlanned(id));
        const received = sum.received + unplanned;
        return {
          due: sum.due,
          received,
          deadLettered: sum.deadLettered + unplannedDead,
          ...divideMissing(sum.missing, {
            unread: unreadOf(backlog, this.#received, deadLetters),
            unseen: backlog.unseen + unwatchedSum,
          }),
          arrivals: this.#arrivals,
          duplicates: this.#arrivals - received,
          unrelated: this.#others + sumOf(Object.values(this.#unrelated)),
          unsent: unsent + unplanned + unplannedDead,
        };
      },
    };
  }

  /** Of a set of ranks those that count. */
  #ranksWithin(id: StreamId, { numbers }: StreamEntry): (ranks: IntervalSet) => IntervalSet {
    if (numbers === undefined) return (ranks) => ranks;
    const rankOf = this.#rankOf(id);
    return (ranks) => ranks.between(rankOf(numbers.first), rankOf(numbers.end));
  }

  /** Messages of the set that are due here, by rank. */
  #dueOf(id: StreamId, sent: IntervalSet): IntervalSet {
    if (this.observer.dueBefore === undefined) return sent;
    const rankOf = this.#rankOf(id);
    const due = new IntervalSet();
    sent.forEachInterval((start, length) => {
      const first = rankOf(start);
      due.addRange(first, rankOf(start + length) - first);
    });
    return due;
  }

  /** Missing messages that were perhaps seen, by a slice that had stored its last record. */
  readonly #countUnwatched: CountUnseen = (id, missing, { unwatched }) => {
    if (this.observer.recordedBy === 'windows') return 0;
    const rankOf = this.#rankOf(id);
    const count = ({ first, end }: NumberRange) => missing.between(rankOf(first), rankOf(end)).count;
    return unwatched.reduce((sum, range) => sum + count(range), 0);
  };

  /** Messages that were seen at least once, by n. */
  #numbersOf(id: StreamId): IntervalSet {
    const ranks = this.#received.of(id);
    const perMessage = this.observer.ranksPerMessage?.(sliceOf(this.#plan, id.slice)) ?? 1;
    if (perMessage <= 1) return ranks;
    const numbers = new IntervalSet();
    ranks.forEachInterval((start, length) => {
      const first = Math.floor(start / perMessage);
      numbers.addRange(first, Math.floor((start + length - 1) / perMessage) - first + 1);
    });
    return numbers;
  }

  #rankOf({ slice, stream }: StreamId): (n: number) => number {
    return this.observer.dueBefore?.(sliceOf(this.#plan, slice), stream) ?? ((n) => n);
  }

  #isPlanned({ slice, stream }: StreamId): boolean {
    return slice < this.#plan.slices.count && stream < this.#outline.streamsOf(slice).length;
  }

  #distinguishes(key: string): boolean {
    if (this.#unplannedStreams.size < maxUnplannedStreams) this.#unplannedStreams.add(key);
    return this.#unplannedStreams.has(key);
  }

  /** A window holds no more numbers than messages, and a short list of numbers can stand for more than memory holds. */
  #checkSeen({ seen, arrivals }: ArrivalWindow): void {
    const count = Object.values(seen).reduce((sum, numbers) => sum + countEncoded(numbers), 0);
    if (count <= arrivals && count <= this.#outline.messages + maxUnplannedInWindow) return;
    throw new CorruptMeasurementError(
      `An arrival window of ${arrivals} messages with ${count} message numbers`,
    );
  }
}
