/**
 * Coarse buckets for latencies over time: a second of a run becomes a handful of numbers, and a percentile read off them
 * is right to 1.6 %. The figures of a report come from the fine histograms; these are for what is drawn, and for slopes.
 *
 * As in HdrHistogram, an octave has a fixed number of steps of equal width: magnitudes of [32·2ᵏ, 64·2ᵏ) µs fall into 32
 * buckets of 2ᵏ µs, and below 64 µs each microsecond is a bucket. Two clocks can make a latency negative: its bucket lies
 * as far below `zeroBucket` as that of its magnitude lies above.
 */
const highestUs = 3_600_000_000;
const highestMagnitude = 885;

const zeroBucket = highestMagnitude;
/** Buckets are numbered from 0 to one less than this, in the order of the latencies. */
export const latencyBuckets = 2 * highestMagnitude + 1;

/** @param latencyMs finite; beyond ±1 h counts as ±1 h */
export function latencyBucketOf(latencyMs: number): number {
  const us = Math.round(latencyMs * 1_000);
  return us >= 0 ? zeroBucket + magnitudeOf(us) : zeroBucket - magnitudeOf(-us);
}

/** The middle of a bucket, milliseconds: the value reported for every latency in it. */
export function bucketMiddleMs(bucket: number): number {
  const magnitude = Math.abs(bucket - zeroBucket);
  // A bucket holds whole microseconds: where it is one wide, it is that one.
  const middleMs = (lowestUs(magnitude) + lowestUs(magnitude + 1) - 1) / 2_000;
  return bucket >= zeroBucket ? middleMs : -middleMs;
}

function magnitudeOf(us: number): number {
  const within = Math.min(us, highestUs);
  const octave = Math.max(0, 26 - Math.clz32(within));
  return octave * 32 + (within >>> octave);
}

function lowestUs(magnitude: number): number {
  if (magnitude < 64) return magnitude;
  const octave = (magnitude >>> 5) - 1;
  return ((magnitude & 31) + 32) * 2 ** octave;
}

/** Counts by bucket, JSON-safe: buckets to skip, then a count, and so on: `[918, 3, 0, 1]` is 3 in 918 and 1 in 919. */
export type EncodedBuckets = readonly number[];

export function encodeBuckets(counts: ArrayLike<number>): EncodedBuckets {
  const encoded: number[] = [];
  let skip = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket]!;
    if (count === 0) {
      skip++;
    } else {
      encoded.push(skip, count);
      skip = 0;
    }
  }
  return encoded;
}

/** What lies past the end of `counts` is passed over: no count of the ledger depends on buckets. */
export function addBuckets(counts: Uint32Array, encoded: EncodedBuckets): void {
  let bucket = 0;
  for (let i = 0; i + 1 < encoded.length; i += 2) {
    bucket += encoded[i]!;
    if (bucket < counts.length) counts[bucket]! += encoded[i + 1]!;
    bucket++;
  }
}

/** The sum of two lists; neither is changed. */
export function mergeBuckets(one: EncodedBuckets, other: EncodedBuckets): EncodedBuckets {
  if (one.length === 0 || other.length === 0) return one.length === 0 ? other : one;
  const merged: number[] = [];
  const lists = [one, other].map((list) => ({ list, at: 0, bucket: list[0]! }));
  let end = 0;
  for (;;) {
    const bucket = Math.min(...lists.map((each) => each.bucket));
    if (bucket === Number.POSITIVE_INFINITY) return merged;
    let count = 0;
    for (const each of lists) {
      if (each.bucket !== bucket) continue;
      const { list, at } = each;
      count += list[at + 1] ?? 0;
      each.at = at + 2;
      each.bucket = at + 3 < list.length ? bucket + 1 + list[at + 2]! : Number.POSITIVE_INFINITY;
    }
    merged.push(bucket - end, count);
    end = bucket + 1;
  }
}

/**
 * The latency that this share of the samples is at or below.
 * @param share 0–1
 * @returns milliseconds; undefined without samples
 */
export function bucketPercentile(counts: Uint32Array, share: number): number | undefined {
  const found = bucketOfShare(counts, share);
  return found && bucketMiddleMs(found.bucket);
}

/**
 * The same as if the samples of a bucket lay evenly in it: small changes of a percentile are seen, where it is not one bucket that has
 * nearly all samples.
 * @returns also by how much, at most, it may change and seem the same; milliseconds
 */
export function percentileWithin(
  counts: Uint32Array,
  share: number,
): { readonly ms: number; readonly resolutionMs: number } | undefined {
  const found = bucketOfShare(counts, share);
  if (found === undefined) return undefined;
  const { bucket, rank, before, total } = found;
  const magnitude = Math.abs(bucket - zeroBucket);
  const widthMs = (lowestUs(magnitude + 1) - lowestUs(magnitude)) / 1_000;
  const count = counts[bucket]!;
  return {
    ms: bucketMiddleMs(bucket) + widthMs * ((rank - before - 0.5) / count - 0.5),
    resolutionMs: widthMs * (count / (total - before)),
  };
}

/** The bucket of the sample that this share is at or below, its rank (from 1), and how many lie in lower buckets. */
function bucketOfShare(counts: Uint32Array, share: number) {
  let total = 0;
  for (const count of counts) total += count;
  const rank = Math.max(1, Math.ceil(share * total * (1 - 2 ** -50)));
  let before = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    if (before + counts[bucket]! >= rank) return { bucket, rank, before, total };
    before += counts[bucket]!;
  }
  return undefined;
}
