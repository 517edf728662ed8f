import {
  leastPrecision,
  longestHoldMs,
  mostConfirm,
  mostLevel,
  type SearchSettings,
} from '../../profile/search.ts';
import { between, type PlanProblem, within } from '../plan-problem.ts';

/** Checks the search of a plan that was read back: these numbers bound how many levels it has, and how long each is held. */
export function checkStoredSearch(path: string, search: SearchSettings): PlanProblem[] {
  const { from, to, planned, connectsPerSecond } = search;
  return [
    ...within(`${path}.from`, from, 1, mostLevel),
    ...within(`${path}.to`, to, from + 1, mostLevel),
    ...(planned === undefined ? [] : between(`${path}.planned`, planned, 0, mostLevel)),
    ...(connectsPerSecond === undefined
      ? []
      : between(`${path}.connectsPerSecond`, connectsPerSecond, Number.MIN_VALUE, 1e6)),
    ...(search.kind === 'capacity'
      ? [
          ...between(`${path}.settleMs`, search.settleMs, 0, longestHoldMs),
          ...within(`${path}.holdMs / 1000`, search.holdMs / 1_000, 1, longestHoldMs / 1_000),
          ...between(`${path}.precision`, search.precision, leastPrecision, 1),
          ...within(`${path}.confirm`, search.confirm, 1, mostConfirm),
        ]
      : [
          ...between(`${path}.at`, search.at, Number.MIN_VALUE, longestHoldMs),
          ...between(`${path}.forMs`, search.forMs, 1, longestHoldMs),
          ...between(`${path}.settleMs`, search.settleMs, 0, longestHoldMs),
          ...within(`${path}.holdMs / 1000`, search.holdMs / 1_000, 1, longestHoldMs / 1_000),
          ...between(`${path}.precision`, search.precision, leastPrecision, 1),
        ]),
  ];
}
