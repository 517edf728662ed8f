import type { SearchMethod } from './method.ts';

/** Raises the level by the precision until one fails: more holds, and a curve with a point at each of them. */
export const steps: SearchMethod = {
  next({ from, to, precision }, { holds, breaks }) {
    if (holds === undefined) return breaks === undefined || breaks > from ? from : undefined;
    const above = stepAfter(holds, to, precision);
    return holds < to && above < (breaks ?? Number.POSITIVE_INFINITY) ? above : undefined;
  },
  mostLevels({ from, to, precision }) {
    let levels = 1;
    for (let level = from; level < to; level = stepAfter(level, to, precision)) levels++;
    return levels;
  },
};

/** Rounded down, so that two neighbours are within the precision, but higher by at least 1. */
function stepAfter(level: number, to: number, precision: number): number {
  return Math.min(to, Math.max(level + 1, Math.floor(level * (1 + precision))));
}
