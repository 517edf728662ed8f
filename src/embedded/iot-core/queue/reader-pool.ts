import {
  type ArrivalsReading,
  maxInFlightMessages,
  messagesPerPoll,
  provisionedPollers,
  type ReaderPace,
  standardPollsPerSecond,
  standardReaders,
} from '../../../plan/queue-readers.ts';
import type { CancelTimer, Clock } from '../broker-clock.ts';

/** A queue as its readers see it. Batches are the queue's own: event bytes, or, in a model, counts. */
export interface ReadableQueue<Batch> {
  /** Messages that may be received. */
  readonly visible: number;
  /** Messages received and not yet deleted, failed ones until their visibility timeout included. */
  readonly inFlight: number;
  /**
   * Receives up to so many of the oldest messages.
   * @param into the batch that they join; undefined: a new one
   * @returns undefined if none was received
   */
  receive(most: number, into: Batch | undefined): Received<Batch> | undefined;
}

export interface Received<Batch> {
  readonly batch: Batch;
  /** Messages in it by now. */
  readonly records: number;
  /** Nothing more fits, or it is one that failed before and comes again as it was. */
  readonly isClosed: boolean;
}

/** What differs between AWS and a test, or changes while the readers read. */
export interface ReaderConditions {
  readonly clock: Clock;
  /** Lambda does not read at all. */
  isPaused(): boolean;
  /** How long a reader of a quiet queue gathers at least, milliseconds, whatever the window. */
  holdMs(): number;
  /**
   * When added readers come in standard mode: evenly, as the 300 a minute that AWS documents are taken, or all at the end
   * of a minute, the slowest that the words allow. Default: evenly.
   */
  readonly growth?: 'evenly' | 'each minute';
  /** How fast readers of standard mode poll, which AWS does not publish. Default: as assumed. */
  readonly pace?: ReaderPace;
}

/** Nothing is documented of when Lambda takes readers away again: after a minute without a message. */
const quietMs = 60_000;
/** A late timer makes up for polls it missed, but not for more than this, milliseconds. */
const longestCatchUpMs = 1_000;

interface Reader<Batch> {
  batch: Batch | undefined;
  /** Epoch milliseconds: the window ends. */
  closesAtMs: number;
  invocations: number;
}

/**
 * The readers of an event source mapping, after what AWS documents of them: each polls for at most ten messages, gathers
 * what it received into a batch until its window is over or the batch is full, and invokes. In standard mode there are
 * five at first and up to 300 more a minute while messages are left over, and a reader waits for its invocation; in
 * provisioned mode a poller goes on polling with up to ten invocations under way.
 */
export class ReaderPool<Batch> {
  readonly #queue: ReadableQueue<Batch>;
  readonly #invoke: (batch: Batch) => Promise<void>;
  readonly #conditions: ReaderConditions;
  readonly #batchSize: number;
  readonly #windowMs: number;
  readonly #kind: ReaderKind;
  readonly #readers: Reader<Batch>[] = [];
  /** Who polls first the next time: the readers take turns. */
  #turn = 0;
  /** Readers that Lambda has grown to; a fraction is on its way. */
  #grown: number;
  #pendingGrowth = 0;
  #lastPollAtMs = 0;
  #lastMessageAtMs = 0;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #cancelTimer: CancelTimer | undefined;
  #isIdle = true;
  #isClosed = false;

  constructor(
    queue: ReadableQueue<Batch>,
    invoke: (batch: Batch) => Promise<void>,
    { batchSize, batchWindowSeconds, readers }: ArrivalsReading,
    conditions: ReaderConditions,
  ) {
    this.#queue = queue;
    this.#invoke = invoke;
    this.#conditions = conditions;
    this.#batchSize = batchSize;
    this.#windowMs = batchWindowSeconds * 1_000;
    this.#kind = kindOf(readers, conditions.pace ?? 'assumed');
    this.#grown = this.#kind.atFirst;
  }

  /** Readers that there are. */
  get size(): number {
    return Math.floor(this.#grown);
  }

  /** There is something to receive, or to invoke again. */
  readonly wake = (): void => {
    const nowMs = this.#conditions.clock.now();
    this.#pollAt(this.#isIdle ? nowMs : this.#lastPollAtMs + this.#kind.pollEveryMs);
  };

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  #pollAt(atMs: number): void {
    if (this.#isClosed || atMs >= this.#timerAtMs) return;
    this.#cancelTimer?.();
    this.#timerAtMs = atMs;
    const { clock } = this.#conditions;
    this.#cancelTimer = clock.setTimer(Math.max(0, atMs - clock.now()), () => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#poll();
    });
  }

  #poll(): void {
    if (this.#isClosed || this.#conditions.isPaused()) return;
    const nowMs = this.#conditions.clock.now();
    const { pollEveryMs } = this.#kind;
    this.#closeBatches(nowMs);
    // A long poll is answered once, however long it waited.
    const elapsedMs = this.#isIdle
      ? pollEveryMs
      : Math.min(longestCatchUpMs, Math.max(0, nowMs - this.#lastPollAtMs));
    const polls = Math.floor(elapsedMs / pollEveryMs + 1e-9);
    if (polls > 0) {
      if (this.#queue.visible > 0) this.#receive(polls * messagesPerPoll, nowMs);
      this.#lastPollAtMs = this.#isIdle ? nowMs : this.#lastPollAtMs + polls * pollEveryMs;
      // What was missed past the longest catch-up is missed.
      if (nowMs - this.#lastPollAtMs > longestCatchUpMs) this.#lastPollAtMs = nowMs;
      this.#grow(this.#isIdle ? 0 : elapsedMs);
    }
    this.#schedule();
  }

  #receive(mostEach: number, nowMs: number): void {
    if (nowMs - this.#lastMessageAtMs > quietMs) this.#grown = this.#kind.atFirst;
    this.#lastMessageAtMs = nowMs;
    const size = this.size;
    for (let i = 0; i < size && this.#queue.visible > 0; i++) {
      const reader = this.#readerAt((this.#turn + i) % size);
      if (reader.invocations >= this.#kind.invocationsAtOnce) continue;
      const room = maxInFlightMessages - this.#queue.inFlight;
      if (room <= 0) break;
      const received = this.#queue.receive(Math.min(mostEach, room), reader.batch);
      if (received === undefined) continue;
      if (reader.batch === undefined) {
        reader.closesAtMs = nowMs + Math.max(this.#windowMs, this.#conditions.holdMs());
      }
      reader.batch = received.batch;
      if (received.isClosed || received.records >= this.#batchSize) this.#invokeFor(reader);
    }
    this.#turn = (this.#turn + 1) % size;
  }

  #readerAt(index: number): Reader<Batch> {
    let reader = this.#readers[index];
    if (reader === undefined) {
      reader = { batch: undefined, closesAtMs: Number.POSITIVE_INFINITY, invocations: 0 };
      this.#readers[index] = reader;
    }
    return reader;
  }

  /** Lambda adds readers while messages are left that none of them could take. */
  #grow(elapsedMs: number): void {
    if (this.#queue.visible === 0 || this.#queue.inFlight >= maxInFlightMessages) {
      this.#pendingGrowth = 0;
      return;
    }
    const { addedPerMinute, most } = this.#kind;
    this.#pendingGrowth += (elapsedMs / 60_000) * addedPerMinute;
    if (this.#conditions.growth === 'each minute' && this.#pendingGrowth < addedPerMinute) return;
    this.#grown = Math.min(most, this.#grown + this.#pendingGrowth);
    this.#pendingGrowth = 0;
  }

  #closeBatches(nowMs: number): void {
    for (const reader of this.#readers) {
      if (reader !== undefined && reader.closesAtMs <= nowMs) this.#invokeFor(reader);
    }
  }

  #invokeFor(reader: Reader<Batch>): void {
    const batch = reader.batch as Batch;
    reader.batch = undefined;
    reader.closesAtMs = Number.POSITIVE_INFINITY;
    reader.invocations++;
    void this.#invoke(batch).then(() => {
      reader.invocations--;
      if (this.#queue.visible > 0) this.wake();
    });
  }

  /** The next poll while there is something to receive; otherwise the end of the window that ends first. */
  #schedule(): void {
    const gathers = this.#readers.filter((reader) => reader?.batch !== undefined);
    const couldReceive = this.#queue.visible > 0 && this.#someReaderIsFree();
    this.#isIdle = gathers.length === 0 && this.#queue.visible === 0;
    if (couldReceive) this.#pollAt(this.#lastPollAtMs + this.#kind.pollEveryMs);
    for (const { closesAtMs } of gathers) this.#pollAt(closesAtMs);
  }

  #someReaderIsFree(): boolean {
    // Readers that Lambda may still add are free too.
    if (this.size > this.#readers.length || this.size < this.#kind.most) return true;
    return this.#readers.some(({ invocations }) => invocations < this.#kind.invocationsAtOnce);
  }
}

/** What the two modes make of a reader. */
interface ReaderKind {
  readonly atFirst: number;
  readonly most: number;
  readonly addedPerMinute: number;
  readonly pollEveryMs: number;
  readonly invocationsAtOnce: number;
}

function kindOf(readers: ArrivalsReading['readers'], pace: ReaderPace): ReaderKind {
  if (readers.mode === 'provisioned') {
    const { addedPerMinute, invocationsAtOnce, pollsPerSecond } = provisionedPollers;
    const { minimumPollers: atFirst, maximumPollers: most } = readers;
    return { atFirst, most, addedPerMinute, invocationsAtOnce, pollEveryMs: 1_000 / pollsPerSecond };
  }
  const { addedPerMinute } = standardReaders;
  const most = Math.min(readers.maximumConcurrency, standardReaders.most);
  const atFirst = Math.min(standardReaders.atFirst, most);
  const pollEveryMs = 1_000 / standardPollsPerSecond[pace];
  return { atFirst, most, addedPerMinute, invocationsAtOnce: 1, pollEveryMs };
}
