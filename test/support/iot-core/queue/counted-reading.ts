import {
  type ReadableQueue,
  type ReaderConditions,
  ReaderPool,
  type Received,
} from '../../../../src/embedded/iot-core/queue/reader-pool.ts';
import {
  type ArrivalsReading,
  measureSeconds,
  measureSecondsPerRecord,
} from '../../../../src/plan/queue-readers.ts';
import { VirtualClock } from '../../device/virtual-clock.ts';

export interface CountedBatch {
  records: number;
}

/** A queue of which only the counts are kept. */
export class CountedQueue implements ReadableQueue<CountedBatch> {
  visible = 0;
  inFlight = 0;
  deleted = 0;

  receive(most: number, into: CountedBatch | undefined): Received<CountedBatch> | undefined {
    const taken = Math.min(most, this.visible);
    if (taken === 0) return undefined;
    const batch = into ?? { records: 0 };
    batch.records += taken;
    this.visible -= taken;
    this.inFlight += taken;
    return { batch, records: batch.records, isClosed: false };
  }

  delete(records: number): void {
    this.inFlight -= records;
    this.deleted += records;
  }

  get unread(): number {
    return this.visible + this.inFlight;
  }
}

/** Of a load that is constant: how much was read, and how. */
export interface CountedReading {
  readonly clock: VirtualClock;
  readonly queue: CountedQueue;
  readonly pool: ReaderPool<CountedBatch>;
  readonly counts: { largestBacklog: number; mostInFlight: number; batches: number; largestBatch: number };
  /** Resolves when the last message is sent. */
  send(perSecond: number, seconds: number): Promise<void>;
  sleep(ms: number): Promise<void>;
}

/** Readers in virtual time whose messages are counts, and whose function takes what the forecast assumes. */
export function startCountedReading(
  reading: ArrivalsReading,
  conditions: Partial<ReaderConditions> = {},
): CountedReading {
  const clock = new VirtualClock(0);
  const queue = new CountedQueue();
  const counts = { largestBacklog: 0, mostInFlight: 0, batches: 0, largestBatch: 0 };
  const sleep = (ms: number) => new Promise<void>((resolve) => void clock.setTimer(ms, resolve));
  const invoke = async ({ records }: CountedBatch): Promise<void> => {
    counts.batches++;
    counts.largestBatch = Math.max(counts.largestBatch, records);
    await sleep((measureSeconds + records * measureSecondsPerRecord) * 1_000);
    queue.delete(records);
  };
  const pool = new ReaderPool(queue, invoke, reading, {
    clock,
    isPaused: () => false,
    holdMs: () => 0,
    ...conditions,
  });
  return {
    clock,
    queue,
    pool,
    counts,
    sleep,
    async send(perSecond, seconds) {
      const all = perSecond * seconds;
      const startMs = clock.now();
      for (let sent = 0; sent < all; ) {
        await sleep(10);
        const due = Math.min(all, Math.round(((clock.now() - startMs) / 1_000) * perSecond));
        const wasEmpty = queue.visible === 0;
        queue.visible += due - sent;
        sent = due;
        if (wasEmpty && queue.visible > 0) pool.wake();
        counts.largestBacklog = Math.max(counts.largestBacklog, queue.visible);
        counts.mostInFlight = Math.max(counts.mostInFlight, queue.inFlight);
      }
    },
  };
}

/** What the stack had at first: few readers, and large batches. */
export const tenReaders: ArrivalsReading = {
  batchSize: 10_000,
  batchWindowSeconds: 1,
  readers: { mode: 'standard', maximumConcurrency: 10 },
};

/** What it had then: enough if a reader takes 1,000 messages a second. */
export const fiftyReaders: ArrivalsReading = {
  batchSize: 2_000,
  batchWindowSeconds: 1,
  readers: { mode: 'standard', maximumConcurrency: 50 },
};
