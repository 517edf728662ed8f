import { describe, expect, it } from '@jest/globals';
import type { ReaderConditions } from '../../../../../src/embedded/iot-core/queue/reader-pool.ts';
import { defaultDeployment } from '../../../../../src/plan/deployment.ts';
import {
  type ArrivalsReading,
  forecastReading,
  quietQueueWaitMs,
} from '../../../../../src/plan/queue-readers.ts';
import { oldDefaults, startCountedReading } from '../../../../support/iot-core/queue/counted-reading.ts';

interface Reading {
  /** After the last message was sent. */
  readonly unreadAfterSeconds: (seconds: number) => number;
  readonly largestBacklog: number;
  readonly mostInFlight: number;
  readonly readers: number;
  readonly batches: number;
  readonly largestBatch: number;
}

async function read(
  reading: ArrivalsReading,
  conditions: Partial<ReaderConditions> = {},
  { perSecond, seconds } = { perSecond: 20_000, seconds: 600 },
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

describe('twelve million messages in ten minutes', () => {
  it('are read within 30 s of the end with the defaults of the stack', async () => {
    const { unreadAfterSeconds, largestBacklog, mostInFlight, readers, batches } = await read(arrivals);
    expect(unreadAfterSeconds(30)).toBe(0);
    // Five readers take 4,464/s, and five more come each second.
    expect(largestBacklog).toBeLessThan(40_000);
    expect(mostInFlight).toBeLessThan(120_000);
    expect(readers).toBeLessThanOrEqual(50);
    const forecast = forecastReading({ messages: 12_000_000, peakPerSecond: 20_000, seconds: 600 }, arrivals);
    expect(Math.abs(readers - forecast.readers)).toBeLessThanOrEqual(2);
    // A reader also waits for its next poll, which the forecast leaves out.
    expect(batches / forecast.batches).toBeGreaterThan(0.9);
    expect(batches).toBeLessThanOrEqual(forecast.batches);
  });

  it('are read in time though Lambda waits 20 s for each batch to fill', async () => {
    // Only a batch that fills up goes sooner; the last ones do not.
    const { unreadAfterSeconds } = await read(arrivals, { holdMs: () => quietQueueWaitMs });
    expect(unreadAfterSeconds(5)).toBeGreaterThan(0);
    expect(unreadAfterSeconds(30)).toBe(0);
  });

  it('are read in time though Lambda adds its readers only at the end of each minute', async () => {
    const { unreadAfterSeconds, largestBacklog } = await read(arrivals, { growth: 'each minute' });
    // A minute of 20,000/s less what five readers take.
    expect(largestBacklog).toBeGreaterThan(900_000);
    expect(unreadAfterSeconds(30)).toBe(0);
  });

  it('fill the queue with the old defaults: ten readers', async () => {
    const { unreadAfterSeconds, readers } = await read(oldDefaults);
    expect(readers).toBe(10);
    // (20,000 − 10 × 892.857) × 600 s = 6.6 million, of which 8,929 a second are read after the end.
    expect(unreadAfterSeconds(0)).toBeGreaterThan(6_500_000);
    expect(unreadAfterSeconds(30)).toBeGreaterThan(6_200_000);
  });

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
      { perSecond: 400_000, seconds: 120 },
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
    const forecast = forecastReading({ messages: 6_000, peakPerSecond: 100, seconds: 60 }, arrivals);
    expect(batches / forecast.batches).toBeGreaterThan(0.9);
    expect(batches / forecast.batches).toBeLessThan(1.05);
  });
});
