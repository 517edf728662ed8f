import { describe, expect, it } from '@jest/globals';
import type { ReaderConditions } from '../../../../../src/embedded/iot-core/queue/reader-pool.ts';
import { defaultDeployment } from '../../../../../src/plan/deployment.ts';
import {
  type ArrivalsReading,
  forecastReading,
  quietQueueWaitMs,
} from '../../../../../src/plan/queue-readers.ts';
import { sizeOf } from '../../../../support/effort.ts';
import {
  fiftyReaders,
  startCountedReading,
  tenReaders,
} from '../../../../support/iot-core/queue/counted-reading.ts';

interface Reading {
  /** After the last message was sent. */
  readonly unreadAfterSeconds: (seconds: number) => number;
  readonly largestBacklog: number;
  readonly mostInFlight: number;
  readonly readers: number;
  readonly batches: number;
  readonly largestBatch: number;
}

/** Ten minutes at full size; in two, readers of the assumed pace have long caught up with the load. */
const loadSeconds = sizeOf(600, 120);
/** The slowest ones have after four. */
const slowLoadSeconds = sizeOf(600, 240);

async function read(
  reading: ArrivalsReading,
  conditions: Partial<ReaderConditions> = {},
  { perSecond, seconds } = { perSecond: 20_000, seconds: loadSeconds },
  watchSeconds = 60,
): Promise<Reading> {
  const { clock, queue, pool, counts, send, sleep } = startCountedReading(reading, conditions);
  const unread: number[] = [];
  const run = async (): Promise<void> => {
    await send(perSecond, seconds);
    for (let second = 0; second <= watchSeconds; second++) {
      unread.push(queue.unread);
      await sleep(1_000);
    }
    expect(queue.unread + queue.deleted).toBe(perSecond * seconds);
  };
  await clock.runUntil(run());
  pool.close();
  return { ...counts, readers: pool.size, unreadAfterSeconds: (after) => unread[after]! };
}

const { arrivals } = defaultDeployment;

describe('minutes of 20,000 messages a second', () => {
  describe.each([
    // Five readers take 3,829/s, and five more come each second.
    { pace: 'assumed', backlog: 40_000, seconds: loadSeconds },
    // Five take 454/s: 221 that keep up are there after 43 s. Until then 43 s × (20,000 − 454)/2 pile up, and what is gathered.
    { pace: 'slowest', backlog: 470_000, seconds: slowLoadSeconds },
  ] as const)(
    'with the defaults of the stack and readers of the $pace pace',
    ({ pace, backlog, seconds }) => {
      const load = { messages: 20_000 * seconds, peakPerSecond: 20_000, seconds };
      const sent = { perSecond: 20_000, seconds };

      it('are read within 30 s of the end', async () => {
        const { unreadAfterSeconds, largestBacklog, mostInFlight, readers, batches } = await read(
          arrivals,
          { pace },
          sent,
        );
        expect(unreadAfterSeconds(30)).toBe(0);
        expect(largestBacklog).toBeLessThan(backlog);
        expect(mostInFlight).toBeLessThan(120_000);
        expect(readers).toBeLessThanOrEqual(300);
        const forecast = forecastReading(load, arrivals, pace);
        expect(Math.abs(readers - forecast.readers)).toBeLessThanOrEqual(2);
        // A reader also waits for its next poll, and the first minute has fewer of them: the forecast leaves both out.
        expect(batches / forecast.batches).toBeGreaterThan(sizeOf(0.8, 0.7));
        // The last batch of a reader need not be full.
        expect(batches / forecast.batches).toBeLessThan(1.01);
      });

      it('are read in time though Lambda waits 20 s for each batch to fill', async () => {
        // Only a batch that fills up goes sooner; the last ones do not.
        const { unreadAfterSeconds } = await read(arrivals, { pace, holdMs: () => quietQueueWaitMs }, sent);
        expect(unreadAfterSeconds(5)).toBeGreaterThan(0);
        expect(unreadAfterSeconds(30)).toBe(0);
      });

      it('are read in time though Lambda adds its readers only at the end of each minute', async () => {
        const { unreadAfterSeconds, largestBacklog } = await read(
          arrivals,
          { pace, growth: 'each minute' },
          sent,
        );
        // A minute of 20,000/s less what five readers take.
        expect(largestBacklog).toBeGreaterThan(900_000);
        expect(unreadAfterSeconds(30)).toBe(0);
      });
    },
  );

  it.each([
    // Each second leaves 20,000 − 10 × 892.857 = 11,071 unread; after the end 8,929 a second are read.
    { readers: 10, pace: 'assumed', reading: tenReaders, perSecond: 11_000 },
    // 20,000 − 10 × 90.74 = 19,093.
    { readers: 10, pace: 'slowest', reading: tenReaders, perSecond: 19_000 },
    // 20,000 − 50 × 90.74 = 15,463.
    { readers: 50, pace: 'slowest', reading: fiftyReaders, perSecond: 15_400 },
  ] as const)(
    'fill the queue with $readers readers of the $pace pace',
    async ({ readers, pace, reading, perSecond }) => {
      const atEnd = perSecond * loadSeconds;
      const { unreadAfterSeconds, readers: reached } = await read(reading, { pace });
      expect(reached).toBe(readers);
      expect(unreadAfterSeconds(0)).toBeGreaterThan(atEnd);
      expect(unreadAfterSeconds(30)).toBeGreaterThan(atEnd - 300_000);
    },
  );

  it('are read by provisioned pollers that are enough of them from the start', async () => {
    const readers = { mode: 'provisioned', minimumPollers: 200, maximumPollers: 250 } as const;
    const { unreadAfterSeconds, mostInFlight } = await read({ ...arrivals, readers });
    expect(unreadAfterSeconds(30)).toBe(0);
    expect(mostInFlight).toBeLessThan(120_000);
  });
});

describe('ReaderPool', () => {
  it('keeps a batch within its size, and what is in flight within what SQS allows', async () => {
    const { largestBatch, mostInFlight, unreadAfterSeconds } = await read(
      { batchSize: 300, batchWindowSeconds: 1, readers: { mode: 'standard', maximumConcurrency: 1_000 } },
      { growth: 'evenly' },
      { perSecond: 400_000, seconds: sizeOf(120, 90) },
      0,
    );
    expect(largestBatch).toBe(300);
    expect(mostInFlight).toBeLessThanOrEqual(120_000);
    expect(unreadAfterSeconds(0)).toBeGreaterThan(1_000_000);
  });

  it('makes smaller batches of a slow load, one from each of five readers a window', async () => {
    const slow = { perSecond: 100, seconds: 60 };
    const { batches, readers, largestBatch } = await read(arrivals, {}, slow);
    expect(readers).toBe(5);
    expect(largestBatch).toBeLessThanOrEqual(40);
    const forecast = forecastReading(
      { messages: 6_000, peakPerSecond: 100, seconds: 60 },
      arrivals,
      'assumed',
    );
    expect(batches / forecast.batches).toBeGreaterThan(0.9);
    expect(batches / forecast.batches).toBeLessThan(1.05);
  });
});
