import { type EncodedBuckets, encodeBuckets } from '../measure/latency-buckets.ts';
import type { SliceSecondCounts } from '../measure/slice-result.ts';

/** Counters that few slices have: each list is made with the first event. */
type RareCounter = 'echoed' | 'delivered' | 'replied';

/** Counters by whole second, and the gauge of connected devices; all lists grow together. */
export class SecondCounts {
  readonly #startSecond: number;
  readonly #intended: number[] = [];
  readonly #sent: number[] = [];
  readonly #acked: number[] = [];
  readonly #connected: number[] = [];
  readonly #rare: Partial<Record<RareCounter, number[]>> = {};
  /** Made with the first: few slices have users. */
  #users: number[] | undefined;
  #connectedNow = 0;
  #usersNow = 0;

  /** @param startMs epoch milliseconds; nothing earlier is counted apart */
  constructor(startMs: number) {
    this.#startSecond = Math.floor(startMs / 1_000);
  }

  get connectedNow(): number {
    return this.#connectedNow;
  }

  intended(atMs: number): void {
    const second = this.#secondOf(atMs);
    this.#intended[second] = this.#intended[second]! + 1;
  }

  sent(atMs: number): void {
    const second = this.#secondOf(atMs);
    this.#sent[second] = this.#sent[second]! + 1;
  }

  acked(atMs: number): void {
    const second = this.#secondOf(atMs);
    this.#acked[second] = this.#acked[second]! + 1;
  }

  echoed(atMs: number): void {
    this.#countRare('echoed', atMs);
  }

  /** A message came to a client of the slice. */
  delivered(atMs: number): void {
    this.#countRare('delivered', atMs);
  }

  /** A device sent a reply. */
  replied(atMs: number): void {
    this.#countRare('replied', atMs);
  }

  connectedChanged(atMs: number, by: 1 | -1): void {
    const second = this.#secondOf(atMs);
    this.#connectedNow += by;
    this.#connected[second] = this.#connectedNow;
  }

  /** Undefined until there was a user. */
  get usersNow(): number | undefined {
    return this.#users === undefined ? undefined : this.#usersNow;
  }

  /** Users became active, or ended. */
  usersChanged(atMs: number, by: number): void {
    const second = this.#secondOf(atMs);
    this.#users ??= new Array<number>(this.#sent.length).fill(0);
    this.#usersNow += by;
    this.#users[second] = this.#usersNow;
  }

  /** Up to the second of `atMs`. */
  snapshot(atMs: number): SliceSecondCounts {
    this.#secondOf(atMs);
    return {
      startSecond: this.#startSecond,
      intended: this.#intended.slice(),
      sent: this.#sent.slice(),
      acked: this.#acked.slice(),
      ...Object.fromEntries(Object.entries(this.#rare).map(([name, counts]) => [name, counts.slice()])),
      connected: this.#connected.slice(),
      ...(this.#users === undefined ? {} : { users: this.#users.slice() }),
    };
  }

  #countRare(name: RareCounter, atMs: number): void {
    const second = this.#secondOf(atMs);
    let counts = this.#rare[name];
    if (counts === undefined) {
      counts = new Array<number>(this.#sent.length).fill(0);
      this.#rare[name] = counts;
    }
    counts[second] = counts[second]! + 1;
  }

  #secondOf(atMs: number): number {
    const second = Math.max(0, Math.floor(atMs / 1_000) - this.#startSecond);
    while (second >= this.#sent.length) {
      this.#intended.push(0);
      this.#sent.push(0);
      this.#acked.push(0);
      for (const counts of Object.values(this.#rare)) counts.push(0);
      this.#connected.push(this.#connectedNow);
      this.#users?.push(this.#usersNow);
    }
    return second;
  }
}

/** One counter by whole second. */
export class SecondTally {
  readonly #startSecond: number;
  readonly #counts: number[] = [];

  /** @param startMs epoch milliseconds; what is earlier counts in the first second */
  constructor(startMs: number) {
    this.#startSecond = Math.floor(startMs / 1_000);
  }

  add(atMs: number): void {
    const second = Math.max(0, Math.floor(atMs / 1_000) - this.#startSecond);
    while (second >= this.#counts.length) this.#counts.push(0);
    this.#counts[second] = this.#counts[second]! + 1;
  }

  /** Seconds to skip, then a count, and so on. */
  encode(): EncodedBuckets {
    return encodeBuckets(this.#counts);
  }
}
