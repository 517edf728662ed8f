import { forEachCount } from '../measure/hdr-encoding.ts';
import type { EncodedHistogram } from '../measure/latency-histogram.ts';
import type { LatencyName } from '../measure/latency-names.ts';
import type { BucketField, LivePoint } from './live-points.ts';
import type { StageTags } from './live-stage.ts';

/**
 * A histogram for two kinds of readers. `hdr` is HdrHistogram's own encoding: merged, it gives every percentile to three
 * digits over any window. Grafana cannot decode it and reads counts by bucket, which add up in any database.
 *
 * The buckets: eight of equal width to an octave (HdrHistogram's own way with its 1,024), so each is 6 to 12 % wide and
 * none cuts through one of `hdr`'s. Below 128 µs there is one, below zero another. From there to an hour it is 202
 * fields, of which a service's latencies touch some thirty. Four times as many would be finer than a line in a chart,
 * and more columns than InfluxDB 3 allows a table (500, where it is hosted 250).
 */
const stepsPerOctave = 8;
const firstEdgeUs = 128;

/** The bucket of a latency, named by the edge that it lies below. @param us whole */
export function bucketEdgeUs(us: number): number {
  if (us < 0) return 0;
  if (us < firstEdgeUs) return firstEdgeUs;
  const step = 2 ** (31 - Math.clz32(us)) / stepsPerOctave;
  return (Math.floor(us / step) + 1) * step;
}

/** The edge before: where a bucket begins. */
function edgeBeforeUs(edgeUs: number): number {
  if (edgeUs <= firstEdgeUs) return 0;
  // A power of two is the last edge of the octave below it.
  return edgeUs - 2 ** (31 - Math.clz32(edgeUs - 1)) / stepsPerOctave;
}

/**
 * Counts by bucket, only of those that have any, and of the ones right before these: who interpolates within a bucket
 * needs its lower bound.
 */
export function bucketCounts({ positive, negative }: EncodedHistogram): Record<BucketField, number> {
  const counts: Record<BucketField, number> = {};
  const add = (edgeUs: number, count: number): void => {
    const field: BucketField = `lt_${edgeUs}`;
    counts[field] = (counts[field] ?? 0) + count;
  };
  if (negative !== '') forEachCount(negative, (_us, count) => add(0, count));
  if (positive !== '') {
    forEachCount(positive, (us, count) => {
      const edgeUs = bucketEdgeUs(us);
      add(edgeBeforeUs(edgeUs), 0);
      add(edgeUs, count);
    });
  }
  return counts;
}

/** One kind of latency as one point. @param timestampNs see `liveTimestamp` */
export function latencyPoint(
  latency: LatencyName,
  histogram: EncodedHistogram,
  tags: StageTags,
  timestampNs: string,
): LivePoint<'stampede_latency'> {
  const { count, sumUs, minUs, maxUs, beyondRange, positive, negative } = histogram;
  return {
    measurement: 'stampede_latency',
    tags: { ...tags, latency },
    fields: {
      count,
      sum_us: sumUs,
      min_us: minUs,
      max_us: maxUs,
      ...(beyondRange === 0 ? {} : { beyond_range: beyondRange }),
      hdr: positive,
      hdr_negative: negative,
      ...bucketCounts(histogram),
    },
    timestampNs,
  };
}
