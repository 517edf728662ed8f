import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addBuckets,
  bucketMiddleMs,
  bucketPercentile,
  encodeBuckets,
  latencyBucketOf,
  latencyBuckets,
} from '../../../src/measure/latency-buckets.ts';
import { randomCases } from '../../support/effort.ts';

const anyLatencyMs = fc.oneof(
  fc.double({ min: -4_000_000, max: 4_000_000, noNaN: true }),
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.double({ min: 0, max: 100, noNaN: true }),
);
const clampToHour = (ms: number) => Math.min(3_600_000, Math.max(-3_600_000, ms));

describe('latency buckets', () => {
  it('stand for each of their latencies to 1.6 % or half a microsecond', () => {
    fc.assert(
      fc.property(anyLatencyMs, (ms) => {
        const within = clampToHour(ms);
        const error = Math.abs(bucketMiddleMs(latencyBucketOf(ms)) - within);
        expect(error).toBeLessThanOrEqual(Math.max(Math.abs(within) / 63, 0.000_51));
      }),
      randomCases(),
    );
  });

  it('stand in the order of the latencies', () => {
    fc.assert(
      fc.property(anyLatencyMs, anyLatencyMs, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(latencyBucketOf(low)).toBeLessThanOrEqual(latencyBucketOf(high));
      }),
      randomCases(),
    );
  });

  it('begin and end an hour from zero', () => {
    expect(latencyBucketOf(-3_600_000)).toBe(0);
    expect(latencyBucketOf(9e9)).toBe(latencyBuckets - 1);
  });

  it('come back from their encoding, and add up', () => {
    const counts = fc.array(fc.record({ bucket: fc.nat(latencyBuckets - 1), count: fc.nat(1_000) }));
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const [one, other, both] = [a, b, [...a, ...b]].map((list) => {
          const row = new Uint32Array(latencyBuckets);
          for (const { bucket, count } of list) row[bucket]! += count;
          return row;
        });
        const sum = new Uint32Array(latencyBuckets);
        addBuckets(sum, encodeBuckets(one!));
        addBuckets(sum, encodeBuckets(other!));
        expect(sum).toEqual(both);
      }),
      randomCases(),
    );
  });

  it('give percentiles near those of a naive sort', () => {
    fc.assert(
      fc.property(
        fc.array(anyLatencyMs.map(clampToHour), { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (samples, share) => {
          const counts = new Uint32Array(latencyBuckets);
          for (const ms of samples) counts[latencyBucketOf(ms)]!++;
          const sorted = samples.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
          const error = Math.abs(bucketPercentile(counts, share)! - exact);
          expect(error).toBeLessThanOrEqual(Math.max(Math.abs(exact) / 63, 0.000_51));
        },
      ),
      randomCases(),
    );
    expect(bucketPercentile(new Uint32Array(latencyBuckets), 0.5)).toBeUndefined();
  });

  it('are passed over where they lie past the end', () => {
    const counts = new Uint32Array(3);
    addBuckets(counts, [2, 7, 1_000_000, 1]);
    expect([...counts]).toEqual([0, 0, 7]);
  });
});
