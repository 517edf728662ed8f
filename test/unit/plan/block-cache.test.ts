import { describe, expect, it } from '@jest/globals';
import { type Block, BlockCache, BlockStore } from '../../../src/plan/schedules/block-cache.ts';

/** A cache of blocks of so many messages, and the indexes of those that it made. */
function cacheIn(store: BlockStore, messages: number) {
  const made: number[] = [];
  const cache = new BlockCache(store, (index): Block => {
    made.push(index);
    return { index, first: 0, dueMs: new Float64Array(messages), turns: new Float64Array(messages) };
  });
  return { cache, made };
}

describe('the blocks of a plan’s schedules', () => {
  it('are made once while they are kept, eight of a schedule', () => {
    const { cache, made } = cacheIn(new BlockStore(), 10);
    for (const i of [0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 0]) cache.get(i);
    expect(made).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    cache.get(8);
    cache.get(0);
    expect(made.slice(8)).toEqual([8, 0]);
  });

  it('take no more bytes than the store has, over all schedules', () => {
    const store = new BlockStore(1_000);
    const small = cacheIn(store, 10);
    const other = cacheIn(store, 10);
    for (const i of [0, 1, 2]) {
      small.cache.get(i);
      other.cache.get(i);
      expect(store.bytes).toBeLessThanOrEqual(1_000);
    }
    small.cache.get(0);
    expect(small.made).toEqual([0, 1, 2, 0]);
  });

  it('are one at least, however large', () => {
    const store = new BlockStore(1_000);
    const { cache, made } = cacheIn(store, 1_000);
    cache.get(0);
    cache.get(0);
    expect(made).toEqual([0]);
    cache.get(1);
    expect(store.bytes).toBe(24_000);
  });
});
