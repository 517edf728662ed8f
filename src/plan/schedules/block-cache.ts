/** Messages that are due one after the other, in that order. */
export interface Block {
  readonly index: number;
  /** Number of the first one. */
  readonly first: number;
  readonly dueMs: Float64Array;
  /** Number of the turn of each. */
  readonly turns: Float64Array;
  /** Of chosen devices: how many messages there are before each. */
  chosen?: { readonly before: (i: number) => number; readonly upTo: Float64Array };
}

/** Blocks of one schedule: those that devices are in, and those of their next messages. */
const maxBlocks = 8;

/**
 * The blocks that all schedules of a plan keep, so that memory does not grow with the slices that a ledger looks into: 128 MB, or one
 * block that is larger.
 */
export class BlockStore {
  readonly #maxBytes: number;
  /** Blocks and the schedules that they are of, the oldest first. */
  readonly #kept = new Map<Block, Map<number, Block>>();
  #bytes = 0;

  constructor(maxBytes = 128 * 2 ** 20) {
    this.#maxBytes = maxBytes;
  }

  /** Of the blocks that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param blocks of the block's own schedule, by index */
  keep(block: Block, blocks: Map<number, Block>): void {
    this.#kept.set(block, blocks);
    blocks.set(block.index, block);
    this.#bytes += bytesOf(block);
    if (blocks.size > maxBlocks) this.#forget(firstOf(blocks.values()));
    while (this.#bytes > this.#maxBytes && this.#kept.size > 1) this.#forget(firstOf(this.#kept.keys()));
  }

  #forget(block: Block): void {
    this.#kept.get(block)?.delete(block.index);
    this.#kept.delete(block);
    this.#bytes -= bytesOf(block);
  }
}

/** With `upTo`, which a block gets later. */
function bytesOf({ dueMs, turns }: Block): number {
  return dueMs.byteLength + 2 * turns.byteLength;
}

function firstOf(blocks: Iterable<Block>): Block {
  const [first] = blocks;
  return first!;
}

const stores = new WeakMap<object, BlockStore>();

/** @param owner what all schedules of a plan have in common: their blocks last no longer */
export function blockStoreOf(owner: object): BlockStore {
  let store = stores.get(owner);
  if (store === undefined) {
    store = new BlockStore();
    stores.set(owner, store);
  }
  return store;
}

/** The blocks of one schedule that were made last. */
export class BlockCache {
  readonly #blocks = new Map<number, Block>();
  readonly #store: BlockStore;
  readonly #make: (i: number) => Block;

  constructor(store: BlockStore, make: (i: number) => Block) {
    this.#store = store;
    this.#make = make;
  }

  get(i: number): Block {
    let block = this.#blocks.get(i);
    if (block === undefined) {
      block = this.#make(i);
      this.#store.keep(block, this.#blocks);
    }
    return block;
  }
}
