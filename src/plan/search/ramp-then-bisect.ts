import { isNarrow, type LevelRange, type SearchMethod } from './method.ts';

/**
 * Doubles the level until one fails, so that no level is more than twice what the service takes; then tries the geometric mean of the
 * highest passing and the lowest failing level, until they are within the precision. From a doubling that is
 * log2(ln 2 / ln(1 + precision)) levels, rounded up: 4 of a precision of 5%.
 */
export const rampThenBisect: SearchMethod = {
  next({ from, to, precision }, { holds, breaks }) {
    if (holds === undefined) return breaks === undefined || breaks > from ? from : undefined;
    if (breaks === undefined) return holds >= to ? undefined : rampAfter(holds, to);
    return isNarrow(holds, breaks, precision) ? undefined : middleOf(holds, breaks);
  },
  mostLevels({ from, to, precision }) {
    let most = 1;
    let tried = 1;
    for (let holds = from; holds < to; holds = rampAfter(holds, to)) {
      tried++;
      most = Math.max(most, tried + mostBisections(holds, rampAfter(holds, to), precision));
    }
    return most;
  },
};

function rampAfter(level: number, to: LevelRange['to']): number {
  return Math.min(to, 2 * level);
}

/** Strictly between two whole numbers that are more than 1 apart. */
function middleOf(holds: number, breaks: number): number {
  return Math.min(breaks - 1, Math.max(holds + 1, Math.round(Math.sqrt(holds * breaks))));
}

/** By the levels that would be tried, because they are rounded. */
function mostBisections(holds: number, breaks: number, precision: number): number {
  if (isNarrow(holds, breaks, precision)) return 0;
  const middle = middleOf(holds, breaks);
  return 1 + Math.max(mostBisections(holds, middle, precision), mostBisections(middle, breaks, precision));
}
