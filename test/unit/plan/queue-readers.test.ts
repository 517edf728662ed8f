import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defaultDeployment } from '../../../src/plan/deployment.ts';
import {
  type ArrivalsReading,
  forecastReading,
  messagesReadPerSecond,
  readersAt,
} from '../../../src/plan/queue-readers.ts';

const standard = (maximumConcurrency: number, of: Partial<ArrivalsReading> = {}): ArrivalsReading => ({
  batchSize: 2_000,
  batchWindowSeconds: 1,
  readers: { mode: 'standard', maximumConcurrency },
  ...of,
});
const provisioned = (minimumPollers: number, maximumPollers: number): ArrivalsReading => ({
  batchSize: 2_000,
  batchWindowSeconds: 1,
  readers: { mode: 'provisioned', minimumPollers, maximumPollers },
});

const readings: fc.Arbitrary<ArrivalsReading> = fc.record({
  batchSize: fc.integer({ min: 1, max: 10_000 }),
  batchWindowSeconds: fc.integer({ min: 0, max: 300 }),
  readers: fc.oneof(
    fc.record({
      mode: fc.constant('standard' as const),
      maximumConcurrency: fc.integer({ min: 2, max: 1_000 }),
    }),
    fc
      .record({
        mode: fc.constant('provisioned' as const),
        minimumPollers: fc.integer({ min: 2, max: 200 }),
        maximumPollers: fc.integer({ min: 2, max: 2_000 }),
      })
      .filter(({ minimumPollers, maximumPollers }) => minimumPollers <= maximumPollers),
  ),
});

describe('messagesReadPerSecond', () => {
  it.each([
    // 1,000 in a second, and 0.1 s + 1,000 × 20 µs of its invocation.
    ['a standard reader', standard(2), 2 * (1_000 / 1.12)],
    ['the old default', standard(10, { batchSize: 10_000 }), 10 * (1_000 / 1.12)],
    // 100 in 0.1 s, and 0.102 s.
    ['small batches', standard(10, { batchSize: 100 }), 10 * (100 / 0.202)],
    // A poll is a batch: ten in 10 ms, and 0.1002 s.
    ['no window', standard(10, { batchWindowSeconds: 0 }), 10 * (10 / 0.1102)],
    // 120,000 in flight for 1.12 s.
    ['as many readers as there can be', standard(1_000), 120_000 / 1.12],
    // 6 MB of 1 KB a record: 6,291 in 6.291 s, and 0.22582 s.
    ['a long window', standard(4, { batchSize: 10_000, batchWindowSeconds: 60 }), 4 * (6_291 / 6.51682)],
    ['provisioned pollers', provisioned(2, 250), 25_000],
  ])('is worked out for %s', (_what, reading, expected) => {
    expect(messagesReadPerSecond(reading)).toBeCloseTo(expected, 6);
  });

  it('keeps the messages in flight below what SQS allows', () => {
    fc.assert(
      fc.property(readings, (reading) => {
        // In flight for the invocation at least.
        expect(messagesReadPerSecond(reading) * 0.1).toBeLessThanOrEqual(120_000);
        expect(messagesReadPerSecond(reading)).toBeGreaterThan(0);
      }),
    );
  });
});

describe('readersAt', () => {
  it.each([
    [0, 5],
    [4_464, 5],
    // 2 × 10,000/892.857 − 5 = 17.4
    [10_000, 18],
    [20_000, 40],
    [1_000_000, 50],
  ])('has for %d/s, with the defaults of the stack, %d', (rate, readers) => {
    expect(readersAt(rate, defaultDeployment.arrivals)).toBe(readers);
  });

  it('never has more than there may be, nor fewer than at first', () => {
    fc.assert(
      fc.property(readings, fc.double({ min: 0, max: 1e7, noNaN: true }), (reading, rate) => {
        const { readers } = reading;
        const [least, most] =
          readers.mode === 'standard'
            ? [Math.min(5, readers.maximumConcurrency), readers.maximumConcurrency]
            : [readers.minimumPollers, readers.maximumPollers];
        expect(readersAt(rate, reading)).toBeGreaterThanOrEqual(least);
        expect(readersAt(rate, reading)).toBeLessThanOrEqual(most);
      }),
    );
  });
});

describe('forecastReading', () => {
  it('has enough batches for all messages, and no empty one', () => {
    const loads = fc.record({
      messages: fc.integer({ min: 1, max: 1e9 }),
      peakPerSecond: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
      seconds: fc.integer({ min: 1, max: 900 }),
    });
    fc.assert(
      fc.property(readings, loads, (reading, load) => {
        const { batches } = forecastReading(load, reading);
        expect(Number.isInteger(batches)).toBe(true);
        expect(batches).toBeLessThanOrEqual(load.messages);
        expect(batches * Math.min(reading.batchSize, 6_291)).toBeGreaterThanOrEqual(load.messages);
      }),
    );
  });
});
