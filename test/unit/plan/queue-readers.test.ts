import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defaultDeployment } from '../../../src/plan/deployment.ts';
import {
  type ArrivalsReading,
  forecastReading,
  maxInFlightMessages,
  messagesReadPerSecond,
  type ReaderPace,
  readersAt,
} from '../../../src/plan/queue-readers.ts';
import { randomCases } from '../../support/effort.ts';

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

const paces: readonly ReaderPace[] = ['assumed', 'slowest'];

describe('messagesReadPerSecond', () => {
  it.each([
    // 1,000 in a second, and 0.1 s + 1,000 × 20 µs of its invocation.
    ['a standard reader', standard(2), 2 * (1_000 / 1.12)],
    ['ten of them', standard(10, { batchSize: 10_000 }), 10 * (1_000 / 1.12)],
    // 100 in 0.1 s, and 0.102 s.
    ['small batches', standard(10, { batchSize: 100 }), 10 * (100 / 0.202)],
    // A poll is a batch: ten in 10 ms, and 0.1002 s.
    ['no window', standard(10, { batchWindowSeconds: 0 }), 10 * (10 / 0.1102)],
    // 120,000 in flight for 1.12 s.
    ['as many readers as there can be', standard(1_000), 120_000 / 1.12],
    // 6 MB of 1 KB a record: 6,291 in 6.291 s, and 0.22582 s.
    ['a long window', standard(4, { batchSize: 10_000, batchWindowSeconds: 60 }), 4 * (6_291 / 6.51682)],
    ['provisioned pollers', provisioned(2, 250), 25_000],
  ])('is worked out for %s at the assumed pace', (_what, reading, expected) => {
    expect(messagesReadPerSecond(reading, 'assumed')).toBeCloseTo(expected, 6);
  });

  it.each([
    // 100 in a second, and 0.1 s + 100 × 20 µs of its invocation.
    ['a standard reader', standard(2), 2 * (100 / 1.102)],
    ['the stack’s 300', defaultDeployment.arrivals, 300 * (100 / 1.102)],
    // 120,000 in flight for 1.102 s is more.
    ['as many readers as there can be', standard(1_000), 1_000 * (100 / 1.102)],
    // AWS documents them: there is no other reading.
    ['provisioned pollers', provisioned(2, 250), 25_000],
  ])('is worked out for %s at the slowest pace', (_what, reading, expected) => {
    expect(messagesReadPerSecond(reading, 'slowest')).toBeCloseTo(expected, 6);
  });

  it('keeps the messages in flight below what SQS allows', () => {
    fc.assert(
      fc.property(readings, fc.constantFrom(...paces), (reading, pace) => {
        // In flight for the invocation at least.
        expect(messagesReadPerSecond(reading, pace) * 0.1).toBeLessThanOrEqual(120_000);
        expect(messagesReadPerSecond(reading, pace)).toBeGreaterThan(0);
      }),
      randomCases(),
    );
  });
});

describe('the defaults of the stack', () => {
  it('read 20,000/s at either pace with a third to spare, below what SQS lets be in flight', () => {
    const { arrivals } = defaultDeployment;
    for (const pace of paces) expect(messagesReadPerSecond(arrivals, pace) / 20_000).toBeGreaterThan(4 / 3);
    if (arrivals.readers.mode !== 'standard') throw new Error('provisioned');
    expect(arrivals.batchSize * arrivals.readers.maximumConcurrency).toBeLessThan(maxInFlightMessages);
  });
});

describe('readersAt', () => {
  it.each([
    [0, 5, 5],
    // 2 × 400/90.74 − 5 = 3.8
    [400, 5, 5],
    // 2 × 1,000/90.74 − 5 = 17.04
    [1_000, 5, 18],
    // 2 × 10,000/765.86 − 5 = 21.1; 215.4
    [10_000, 22, 216],
    [20_000, 48, 300],
    [1_000_000, 300, 300],
  ])(
    'has for %d/s, with the defaults of the stack, %d of the assumed pace and %d of the slowest',
    (rate, assumed, slowest) => {
      expect(readersAt(rate, defaultDeployment.arrivals, 'assumed')).toBe(assumed);
      expect(readersAt(rate, defaultDeployment.arrivals, 'slowest')).toBe(slowest);
    },
  );

  it('never has more than there may be, nor fewer than at first', () => {
    const rates = fc.double({ min: 0, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(readings, rates, fc.constantFrom(...paces), (reading, rate, pace) => {
        const { readers } = reading;
        const [least, most] =
          readers.mode === 'standard'
            ? [Math.min(5, readers.maximumConcurrency), readers.maximumConcurrency]
            : [readers.minimumPollers, readers.maximumPollers];
        expect(readersAt(rate, reading, pace)).toBeGreaterThanOrEqual(least);
        expect(readersAt(rate, reading, pace)).toBeLessThanOrEqual(most);
      }),
      randomCases(),
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
      fc.property(readings, loads, fc.constantFrom(...paces), (reading, load, pace) => {
        const { batches } = forecastReading(load, reading, pace);
        expect(Number.isInteger(batches)).toBe(true);
        expect(batches).toBeLessThanOrEqual(load.messages);
        expect(batches * Math.min(reading.batchSize, 6_291)).toBeGreaterThanOrEqual(load.messages);
      }),
      randomCases(),
    );
  });
});
