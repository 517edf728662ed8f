import type { DeviceTurns, RegularTurns } from '../device-turns.ts';
import { type Block, BlockCache, type BlockStore } from './block-cache.ts';

/**
 * Messages that are due in another order than that of their turns, by no more than `window` places: turn m = 0 … messages − 1 is due at
 * `dueMs(m)`, with turnMs(m − window) ≤ dueMs(m) ≤ turnMs(m + window). A device's own messages are due in the order of their turns.
 */
export interface Reordering {
  readonly messages: number;
  readonly window: number;
  /** When turn m would be; never earlier than turn m − 1. */
  readonly turnMs: (m: number) => number;
  readonly dueMs: (m: number) => number;
  readonly turns: RegularTurns;
}

/** The same messages again and again: turn m of a round follows `lastsMs` after that of the round before. */
export function repeatReordering(
  { messages, window, turnMs, dueMs, turns }: Reordering,
  rounds: number,
  lastsMs: number,
): Reordering {
  const repeat = (ms: (m: number) => number) => (m: number) => {
    const round = Math.floor(m / messages);
    return round * lastsMs + ms(m - round * messages);
  };
  return {
    messages: messages * rounds,
    // Where two rounds meet, either may have one turn more than its rate says.
    window: window + 1,
    turnMs: repeat(turnMs),
    dueMs: repeat(dueMs),
    turns,
  };
}

/** Turns that are sorted at once, at least. */
const leastBlock = 256;

/**
 * The schedule in which message n is the n-th that is due.
 *
 * Block i holds what is due from turnMs(i · B) to turnMs((i + 1) · B), by (due, m), so that no two are equal. What is due before it
 * are the turns below i · B − window, and some of those less than window from i · B, which are counted. So a block is made from
 * B + 2 · window turns, whichever was made before; a few of them are kept.
 */
export function makeReorderedSchedule(
  { messages, window, turnMs, dueMs, turns }: Reordering,
  store: BlockStore,
): {
  readonly offsetMs: (n: number) => number;
  readonly dueBefore: (instantMs: number) => number;
  readonly turns: DeviceTurns;
} {
  const size = Math.max(leastBlock, window);
  const blocks = Math.max(1, Math.ceil(messages / size));
  const cache = new BlockCache(store, makeBlock);

  /** Whether turn m is due before block i begins; block 0 has no beginning. */
  function isBeforeBlock(due: number, m: number, i: number): boolean {
    if (i <= 0) return false;
    return i >= blocks || isDueBefore(due, m, turnMs(i * size), i * size);
  }

  function makeBlock(i: number): Block {
    const begin = i * size;
    const end = begin + size;
    const beginDue = i > 0 ? turnMs(begin) : Number.NEGATIVE_INFINITY;
    const endDue = i < blocks - 1 ? turnMs(end) : Number.POSITIVE_INFINITY;
    const from = Math.max(0, begin - window);
    const to = Math.min(messages, end + window);
    let earlier = 0;
    let length = 0;
    const due = new Float64Array(to - from);
    const turn = new Float64Array(to - from);
    for (let m = from; m < to; m++) {
      const dueAt = dueMs(m);
      if (isDueBefore(dueAt, m, beginDue, begin)) earlier++;
      else if (isDueBefore(dueAt, m, endDue, end)) {
        due[length] = dueAt;
        turn[length++] = m;
      }
    }
    return {
      index: i,
      first: from + earlier,
      ...sortByDue(due.subarray(0, length), turn.subarray(0, length)),
    };
  }

  function blockWith(n: number): Block {
    let i = Math.min(blocks - 1, Math.floor(n / size));
    let block = cache.get(i);
    while (n < block.first) block = cache.get(--i);
    while (n >= block.first + block.turns.length && i < blocks - 1) block = cache.get(++i);
    return block;
  }

  function turnAt(n: number): number {
    const block = blockWith(n);
    return block.turns[n - block.first]!;
  }

  function offsetMs(n: number): number {
    const block = blockWith(n);
    return block.dueMs[n - block.first]!;
  }

  /** Of the blocks that begin before the instant, all but the last are due before it. */
  function dueBefore(instantMs: number): number {
    let from = 0;
    let to = blocks - 1;
    while (from < to) {
      const middle = (from + to + 1) >>> 1;
      if (turnMs(middle * size) < instantMs) from = middle;
      else to = middle - 1;
    }
    const block = cache.get(from);
    return block.first + firstPlace(block.turns.length, (place) => block.dueMs[place]! < instantMs);
  }

  function rankOf(m: number): number {
    const due = dueMs(m);
    let i = Math.min(blocks - 1, Math.floor(m / size));
    while (isBeforeBlock(due, m, i)) i--;
    while (i < blocks - 1 && !isBeforeBlock(due, m, i + 1)) i++;
    const block = cache.get(i);
    const isBefore = (place: number) => isDueBefore(block.dueMs[place]!, block.turns[place]!, due, m);
    return block.first + firstPlace(block.turns.length, isBefore);
  }

  function countFrom(n: number, end: number): number {
    if (n >= messages) return 0;
    const first = turnAt(n);
    const rest = turns.countFrom(first, messages);
    if (end >= messages) return rest;
    const endTurn = turnAt(end);
    const endDue = offsetMs(end);
    const device = turns.deviceOf(first);
    const message = turns.messageOf(first);
    return firstPlace(rest, (place) => {
      const m = turns.numberOf(device, message + place);
      return isDueBefore(dueMs(m), m, endDue, endTurn);
    });
  }

  function countOf(n: number, chosenBefore: (i: number) => number): number {
    if (n >= messages) return turns.countOf(messages, chosenBefore);
    const block = blockWith(n);
    if (block.chosen?.before !== chosenBefore) block.chosen = countChosen(block, chosenBefore);
    return block.chosen.upTo[n - block.first]!;
  }

  /** Of the messages before each of a block: turns that are surely earlier by the formula, the others one by one. */
  function countChosen(block: Block, chosenBefore: (i: number) => number): Required<Block>['chosen'] {
    const isChosen = (m: number) => {
      const device = turns.deviceOf(m);
      return chosenBefore(device + 1) - chosenBefore(device);
    };
    const begin = block.index * size;
    const from = Math.max(0, begin - window);
    let chosen = turns.countOf(from, chosenBefore);
    for (let m = from; m < Math.min(messages, begin + window); m++)
      if (isBeforeBlock(dueMs(m), m, block.index)) chosen += isChosen(m);
    const upTo = new Float64Array(block.turns.length);
    for (const [place, m] of block.turns.entries()) {
      upTo[place] = chosen;
      chosen += isChosen(m);
    }
    return { before: chosenBefore, upTo };
  }

  return {
    offsetMs,
    dueBefore,
    turns: {
      deviceOf: (n) => turns.deviceOf(turnAt(n)),
      messageOf: (n) => turns.messageOf(turnAt(n)),
      nextOf: (n) => {
        const next = turns.nextOf(turnAt(n));
        return next < messages ? rankOf(next) : Number.POSITIVE_INFINITY;
      },
      countFrom,
      countOf,
      // A publish is up to 2 · window places from its turn.
      roundLength: turns.roundLength + 4 * window,
    },
  };
}

/** Sorting numbers alone is several times faster than sorting by a function: each turn is then put where its time is. */
function sortByDue(due: Float64Array, turns: Float64Array): Pick<Block, 'dueMs' | 'turns'> {
  const dueMs = due.slice().sort();
  const sorted = new Float64Array(turns.length);
  /** How many turns there are already of those that are due at the same time as the one at a place. */
  const taken = new Uint32Array(turns.length);
  for (const [i, m] of turns.entries()) {
    const place = firstPlace(turns.length, (at) => dueMs[at]! < due[i]!);
    // Turns come in ascending order.
    sorted[place + taken[place]!++] = m;
  }
  return { dueMs, turns: sorted };
}

function isDueBefore(due: number, m: number, otherDue: number, other: number): boolean {
  return due < otherDue || (due === otherDue && m < other);
}

/** The first of so many places that is not before what is searched for. */
export function firstPlace(places: number, isBefore: (place: number) => boolean): number {
  let from = 0;
  let to = places;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (isBefore(middle)) from = middle + 1;
    else to = middle;
  }
  return from;
}
