import type { CapacitySearch } from '../../profile/search.ts';
import type { HoldVerdict, VoidKind } from './judged-hold.ts';
import { type Bracket, bracketOf, type LevelRecord } from './levels.ts';

/**
 * `found`: the knee, within the precision. `all-passed`: the service takes more than `to`. `none-passed`: less than `from`. `void`: the
 * generator is not good enough. `stopped`: by a user or a threshold. `out-of-time`: the time of the search, or its holds, were over
 * before the two levels were near enough or confirmed. `refused`: a level was refused, as an action of a user's would have been.
 * `contradicted`: it had its answer, and the complete record judges some of its holds in another way. Only reports have that.
 */
export const searchEnds = [
  'found',
  'all-passed',
  'none-passed',
  'void',
  'stopped',
  'out-of-time',
  'refused',
  'contradicted',
] as const;
export type SearchEnd = (typeof searchEnds)[number];

export interface SearchAnswer {
  readonly ended: SearchEnd;
  /** The highest level that passes below `breaks`. Null: none has. */
  readonly holds: number | null;
  /** The lowest level that fails. Null: none has. */
  readonly breaks: number | null;
  readonly confidence: SearchConfidence;
  /** Of a void search: what it would take, a sentence. Of one that ended because a level was refused: the refusal. */
  readonly needs?: string;
}

/** Void holds are not counted. */
export interface SearchConfidence {
  /** Of the level `holds`: holds that passed, of so many. */
  readonly passedHolds: number;
  readonly ofHolds: number;
  /** Of the level `breaks`: holds that failed, of so many. */
  readonly failedHolds: number;
  readonly ofFailing: number;
}

/** The answer of a search that ends now. @param judged all holds so far, in the order of their steps */
export function answerNow(
  ended: SearchEnd,
  judged: readonly HoldVerdict[],
  { confirm }: Pick<CapacitySearch, 'confirm'>,
): SearchAnswer {
  return answerOf(ended, bracketOf(judged, confirm));
}

/** The answer of a search that ends with these two levels. */
export function answerOf(ended: SearchEnd, { holds, breaks }: Bracket): SearchAnswer {
  return {
    ended,
    holds: holds?.level ?? null,
    breaks: breaks?.level ?? null,
    confidence: {
      passedHolds: holds?.passed ?? 0,
      ofHolds: countOf(holds),
      failedHolds: breaks?.failed ?? 0,
      ofFailing: countOf(breaks),
    },
  };
}

function countOf(record: LevelRecord | undefined): number {
  return record === undefined ? 0 : record.passed + record.failed;
}

const needsByKind: Readonly<Record<VoidKind, string>> = {
  generator:
    'The search needs a faster generator: more slices (set slices.devicesPerSlice lower), or in a rehearsal a machine with more cores or less other work.',
  dropped:
    'The search needs a generator that offers all of its level: more devices, more slices (set slices.devicesPerSlice lower), or a higher publish.maxUnacknowledged.',
  'no-data':
    'The search needs figures for every threshold: remove those whose metric has no value at this level, or hold it longer.',
  'slice-died':
    'The search needs the record of every slice: read the logs of those that left none. In a rehearsal, a busy machine stores records too late.',
};

/** What a search would need whose last hold was void. */
export function needsOf({ voidBecause = [] }: Pick<HoldVerdict, 'voidBecause'>): string {
  return [...new Set(voidBecause.map(({ kind }) => needsByKind[kind]))].join(' ');
}
