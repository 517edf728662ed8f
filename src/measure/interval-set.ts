import { CorruptMeasurementError } from './corrupt-measurement.ts';
import { blockSize, emptyPage, fullPage, PageTable, pageSize, wordsPerPage } from './page-table.ts';

/**
 * A set of numbers as alternating lengths: skip the first, take the next, skip, take … `[0, 100, 3, 7]` is 0–99 and
 * 103–109. A slice that sent everything is `[0, messages]`, however many that is.
 * @maxItems 10000000
 */
export type EncodedIntervals = readonly number[];

const pageMask = pageSize - 1;
const allBits = -1;
/** Before the first page is touched. Far from where a small negative number would lie, so that one is caught. */
const noPage = -(2 ** 30);

/**
 * A set of message numbers: non-negative safe integers, mostly dense, in any order. A bitmap in pages that exist only
 * where numbers do, and where they do not all do: adding is O(1) in order or out of it, a million messages with holes take 128 KB,
 * and a stray n of 10¹⁵ costs a page and its place in a block.
 */
export class IntervalSet {
  readonly #pages = new PageTable();
  // The page last touched: neighbours in time are neighbours in number.
  #pageIndex = noPage;
  #page: Int32Array = emptyPage;
  #count = 0;

  /** @throws {CorruptMeasurementError} as `addEncoded` */
  static decode(encoded: EncodedIntervals, most?: number): IntervalSet {
    const set = new IntervalSet();
    set.addEncoded(encoded, most);
    return set;
  }

  /** How many numbers are in the set. */
  get count(): number {
    return this.#count;
  }

  /** One more than the largest number in the set; 0 where it is empty. */
  get end(): number {
    const last = this.#pages.last();
    if (last === undefined) return 0;
    const word = last.bits.findLastIndex((bits) => bits !== 0);
    // A page exists only for a number in it.
    return last.page * pageSize + word * 32 + 32 - Math.clz32(last.bits[word]!);
  }

  /** @returns whether n is new: false marks a duplicate. */
  add(n: number): boolean {
    const pageIndex = Math.floor(n / pageSize);
    if (pageIndex !== this.#pageIndex) this.#turnTo(pageIndex);
    const page = this.#page;
    const word = (n & pageMask) >>> 5;
    const bit = 1 << (n & 31);
    const before = page[word]!;
    if ((before & bit) !== 0) return false;
    page[word] = before | bit;
    this.#count++;
    return true;
  }

  has(n: number): boolean {
    const page = this.#pages.get(Math.floor(n / pageSize));
    return page !== undefined && (page[(n & pageMask) >>> 5]! & (1 << (n & 31))) !== 0;
  }

  /** Adds `length` numbers from `start` on, a word at a time; a new page, or block, that they fill is the one full page of all sets. */
  addRange(start: number, length: number): void {
    const end = start + length;
    let n = start;
    while (n < end) {
      const whole = n / pageSize;
      if (end - n >= blockSize && this.#pages.fillBlock(whole)) {
        this.#count += blockSize;
        n += blockSize;
        continue;
      }
      if (end - n >= pageSize && Number.isInteger(whole) && !this.#pages.has(whole)) {
        this.#pages.set(whole, fullPage);
        this.#count += pageSize;
        n += pageSize;
        continue;
      }
      this.#turnTo(Math.floor(n / pageSize));
      const pageEnd = Math.min(end, (this.#pageIndex + 1) * pageSize);
      while (n < pageEnd) {
        const from = n & 31;
        const taken = Math.min(32 - from, pageEnd - n);
        this.#mergeWord((n & pageMask) >>> 5, taken === 32 ? allBits : ((1 << taken) - 1) << from);
        n += taken;
      }
    }
  }

  /**
   * @param most how many numbers the list may hold: a short list can stand for more than any memory holds
   * @throws {CorruptMeasurementError} when the list is not alternating lengths, or holds more
   */
  addEncoded(encoded: EncodedIntervals, most = Number.POSITIVE_INFINITY): void {
    if (countEncoded(encoded) > most) {
      throw new CorruptMeasurementError('A set of message numbers, larger than the plan allows,');
    }
    let n = 0;
    for (let i = 0; i < encoded.length; i += 2) {
      const skipped = encoded[i]!;
      const taken = encoded[i + 1]!;
      const end = n + skipped + taken;
      if (!(Number.isSafeInteger(end) && skipped >= 0 && taken > 0)) {
        throw new CorruptMeasurementError('A set of message numbers');
      }
      this.addRange(n + skipped, taken);
      n = end;
    }
  }

  /** Adds every number of the other set to this one. */
  addAll(other: IntervalSet): void {
    other.#pages.forEach((page, theirs) => {
      if (theirs === fullPage) {
        this.addRange(page * pageSize, pageSize);
        return;
      }
      this.#turnTo(page);
      for (let word = 0; word < wordsPerPage; word++) {
        if (theirs[word] !== 0) this.#mergeWord(word, theirs[word]!);
      }
    });
  }

  /** The numbers in this set that are not in the other: of `sent` without `received`, the lost. */
  without(other: IntervalSet): IntervalSet {
    const difference = new IntervalSet();
    this.#pages.forEach((page, ours) => {
      const theirs = other.#pages.get(page) ?? emptyPage;
      if (theirs === fullPage) return;
      if (ours === fullPage && theirs === emptyPage) {
        difference.addRange(page * pageSize, pageSize);
        return;
      }
      for (let word = 0; word < wordsPerPage; word++) {
        const left = ours[word]! & ~theirs[word]!;
        if (left === 0) continue;
        difference.#turnTo(page);
        difference.#mergeWord(word, left);
      }
    });
    return difference;
  }

  /** The numbers in both sets. */
  within(other: IntervalSet): IntervalSet {
    return this.without(this.without(other));
  }

  /** Its numbers from `from` up to `until`, not included. */
  between(from: number, until: number): IntervalSet {
    const part = new IntervalSet();
    this.forEachInterval((start, length) => {
      const first = Math.max(start, from);
      const end = Math.min(start + length, until);
      if (end > first) part.addRange(first, end - first);
    });
    return part;
  }

  encode(): EncodedIntervals {
    const encoded: number[] = [];
    let end = 0;
    this.forEachInterval((start, length) => {
      encoded.push(start - end, length);
      end = start + length;
    });
    return encoded;
  }

  /** Visits the set's maximal intervals in ascending order. */
  forEachInterval(visit: (start: number, length: number) => void): void {
    // An interval may go on into the next page, so it is held open until a number is missing.
    let start = 0;
    let end = 0;
    this.#pages.forEach((pageIndex, page) => {
      if (page === fullPage) {
        if (pageIndex * pageSize !== end) {
          if (end > start) visit(start, end - start);
          start = pageIndex * pageSize;
        }
        end = (pageIndex + 1) * pageSize;
        return;
      }
      for (let word = 0; word < wordsPerPage; word++) {
        const base = pageIndex * pageSize + word * 32;
        let bits = page[word]!;
        while (bits !== 0) {
          const from = trailingZeros(bits);
          // The shift drags the sign bit in: an interval up to bit 31 seems endless.
          const to = Math.min(32, from + trailingZeros(~(bits >> from)));
          if (base + from !== end) {
            if (end > start) visit(start, end - start);
            start = base + from;
          }
          end = base + to;
          bits = to === 32 ? 0 : bits & (allBits << to);
        }
      }
    });
    if (end > start) visit(start, end - start);
  }

  forEach(visit: (n: number) => void): void {
    this.forEachInterval((start, length) => {
      for (let n = start; n < start + length; n++) visit(n);
    });
  }

  #mergeWord(word: number, bits: number): void {
    const before = this.#page[word]!;
    this.#page[word] = before | bits;
    this.#count += bitCount(bits & ~before);
  }

  #turnTo(pageIndex: number): void {
    if (!(pageIndex >= 0)) throw new RangeError('a message number is a non-negative integer');
    this.#pageIndex = pageIndex;
    let page = this.#pages.get(pageIndex);
    if (page === undefined) {
      page = new Int32Array(wordsPerPage);
      this.#pages.set(pageIndex, page);
    }
    this.#page = page;
  }
}

/** How many numbers an encoded list holds, without making the set. */
export function countEncoded(encoded: EncodedIntervals): number {
  let count = 0;
  for (let i = 1; i < encoded.length; i += 2) count += encoded[i]!;
  return count;
}

/** 0–32; 32 for 0. */
function trailingZeros(bits: number): number {
  return bits === 0 ? 32 : 31 - Math.clz32(bits & -bits);
}

/** Ones in a word: adds neighbours in pairs, fours, eights (Hacker's Delight, 5-1). */
function bitCount(bits: number): number {
  let sum = bits - ((bits >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
