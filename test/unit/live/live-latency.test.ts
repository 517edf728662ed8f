import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bucketCounts, bucketEdgeUs, latencyPoint } from '../../../src/live/live-latency.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { randomCases } from '../../support/effort.ts';

const hourUs = 3_600_000_000;
const latencyUs = fc.oneof(
  fc.integer({ min: -5_000, max: 5_000 }),
  fc.integer({ min: 0, max: 10_000_000 }),
  fc.integer({ min: 0, max: hourUs }),
);

function histogramOf(samplesUs: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const us of samplesUs) histogram.record(us / 1_000);
  return histogram;
}

/** Every edge there is, in order. */
function allEdges(): number[] {
  const edges = [0];
  for (let us = 0; us <= hourUs; us = edges.at(-1)!) edges.push(bucketEdgeUs(us));
  return edges;
}

describe('buckets', () => {
  it('are few enough for a table of InfluxDB 3, where it is hosted: 250 columns with tags and other fields', () => {
    expect(allEdges()).toHaveLength(200);
  });

  it('are an eighth of their octave wide', () => {
    const edges = allEdges().filter((edge) => edge >= 128);
    for (const [i, edge] of edges.slice(1).entries()) {
      expect((edge - edges[i]!) / edges[i]!).toBeGreaterThan(0.06);
      expect((edge - edges[i]!) / edges[i]!).toBeLessThanOrEqual(0.125);
    }
  });

  it('cut through none of the histogram’s: counting what was encoded is counting the samples', () => {
    fc.assert(
      fc.property(fc.array(latencyUs, { maxLength: 200 }), (samples) => {
        const naive = new Map<string, number>();
        for (const us of samples) {
          const field = `lt_${bucketEdgeUs(us)}`;
          naive.set(field, (naive.get(field) ?? 0) + 1);
        }
        const counts = bucketCounts(histogramOf(samples).encode());
        expect(Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))).toEqual(
          Object.fromEntries(naive),
        );
      }),
      randomCases(),
    );
  });

  it('come with the one before: where a bucket begins is there to read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: hourUs }), (us) => {
        const [begin, end] = Object.keys(bucketCounts(histogramOf([us]).encode()))
          .map((field) => Number(field.slice(3)))
          .sort((a, b) => a - b);
        expect(begin).toBeLessThanOrEqual(us);
        expect(end).toBeGreaterThan(us);
        if (begin! > 0) expect(bucketEdgeUs(begin! - 1)).toBe(begin);
        expect(bucketEdgeUs(begin!)).toBe(end);
      }),
      randomCases(),
    );
  });
});

describe('a point of latency', () => {
  it('carries the histogram whole', () => {
    fc.assert(
      fc.property(fc.array(latencyUs, { minLength: 1, maxLength: 100 }), (samples) => {
        const histogram = histogramOf(samples);
        const tags = { run: 'r', protocol: 'mqtt', stage: '1' };
        const { fields } = latencyPoint('transit', histogram.encode(), tags, '1000000000');
        const read = LatencyHistogram.decode({
          count: Number(fields.count),
          sumUs: Number(fields.sum_us),
          minUs: Number(fields.min_us),
          maxUs: Number(fields.max_us),
          beyondRange: Number(fields.beyond_range ?? 0),
          positive: String(fields.hdr),
          negative: String(fields.hdr_negative),
        });
        expect(read.summary()).toEqual(histogram.summary());
      }),
      randomCases(),
    );
  });
});
