import type { SearchRange } from '../../profile/search.ts';
import { levelThat } from './format-level.ts';
import type { SearchAnswer, SearchEnd } from './search-answer.ts';

/** Why a search ended, a phrase. */
export const endings: Readonly<Record<SearchEnd, string>> = {
  found: 'it found its answer',
  'all-passed': 'its highest level passed',
  'none-passed': 'its lowest level failed',
  void: 'its holds were void',
  stopped: 'it was stopped',
  'out-of-time': 'it was over before its answer was certain',
  refused: 'its next level was refused',
  contradicted: 'the complete record of the run contradicts the answer that it had',
};

/** Why the run of a search ends, as a phrase: `the search ended: it found its answer (3,120/s passes, 3,270/s fails)`. */
export function describeSearchEnd(
  { of }: Pick<SearchRange, 'of'>,
  { ended, holds, breaks, needs }: SearchAnswer,
): string {
  const levels = [
    ...(holds === null ? [] : [levelThat(of, holds, 'passes')]),
    ...(breaks === null ? [] : [levelThat(of, breaks, 'fails')]),
  ];
  const known = levels.length === 0 ? '' : ` (${levels.join(', ')})`;
  const refusal = ended === 'refused' && needs !== undefined ? `: ${needs}` : '';
  return `the search ended: ${endings[ended]}${known}${refusal}`;
}
