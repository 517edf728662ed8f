import type { ObjectiveSearch } from '../../../profile/search.ts';
import type { BrokenObjective, JudgedHold } from '../judged-hold.ts';
import type { SearchEnd } from '../search-answer.ts';
import { isDraining } from './control-level.ts';
import type { EarlyEnd } from './hold-objective.ts';
import { isBreakOf } from './objective-expression.ts';

/** What a search that holds an objective found. */
export interface ObjectiveAnswer {
  /** `found`: it settled. `all-passed`: at the highest level, with room left. `none-passed`: the lowest level is too high. */
  readonly ended: SearchEnd;
  /** The median since it settled. Null: it never did. */
  readonly level: number | null;
  /** The lowest and the highest level since then, but for overloads and what followed them. */
  readonly lowest: number | null;
  readonly highest: number | null;
  /** Median of the metric since then, milliseconds. */
  readonly objectiveMs: number | null;
  /** From the first interval until the level had come to stay near the median; milliseconds. */
  readonly settledAfterMs: number | null;
  /** Of all intervals since then that were not void: the share in which the metric was within the precision. */
  readonly keptShare: number | null;
  /** Overloads that lowered the level, in all. */
  readonly backOffs: number;
  /** What bounds the level before the objective does. */
  readonly limit?: BrokenObjective;
  /** Of a void search: what it would take. Of a refused one: the refusal. */
  readonly needs?: string;
}

/**
 * The level has settled once so many intervals in a row are within this share of the median, and of all later ones at least
 * `settledMost`; overloads, and what follows them until the backlog is gone, do not count.
 */
const settledIntervals = 5;
const settledShare = 0.2;
const settledMost = 0.8;

/** The answer of a search that ends now. @param judged all intervals, in the order of their steps */
export function answerObjective(
  settings: ObjectiveSearch,
  judged: readonly JudgedHold[],
  { ended, needs }: EarlyEnd,
): ObjectiveAnswer {
  const known = judged.filter(({ outcome }) => outcome !== 'void');
  const settled = settledFrom(known);
  const since = settled === undefined ? [] : known.slice(settled);
  const levels = since.filter(isFollowing).map(({ level }) => level);
  const metrics = since.flatMap(({ objectiveMs }) => objectiveMs ?? []);
  const level = lowerMedianOf(levels);
  const objectiveMs = lowerMedianOf(metrics);
  const limit = limitOf(settings, known, objectiveMs);
  return {
    ended: ended === 'out-of-time' ? endOf(settings, level, objectiveMs) : ended,
    level,
    lowest: levels.length === 0 ? null : Math.min(...levels),
    highest: levels.length === 0 ? null : Math.max(...levels),
    objectiveMs,
    settledAfterMs: since.length === 0 ? null : since[0]!.at - judged[0]!.at,
    keptShare:
      since.length === 0 ? null : since.filter((hold) => isKept(settings, hold)).length / since.length,
    backOffs: judged.filter(({ move }) => move === 'back-off').length,
    ...(limit && { limit }),
    ...(needs !== undefined && { needs }),
  };
}

/** Whether the metric of an interval was within the precision of the objective. */
export function isKept(
  { at, precision }: Pick<ObjectiveSearch, 'at' | 'precision'>,
  { objectiveMs = null }: Pick<JudgedHold, 'objectiveMs'>,
): boolean {
  return objectiveMs !== null && Math.abs(objectiveMs - at) <= precision * at;
}

/** Undefined: the level has not settled. */
function settledFrom(known: readonly JudgedHold[]): number | undefined {
  const following = known.filter(isFollowing);
  const median = lowerMedianOf(following.slice(Math.floor(following.length / 2)).map(({ level }) => level));
  if (median === null) return undefined;
  const isNear = ({ level }: JudgedHold) => Math.abs(level / median - 1) <= settledShare;
  const first = following.findIndex((_, i) => {
    const later = following.slice(i);
    const begin = later.slice(0, settledIntervals);
    return (
      begin.length === settledIntervals &&
      begin.every(isNear) &&
      later.filter(isNear).length >= settledMost * later.length
    );
  });
  return first === -1 ? undefined : known.indexOf(following[first]!);
}

function isFollowing({ move }: JudgedHold): boolean {
  return move !== undefined && !isDraining(move);
}

function endOf(
  { from, to, at, precision }: ObjectiveSearch,
  level: number | null,
  objectiveMs: number | null,
): SearchEnd {
  if (level === null) return 'out-of-time';
  const metric = objectiveMs ?? Number.POSITIVE_INFINITY;
  if (level >= to && metric < (1 - precision) * at) return 'all-passed';
  return level <= from && metric > (1 + precision) * at ? 'none-passed' : 'found';
}

/** Where the metric stays below the objective, what broke instead. */
function limitOf(
  settings: ObjectiveSearch,
  known: readonly JudgedHold[],
  objectiveMs: number | null,
): BrokenObjective | undefined {
  if (objectiveMs !== null && objectiveMs >= (1 - settings.precision) * settings.at) return undefined;
  return known.flatMap(({ broke }) => broke).findLast((each) => !isBreakOf(settings, each));
}

/** Of an even number of values the lower one in the middle: a level that was held. Null: there are none. */
function lowerMedianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
