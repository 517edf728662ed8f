import type { SearchEnd } from '../plan/search/search-answer.ts';
import { verdictOfObjective } from './objective-report.ts';
import { describeHeld } from './objective-text.ts';
import type { Report } from './report-model.ts';
import { verdictOfSearch } from './search-report.ts';
import { describeAnswer } from './search-text.ts';

/** What a search of either kind comes to. */
export interface SearchOutcome {
  /** A sentence. */
  readonly answer: string;
  readonly verdict: 'passed' | 'failed' | 'inconclusive';
  readonly ended: SearchEnd;
  /** Whether the profile says what is planned. */
  readonly isPlanned: boolean;
}

/** What runs are compared with: only runs of the same kind. A search has many loads. */
export type RunKind = 'load' | 'search' | 'objective';

export function kindOfRun({ search, objective }: Pick<Report, 'search' | 'objective'>): RunKind {
  if (search !== undefined) return 'search';
  return objective === undefined ? 'load' : 'objective';
}

/** What runs that are compared have in common: `load`, or the kind of search and what is searched, such as `search of rate`. */
export function comparedAs(report: Pick<Report, 'search' | 'objective'>): string {
  const kind = kindOfRun(report);
  const searched = report.search ?? report.objective;
  return searched === undefined ? kind : `${kind} of ${searched.settings.of}`;
}

/** Undefined: the run did not search. */
export function searchOutcomeOf({
  search,
  objective,
}: Pick<Report, 'search' | 'objective'>): SearchOutcome | undefined {
  if (search !== undefined)
    return {
      answer: describeAnswer(search),
      verdict: verdictOfSearch(search),
      ended: search.answer.ended,
      isPlanned: search.settings.planned !== undefined,
    };
  if (objective === undefined) return undefined;
  return {
    answer: describeHeld(objective),
    verdict: verdictOfObjective(objective),
    ended: objective.answer.ended,
    isPlanned: objective.settings.planned !== undefined,
  };
}
