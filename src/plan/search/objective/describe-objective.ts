import type { ObjectiveSearch } from '../../../profile/search.ts';
import { endings } from '../describe-end.ts';
import { formatLevel } from '../format-level.ts';
import type { ObjectiveAnswer } from './objective-answer.ts';
import { formatObjective, nameObjective } from './objective-expression.ts';

/** Why the run ends, as a phrase: `the search ended: its time was over (998/s keeps end_to_end_latency p(99) at 500 ms)`. */
export function describeObjectiveEnd(
  search: ObjectiveSearch,
  { ended, level, needs }: ObjectiveAnswer,
): string {
  const kept =
    level === null
      ? ''
      : ` (${formatLevel(search.of, level)} keeps ${nameObjective(search)} at ${formatObjective(search)})`;
  const refusal = ended === 'refused' && needs !== undefined ? `: ${needs}` : '';
  const why = ended === 'found' ? 'its time was over' : endings[ended];
  return `the search ended: ${why}${kept}${refusal}`;
}
