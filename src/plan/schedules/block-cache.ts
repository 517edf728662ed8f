/** Messages that are due one after the other, in that order. */
export interface Block {
  readonly index: number;
  /** Number of the first one. */
  readonly first: number;
  readonly dueMs: Float64Array;
  /** Whose turn each is. */
  readonly turns: Float64Array;
  /** Of chosen devices: how many messages there are before each. */
  chosen?: { readonly before: (i: number) => number; readonly upTo: Float64Array };
}

/** Blocks that a process keeps over all schedules, so that memory does not grow with the slices that a ledger looks into. */
const maxKept = 256;
/** Of one schedule: those that devices are in, and those of their next messages. */
const maxKeptOfOne = 8;

const kept: { readonly cache: Map<number, Block>; readonly i: number }[] = [];
let oldest = 0;

/** The blocks of one schedule that were used last. */
export class BlockCache {
  readonly #blocks = new Map<number, Block>();
  readonly #make: (i: number) => Block;
  #last = -1;
  #lastBlock: Block | undefined;

  constructor(make: (i: number) => Block) {
    this.#make = make;
  }

  get(i: number): Block {
    if (i === this.#last) return this.#lastBlock!;
    let block = this.#blocks.get(i);
    if (block === undefined) {
      block = this.#make(i);
      if (this.#blocks.size >= maxKeptOfOne) {
        const [first] = this.#blocks.keys();
        this.#blocks.delete(first!);
      }
      const replaced = kept[oldest];
      replaced?.cache.delete(replaced.i);
      kept[oldest] = { cache: this.#blocks, i };
      oldest = (oldest + 1) % maxKept;
      this.#blocks.set(i, block);
    }
    this.#last = i;
    this.#lastBlock = block;
    return block;
  }
}
