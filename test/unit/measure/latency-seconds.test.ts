import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeBuckets, latencyBucketOf, latencyBuckets } from '../../../src/measure/latency-buckets.ts';
import { LatencySeconds } from '../../../src/measure/latency-seconds.ts';
import { LatencySeries } from '../../../src/measure/latency-series.ts';
import { randomCases } from '../../support/effort.ts';

const startMs = 1_790_000_000_000;
const start = startMs / 1_000;
const samples = fc.array(
  fc.record({ second: fc.nat(20), ms: fc.double({ min: -5, max: 500, noNaN: true }) }),
);

function recorded(list: readonly { second: number; ms: number }[]): LatencySeconds {
  const seconds = new LatencySeconds();
  for (const { second, ms } of list) seconds.record(startMs + second * 1_000 + 999.5, ms);
  return seconds;
}

describe('LatencySeconds', () => {
  it('counts every sample in its second, in whatever order seconds come', () => {
    fc.assert(
      fc.property(samples, (list) => {
        const encoded = recorded(list).encode();
        for (let second = 0; second <= 20; second++) {
          const expected = new Uint32Array(latencyBuckets);
          for (const sample of list) if (sample.second === second) expected[latencyBucketOf(sample.ms)]!++;
          expect(encoded[start + second] ?? []).toEqual(encodeBuckets(expected));
        }
      }),
      randomCases(),
    );
  });

  it('may be encoded while it goes on', () => {
    const seconds = recorded([{ second: 1, ms: 2 }]);
    const before = seconds.encode();
    seconds.record(startMs + 1_500, 2);
    expect(Object.values(before)).toEqual([[latencyBucketOf(2), 1]]);
    expect(Object.values(seconds.encode())).toEqual([[latencyBucketOf(2), 2]]);
  });
});

describe('LatencySeries', () => {
  it('adds parts up to the whole', () => {
    fc.assert(
      fc.property(samples, samples, fc.integer({ min: 1, max: 6 }), (a, b, secondsPerStep) => {
        const series = (...parts: (typeof a)[]) => {
          const sum = new LatencySeries({ from: start, until: start + 21, secondsPerStep });
          for (const part of parts) sum.add(recorded(part).encode());
          return sum;
        };
        const [whole, parts] = [series([...a, ...b]), series(a, b)];
        expect(parts.starts()).toEqual(whole.starts());
        const counts = (of: LatencySeries) => encodeBuckets(of.countsBetween(start, start + 21));
        expect(counts(parts)).toEqual(counts(whole));
      }),
      randomCases(),
    );
  });

  it('leaves out what lies far from the run', () => {
    const series = new LatencySeries({ from: start, until: start + 2, secondsPerStep: 1 });
    series.add(recorded([-1, 0, 1, 2].map((second) => ({ second, ms: 1 }))).encode());
    expect(series.starts()).toEqual([0, 1].map((second) => start + second));
  });
});
