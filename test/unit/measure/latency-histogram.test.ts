import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Float64Histogram, JsHistogram } from 'hdr-histogram-js';
import { CorruptMeasurementError } from '../../../src/measure/corrupt-measurement.ts';
import { encodeCounts } from '../../../src/measure/hdr-encoding.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { randomCases } from '../../support/effort.ts';

/** Milliseconds: two clocks apart, ordinary, and far out; whole microseconds, so that a naive sum is exact. */
const latency = fc
  .oneof(fc.integer({ min: -5_000, max: 5_000 }), fc.nat(60_000_000), fc.nat(3_600_000_000))
  .map((us) => us / 1000);
const latencies = fc.array(latency, { maxLength: 300 });

function histogramOf(samples: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const ms of samples) histogram.record(ms);
  return histogram;
}

describe('LatencyHistogram', () => {
  it('matches a naive sort to three digits, negative samples and all', () => {
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0, 1, 50, 90, 95, 99, 99.9, 100),
        (samples, percentile) => {
          const sorted = [...samples].sort((a, b) => a - b);
          const rank = Math.max(1, Math.ceil(Math.round(percentile * samples.length * 10) / 1000));
          const exact = sorted[rank - 1]!;
          const measured = histogramOf(samples).percentileAt(percentile);
          expect(Math.abs(measured - exact)).toBeLessThanOrEqual(Math.max(0.001, Math.abs(exact) * 0.001));
        },
      ),
      randomCases(),
    );
  });

  it('has count, extremes, mean and negatives exactly', () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (samples) => {
        const sumUs = samples.reduce((sum, ms) => sum + Math.round(ms * 1000), 0);
        expect(histogramOf(samples).summary()).toMatchObject({
          count: samples.length,
          min: Math.min(...samples),
          max: Math.max(...samples),
          mean: Math.round(sumUs / samples.length) / 1000,
          negative: samples.filter((ms) => ms < 0).length,
          beyondRange: 0,
        });
      }),
      randomCases(),
    );
  });

  it('never reports percentiles out of order or beyond the extremes', () => {
    fc.assert(
      fc.property(latencies, (samples) => {
        const s = histogramOf(samples).summary();
        const ladder = [s.min, s.p50, s.p90, s.p95, s.p99, s.p999, s.max];
        expect(ladder).toEqual([...ladder].sort((a, b) => a - b));
      }),
      randomCases(),
    );
  });

  it('merges in any order and grouping, encoded or not', () => {
    fc.assert(
      fc.property(latencies, latencies, latencies, (a, b, c) => {
        const whole = histogramOf([...a, ...b, ...c]).encode();
        const left = histogramOf(a);
        left.merge(histogramOf(b));
        left.merge(histogramOf(c));
        const right = LatencyHistogram.decode(histogramOf(c).encode());
        right.mergeEncoded(histogramOf(b).encode());
        right.mergeEncoded(JSON.parse(JSON.stringify(histogramOf(a).encode())));
        expect(left.encode()).toEqual(whole);
        expect(right.encode()).toEqual(whole);
        expect(right.summary()).toEqual(histogramOf([...b, ...c, ...a]).summary());
      }),
      randomCases(),
    );
  });

  it('fills the buckets that HdrHistogram would', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3_600_000_000), { minLength: 1 }), (values) => {
        const theirs = new Float64Histogram(1, 3_600_000_000, 3);
        for (const us of values) theirs.recordValue(us);
        expect(histogramOf(values.map((us) => us / 1000)).encode().positive).toBe(encodeCounts(theirs));
      }),
      randomCases(),
    );
  });

  it('counts what is beyond an hour at the top, and says so', () => {
    const summary = histogramOf([10, -7_200_000, 7_200_000]).summary();
    expect(summary).toMatchObject({ count: 3, beyondRange: 2, negative: 1, max: 7_200_000, min: -7_200_000 });
    expect(summary.p999).toBeGreaterThanOrEqual(3_600_000);
  });

  it('refuses what is not a number', () => {
    expect(() => new LatencyHistogram().record(Number.NaN)).toThrow(RangeError);
    expect(() => new LatencyHistogram().record(Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });

  it('forgets everything on reset', () => {
    const histogram = histogramOf([1, -2, 9e9]);
    histogram.reset();
    expect(histogram.encode()).toEqual(new LatencyHistogram().encode());
    expect(histogram.summary()).toMatchObject({ count: 0, min: 0, max: 0, p99: 0 });
  });

  it.each([
    ['not base64', '***'],
    ['cut short', histogramOf([1, 2, 500]).encode().positive.slice(0, 40)],
    ['of another range', encodeCounts(new Float64Histogram(1, 1_000_000, 2))],
  ])('refuses a histogram that is %s', (_what, positive) => {
    const encoded = { ...histogramOf([1]).encode(), positive };
    expect(() => LatencyHistogram.decode(encoded)).toThrow(CorruptMeasurementError);
  });
});

describe('encodeCounts', () => {
  it('is what HdrHistogram itself reads', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3_600_000_000), { minLength: 1 }), (values) => {
        const histogram = new Float64Histogram(1, 3_600_000_000, 3);
        for (const us of values) histogram.recordValueWithCount(us, 5_000_000_000);
        const bytes = Uint8Array.from(atob(encodeCounts(histogram)), (c) => c.charCodeAt(0));
        const decode = (JsHistogram as unknown as { decode(data: Uint8Array, bits: 64): JsHistogram }).decode;
        const theirs = decode(bytes, 64);
        expect(theirs.totalCount).toBe(histogram.totalCount);
        for (const p of [1, 50, 99, 100]) {
          expect(theirs.getValueAtPercentile(p)).toBe(histogram.getValueAtPercentile(p));
        }
      }),
      randomCases(),
    );
  });
});
