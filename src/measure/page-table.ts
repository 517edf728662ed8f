/** Numbers in one page: small, so that a window that saw three messages of each of 10,000 slices stays small. */
export const pageSize = 2_048;
export const wordsPerPage = pageSize / 32;
const pagesPerBlock = 64;
/** Numbers of one block. */
export const blockSize = pagesPerBlock * pageSize;

/** Stands for the pages that do not exist; never written. */
export const emptyPage = new Int32Array(wordsPerPage);
/** Stands for each page that holds all its numbers: nothing is ever taken out of a set, so nothing changes it. */
export const fullPage = new Int32Array(wordsPerPage).fill(-1);

type Block = readonly (Int32Array | undefined)[];

/** The same for a block. */
const fullBlock: Block = new Array(pagesPerBlock).fill(fullPage);

/**
 * Bitmaps of a set's numbers by page, where there are any. A block of pages that hold all their numbers takes no memory of its own: the billions
 * of messages of a long run take a few hundred bytes for each hole, and nothing for what lies between.
 */
export class PageTable {
  readonly #blocks = new Map<number, (Int32Array | undefined)[]>();

  get isEmpty(): boolean {
    return this.#blocks.size === 0;
  }

  get(page: number): Int32Array | undefined {
    return this.#blocks.get(Math.floor(page / pagesPerBlock))?.[page % pagesPerBlock];
  }

  has(page: number): boolean {
    return this.get(page) !== undefined;
  }

  /** @param page one that does not exist yet */
  set(page: number, bits: Int32Array): void {
    const index = Math.floor(page / pagesPerBlock);
    let block = this.#blocks.get(index);
    if (block === undefined) {
      block = new Array(pagesPerBlock).fill(undefined);
      this.#blocks.set(index, block);
    }
    block[page % pagesPerBlock] = bits;
  }

  /**
   * Fills a block that does not exist yet.
   * @param page its first
   * @returns whether it did: false where some of its pages exist, or where it is not the first of a block
   */
  fillBlock(page: number): boolean {
    const index = page / pagesPerBlock;
    if (!Number.isInteger(index) || this.#blocks.has(index)) return false;
    // Nothing sets a page that exists, and so nothing writes to it.
    this.#blocks.set(index, fullBlock as Int32Array[]);
    return true;
  }

  /** In ascending order. */
  forEach(visit: (page: number, bits: Int32Array) => void): void {
    for (const index of [...this.#blocks.keys()].sort((a, b) => a - b)) {
      const first = index * pagesPerBlock;
      for (const [i, bits] of this.#blocks.get(index)!.entries())
        if (bits !== undefined) visit(first + i, bits);
    }
  }

  /** The last page and its number. Undefined: there is none. */
  last(): { readonly page: number; readonly bits: Int32Array } | undefined {
    if (this.isEmpty) return undefined;
    let index = 0;
    for (const each of this.#blocks.keys()) index = Math.max(index, each);
    const block = this.#blocks.get(index)!;
    const i = block.findLastIndex((bits) => bits !== undefined);
    return { page: index * pagesPerBlock + i, bits: block[i]! };
  }
}
