import type { CapacitySearch } from '../../profile/search.ts';

/** The levels between which the knee is, as far as the search has come. */
export interface KnownLevels {
  /** The highest level that passes. */
  readonly holds?: number;
  /** The lowest level that fails; above `holds`. */
  readonly breaks?: number;
}

/** What a method depends on of the settings. */
export type LevelRange = Pick<CapacitySearch, 'from' | 'to' | 'precision'>;

/** In which order a search tries levels. One file each, listed in `methods.ts`. */
export interface SearchMethod {
  /** The next level to try, a whole number between those that are known; undefined: they are near enough. */
  next(range: LevelRange, known: KnownLevels): number | undefined;
  /** Most levels that it tries where no hold contradicts another. */
  mostLevels(range: LevelRange): number;
}

/** Whether no level between the two is worth a hold. */
export function isNarrow(holds: number, breaks: number, precision: number): boolean {
  return breaks - holds <= Math.max(1, precision * holds);
}
