import type { Float64Histogram } from 'hdr-histogram-js';
import { CorruptMeasurementError } from './corrupt-measurement.ts';

/**
 * HdrHistogram's own V2 encoding, base64, without its optional deflate: any HdrHistogram reads it, and adding an encoded
 * histogram touches only the buckets that hold something. The library's decoder builds a whole histogram for each, and
 * at 10,000 slices that alone would take ten seconds.
 * @see https://github.com/HdrHistogram/HdrHistogram `AbstractHistogram.encodeIntoByteBuffer`
 */
const cookie = 0x1c849303 | 0x10;
const headerBytes = 40;
/** Seven bits of a number to a byte, the eighth says that more follow. */
const moreFollow = 0x80;

export function encodeCounts(histogram: Float64Histogram): string {
  const bytes: number[] = new Array(headerBytes).fill(0);
  const used = histogram.countsArrayIndex(histogram.maxValue) + 1;
  for (let index = 0; index < used; ) {
    const count = histogram.getCountAtIndex(index++);
    if (count > 0) {
      pushZigZag(bytes, count);
      continue;
    }
    let zeros = 1;
    while (index < used && histogram.getCountAtIndex(index) === 0) {
      zeros++;
      index++;
    }
    // One empty bucket is a count of zero, several are one negative number.
    pushZigZag(bytes, zeros === 1 ? 0 : -zeros);
  }
  const encoded = Uint8Array.from(bytes);
  writeHeader(new DataView(encoded.buffer), histogram, encoded.length - headerBytes);
  return toBase64(encoded);
}

/**
 * Adds the counts of an encoded histogram of the same range and precision.
 * @throws {CorruptMeasurementError}
 */
export function addEncodedCounts(into: Float64Histogram, base64: string): void {
  const bytes = fromBase64(base64);
  if (!hasHeaderOf(into, bytes)) throw new CorruptMeasurementError('A latency histogram');
  let added = 0;
  let last = -1;
  forEachIndex(bytes, (index, count) => {
    if (index >= into.countsArrayLength) throw new CorruptMeasurementError('A latency histogram');
    into.addToCountAtIndex(index, count);
    added += count;
    last = index;
  });
  if (last < 0) return;
  into.addToTotalCount(added);
  into.updateMinAndMax(into.highestEquivalentValue(into.valueFromIndex(last)));
}

/**
 * Visits the buckets of an encoded histogram that hold something, from the lowest on, each by the lowest value in it.
 * @throws {CorruptMeasurementError}
 */
export function forEachCount(base64: string, visit: (lowest: number, count: number) => void): void {
  const bytes = fromBase64(base64);
  if (!hasThreeDigits(bytes)) throw new CorruptMeasurementError('A latency histogram');
  forEachIndex(bytes, (index, count) => {
    // Bucket k ≥ 1 holds [1024·2ᵏ, 2048·2ᵏ) in 1,024 steps; what lies below 2,048 has a step of its own.
    const k = index < 2_048 ? 0 : (index >>> 10) - 1;
    visit((index - k * 1_024) * 2 ** k, count);
  });
}

function forEachIndex(bytes: string, visit: (index: number, count: number) => void): void {
  let index = 0;
  for (let at = headerBytes; at < bytes.length; ) {
    // Powers of two instead of shifts: a count may be past 2³².
    let byte = bytes.charCodeAt(at++);
    let zigZag = byte & 0x7f;
    for (let scale = 0x80; byte >= moreFollow && at < bytes.length; scale *= 0x80) {
      byte = bytes.charCodeAt(at++);
      zigZag += (byte & 0x7f) * scale;
    }
    // A count past what a double counts exactly is no count, nor an index that many buckets on.
    if (zigZag > 2 * Number.MAX_SAFE_INTEGER) throw new CorruptMeasurementError('A latency histogram');
    if (zigZag % 2 === 1) {
      index += (zigZag + 1) / 2;
    } else {
      if (zigZag > 0) visit(index, zigZag / 2);
      index++;
    }
  }
}

function pushZigZag(bytes: number[], value: number): void {
  let left = value < 0 ? -value * 2 - 1 : value * 2;
  while (left >= moreFollow) {
    bytes.push((left % moreFollow) | moreFollow);
    left = Math.floor(left / moreFollow);
  }
  bytes.push(left);
}

/** Cookie, payload bytes, normalizing offset (0), digits, lowest, highest, ratio (1.0): big endian. */
function writeHeader(view: DataView, histogram: Float64Histogram, payloadBytes: number): void {
  view.setInt32(0, cookie);
  view.setInt32(4, payloadBytes);
  view.setInt32(12, histogram.numberOfSignificantValueDigits);
  view.setBigInt64(16, BigInt(histogram.lowestDiscernibleValue));
  view.setBigInt64(24, BigInt(histogram.highestTrackableValue));
  view.setFloat64(32, 1);
}

function hasThreeDigits(bytes: string): boolean {
  return (
    bytes.length >= headerBytes &&
    int32At(bytes, 0) === cookie &&
    int32At(bytes, 4) === bytes.length - headerBytes &&
    int32At(bytes, 12) === 3
  );
}

function hasHeaderOf(histogram: Float64Histogram, bytes: string): boolean {
  return (
    hasThreeDigits(bytes) &&
    histogram.numberOfSignificantValueDigits === 3 &&
    int32At(bytes, 20) === histogram.lowestDiscernibleValue &&
    int32At(bytes, 28) >>> 0 === histogram.highestTrackableValue
  );
}

function int32At(bytes: string, at: number): number {
  return (
    (bytes.charCodeAt(at) << 24) |
    (bytes.charCodeAt(at + 1) << 16) |
    (bytes.charCodeAt(at + 2) << 8) |
    bytes.charCodeAt(at + 3)
  );
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** One character a byte. */
function fromBase64(base64: string): string {
  try {
    return atob(base64);
  } catch (cause) {
    throw new CorruptMeasurementError('A latency histogram', cause);
  }
}
