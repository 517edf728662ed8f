import type { Float64Histogram } from 'hdr-histogram-js';
import hdrHistogram from 'hdr-histogram-js/dist/Float64Histogram.js';
import { addEncodedCounts, encodeCounts } from './hdr-encoding.ts';
import type { LatencySummary } from './latency-summary.ts';

/** JSON-safe. Instants and sums in whole microseconds, so that merging is exact in any order. */
export interface EncodedHistogram {
  readonly count: number;
  readonly sumUs: number;
  readonly minUs: number;
  readonly maxUs: number;
  /** Samples beyond ±1 h. */
  readonly beyondRange: number;
  /** HdrHistogram V2, base64, microseconds; empty where there are none. */
  readonly positive: string;
  /** The magnitudes of the samples below zero. */
  readonly negative: string;
}

/** 1 µs to 1 h, three significant digits: docs/measurement.md. Counts are exact to 2⁵³ a bucket. */
const highestUs = 3_600_000_000;
/** Imported from its own module: the package's index loads formatters and WebAssembly, a quarter of a function's cold start. */
const makeCounts = (): Float64Histogram => new hdrHistogram.default(1, highestUs, 3);

/**
 * Latencies in milliseconds, microseconds inside. Two clocks can make a latency negative: such samples are kept in a
 * second histogram of magnitudes, and percentiles run over both. Merging commutes and associates, so percentiles of
 * 10,000 slices are those of one.
 */
export class LatencyHistogram {
  readonly #positive = makeCounts();
  #negative: Float64Histogram | undefined;
  #sumUs = 0;
  #minUs = Number.POSITIVE_INFINITY;
  #maxUs = Number.NEGATIVE_INFINITY;
  #beyondRange = 0;

  /** @throws {CorruptMeasurementError} */
  static decode(encoded: EncodedHistogram): LatencyHistogram {
    const histogram = new LatencyHistogram();
    histogram.mergeEncoded(encoded);
    return histogram;
  }

  get count(): number {
    return this.#positive.totalCount + this.negativeCount;
  }

  get negativeCount(): number {
    return this.#negative === undefined ? 0 : this.#negative.totalCount;
  }

  /**
   * @param latencyMs any finite number
   * @throws {RangeError} when it is not: one NaN would poison the mean of a whole run
   */
  record(latencyMs: number): void {
    const us = Math.round(latencyMs * 1000);
    if (us >= 0 && us <= highestUs) recordValue(this.#positive, us);
    else this.#recordOutside(us);
    this.#sumUs += us;
    if (us < this.#minUs) this.#minUs = us;
    if (us > this.#maxUs) this.#maxUs = us;
  }

  /** The same latency so many times. @param times at least 1 */
  recordTimes(latencyMs: number, times: number): void {
    this.record(latencyMs);
    const us = Math.round(latencyMs * 1000);
    const others = times - 1;
    const counts = us < 0 ? this.#negatives() : this.#positive;
    if (others > 0) counts.recordValueWithCount(Math.min(Math.abs(us), highestUs), others);
    this.#sumUs += us * others;
    if (Math.abs(us) > highestUs) this.#beyondRange += others;
  }

  merge(other: LatencyHistogram): void {
    this.#positive.add(other.#positive);
    if (other.#negative !== undefined) this.#negatives().add(other.#negative);
    this.#addFigures(other.#sumUs, other.#minUs, other.#maxUs, other.#beyondRange);
  }

  /** Merges without building a histogram for what is merged. @throws {CorruptMeasurementError} */
  mergeEncoded(encoded: EncodedHistogram): void {
    if (encoded.count === 0) return;
    if (encoded.positive !== '') addEncodedCounts(this.#positive, encoded.positive);
    if (encoded.negative !== '') addEncodedCounts(this.#negatives(), encoded.negative);
    this.#addFigures(encoded.sumUs, encoded.minUs, encoded.maxUs, encoded.beyondRange);
  }

  encode(): EncodedHistogram {
    const empty = this.count === 0;
    return {
      count: this.count,
      sumUs: this.#sumUs,
      minUs: empty ? 0 : this.#minUs,
      maxUs: empty ? 0 : this.#maxUs,
      beyondRange: this.#beyondRange,
      positive: this.#positive.totalCount === 0 ? '' : encodeCounts(this.#positive),
      negative: this.#negative === undefined || this.negativeCount === 0 ? '' : encodeCounts(this.#negative),
    };
  }

  /** Forgets every sample and keeps the memory: for the histogram of "the last second". */
  reset(): void {
    this.#positive.reset();
    this.#negative?.reset();
    this.#sumUs = 0;
    this.#minUs = Number.POSITIVE_INFINITY;
    this.#maxUs = Number.NEGATIVE_INFINITY;
    this.#beyondRange = 0;
  }

  /**
   * The latency that this share of samples is at or below.
   * @param percentile 0–100
   * @returns milliseconds; 0 when nothing was recorded
   */
  percentileAt(percentile: number): number {
    const count = this.count;
    if (count === 0) return 0;
    // The share's rank, rounded up; 99.9 % of 1,000 is 999.0000000000001 in floating point, and means 999.
    const rank = Math.max(1, Math.ceil(((percentile * count) / 100) * (1 - 2 ** -50)));
    const negatives = this.negativeCount;
    const us =
      rank <= negatives
        ? -valueAtRank(this.#negatives(), negatives - rank + 1, 'lowest')
        : valueAtRank(this.#positive, rank - negatives, 'highest');
    return Math.min(Math.max(us, this.#minUs), this.#maxUs) / 1000;
  }

  summary(): LatencySummary {
    const count = this.count;
    const empty = count === 0;
    return {
      count,
      min: empty ? 0 : this.#minUs / 1000,
      mean: empty ? 0 : Math.round(this.#sumUs / count) / 1000,
      p50: this.percentileAt(50),
      p90: this.percentileAt(90),
      p95: this.percentileAt(95),
      p99: this.percentileAt(99),
      p999: this.percentileAt(99.9),
      max: empty ? 0 : this.#maxUs / 1000,
      negative: this.negativeCount,
      beyondRange: this.#beyondRange,
    };
  }

  #recordOutside(us: number): void {
    if (!Number.isFinite(us)) throw new RangeError('a latency is a finite number of milliseconds');
    const magnitude = Math.abs(us);
    if (magnitude > highestUs) this.#beyondRange++;
    const counts = us < 0 ? this.#negatives() : this.#positive;
    recordValue(counts, Math.min(magnitude, highestUs));
  }

  #negatives(): Float64Histogram {
    this.#negative ??= makeCounts();
    return this.#negative;
  }

  #addFigures(sumUs: number, minUs: number, maxUs: number, beyondRange: number): void {
    this.#sumUs += sumUs;
    this.#minUs = Math.min(this.#minUs, minUs);
    this.#maxUs = Math.max(this.#maxUs, maxUs);
    this.#beyondRange += beyondRange;
  }
}

/**
 * HdrHistogram's `recordValue` with the bucket found by counting leading zeros instead of by a logarithm: a fifth of
 * the time, and it runs several times a message. Bucket k holds [1024·2ᵏ, 2048·2ᵏ) in 1,024 steps of 2ᵏ, and bucket 0
 * also what is below 1,024.
 * @param us whole, 0–`highestUs`, which is below 2³²
 */
function recordValue(counts: Float64Histogram, us: number): void {
  const bucket = Math.max(0, 21 - Math.clz32(us));
  counts.incrementCountAtIndex(bucket * 1024 + (us >>> bucket));
  counts.incrementTotalCount();
  counts.updateMinAndMax(us);
}

/**
 * The value of the rank-th smallest sample (from 1), as the bucket's lowest or highest microsecond: the end that lies
 * nearer to plus infinity, once the sign is back.
 */
function valueAtRank(counts: Float64Histogram, rank: number, end: 'lowest' | 'highest'): number {
  let reached = 0;
  for (let index = 0; index < counts.countsArrayLength; index++) {
    reached += counts.getCountAtIndex(index);
    if (reached < rank) continue;
    const us = counts.valueFromIndex(index);
    return end === 'lowest' ? us : counts.highestEquivalentValue(us);
  }
  return 0;
}
