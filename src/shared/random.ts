/** The source of a number in [0, 1): the shape of `Math.random`, so that tests and callers may pass either. */
export type Random = () => number;

/**
 * Random numbers by position: seeded by (seed, device, message), so that what a message holds depends on nothing but
 * these. Same seed, same traffic, whatever was late, dropped, or cut into other slices; and no state per device.
 *
 * The stream is sfc32 (Chris Doty-Humphrey, PractRand: passes it to 32 TB), begun from three words mixed by murmur3's
 * finalizer and turned over as often as its author asks for when seeding from 96 bits (12 rounds).
 */
export class PositionalRandom {
  readonly #seed: number;
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** `seed` is any number; its 53 whole bits and the sign count. */
  constructor(seed: number) {
    this.#seed = mix32((seed >>> 0) ^ mix32(Math.floor(seed / 2 ** 32) >>> 0));
  }

  /** Begins the stream of message `k` of a device; `lane` distinguishes streams of one message. */
  seek(deviceIndex: number, k: number, lane = 0): void {
    this.#a = mix32(this.#seed + Math.imul(deviceIndex, 0x9e3779b1));
    this.#b = mix32(this.#a + Math.imul(k, 0x85ebca77));
    this.#c = mix32(this.#b + Math.imul(lane, 0xc2b2ae3d));
    this.#counter = 1;
    this.#turn(12);
  }

  /** 0 … 2³²−1 */
  nextUint32(): number {
    return this.#turn(1) >>> 0;
  }

  /** @returns the number of the last round, as a signed integer */
  #turn(rounds: number): number {
    let a = this.#a;
    let b = this.#b;
    let c = this.#c;
    let counter = this.#counter;
    let t = 0;
    for (let i = 0; i < rounds; i++) {
      t = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + t) | 0;
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#counter = counter;
    return t;
  }

  /** [0, 1) with 53 bits, as `Math.random` has. */
  next(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** Standard normal, by Box and Muller: √(−2 ln u) · cos 2πv, with u in (0, 1]. */
  nextGaussian(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}

/** A plain seeded stream, for what is random but belongs to no message: reconnect delays. */
export function makeRandom(seed: number, stream: number): Random {
  const random = new PositionalRandom(seed);
  random.seek(stream, 0, 1);
  return () => random.next();
}

/** murmur3's 32-bit finalizer: every input bit flips each output bit with probability one half. */
export function mix32(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
