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

/** Messages that a process keeps in blocks over all schedules, so that memory does not grow with the slices that a ledger looks into: 64 MB. */
const maxKept = 4_000_000;
/** Blocks of one schedule: those that devices are in, and those of their next messages. */
const maxKeptOfOne = 8;

/** Blocks and the schedules that they are of, the oldest first. */
const kept = new Map<Block, Map<number, Block>>();
let keptMessages = 0;

function keep(block: Block, blocks: Map<number, Block>): void {
  kept.set(block, blocks);
  blocks.set(block.index, block);
  keptMessages += block.turns.length;
  if (blocks.size > maxKeptOfOne) forget(firstOf(blocks.values()));
  while (keptMessages > maxKept && kept.size > maxKeptOfOne) forget(firstOf(kept.keys()));
}

function forget(block: Block): void {
  kept.get(block)?.delete(block.index);
  kept.delete(block);
  keptMessages -= block.turns.length;
}

function firstOf(blocks: Iterable<Block>): Block {
  const [first] = blocks;
  return first!;
}

/** The blocks of one schedule that were made last. */
export class BlockCache {
  readonly #blocks = new Map<number, Block>();
  readonly #make: (i: number) => Block;
  #last: Block | undefined;

  constructor(make: (i: number) => Block) {
    this.#make = make;
  }

  get(i: number): Block {
    if (this.#last?.index === i) return this.#last;
    let block = this.#blocks.get(i);
    if (block === undefined) {
      block = this.#make(i);
      keep(block, this.#blocks);
    }
    this.#last = block;
    return block;
  }
}
