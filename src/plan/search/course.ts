import type { SearchSettings } from '../../profile/search.ts';
import { decideNext, isAnswer, type NextHold } from './decide-next.ts';
import { describeSearchEnd } from './describe-end.ts';
import type { JudgedHold } from './judged-hold.ts';
import { describeObjectiveEnd } from './objective/describe-objective.ts';
import { type EarlyEnd, holdObjective } from './objective/hold-objective.ts';
import { answerObjective } from './objective/objective-answer.ts';
import { answerNow, type SearchAnswer, type SearchEnd } from './search-answer.ts';

/** Why a run that searches is stopped. */
export interface Ending {
  readonly ended: SearchEnd;
  /** A phrase. */
  readonly reason: string;
}

/** What one kind of search does after the holds that were judged so far: a pure function of them. */
export interface SearchCourse {
  next(judged: readonly JudgedHold[]): NextHold | Ending;
  /** How the search ends that has to end now. @param needs why a level was refused */
  end(ended: SearchEnd, judged: readonly JudgedHold[], needs?: string): Ending;
}

export function courseOf(search: SearchSettings): SearchCourse {
  if (search.kind === 'capacity') {
    const endingOf = (answer: SearchAnswer): Ending => ({
      ended: answer.ended,
      reason: describeSearchEnd(search, answer),
    });
    return {
      next: (judged) => {
        const next = decideNext(search, judged);
        return isAnswer(next) ? endingOf(next) : next;
      },
      end: (ended, judged, needs) =>
        endingOf({ ...answerNow(ended, judged, search), ...(needs !== undefined && { needs }) }),
    };
  }
  const endingOf = (judged: readonly JudgedHold[], end: EarlyEnd): Ending => {
    const answer = answerObjective(search, judged, end);
    return { ended: answer.ended, reason: describeObjectiveEnd(search, answer) };
  };
  return {
    next: (judged) => {
      const next = holdObjective(search, judged);
      return 'ended' in next ? endingOf(judged, next) : next;
    },
    end: (ended, judged, needs) => endingOf(judged, { ended, ...(needs !== undefined && { needs }) }),
  };
}
