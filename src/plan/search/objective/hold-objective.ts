import type { ObjectiveSearch } from '../../../profile/search.ts';
import type { NextHold } from '../decide-next.ts';
import type { JudgedHold } from '../judged-hold.ts';
import { needsOf, type SearchEnd } from '../search-answer.ts';
import { type ControlState, controlLevel, startControl } from './control-level.ts';
import type { JudgedInterval } from './judged-interval.ts';
import { isBreakOf } from './objective-expression.ts';

/** So many intervals in a row that say nothing of the service end the search, and so many that overload it at the lowest level. */
const mostVoids = 5;
const mostOverloads = 5;

/** Why a search ends before its time. */
export interface EarlyEnd {
  readonly ended: SearchEnd;
  /** Of a void search: what it would take. Of a refused one: the refusal. A sentence. */
  readonly needs?: string;
}

/**
 * The level of the next interval, or why there is none. What an interval is judged to be decides alone: the controller is run over all
 * of them again.
 * @param judged all intervals, in the order of their steps
 */
export function holdObjective(settings: ObjectiveSearch, judged: readonly JudgedHold[]): NextHold | EarlyEnd {
  const { voids, overloadsAtFrom, level, move } = stateAfter(settings, judged);
  if (voids >= mostVoids) return { ended: 'void', needs: needsOf(judged.at(-1)!) };
  if (overloadsAtFrom >= mostOverloads) return { ended: 'none-passed' };
  return { level: Math.round(level), move };
}

function stateAfter(settings: ObjectiveSearch, judged: readonly JudgedHold[]): ControlState {
  return judged.reduce(
    (state, hold) => controlLevel(settings, state, intervalOf(settings, hold)),
    startControl(settings),
  );
}

/** What an interval shows of the service. */
export function intervalOf(settings: ObjectiveSearch, hold: JudgedHold): JudgedInterval {
  const { level, at, holdUntil, outcome, broke, objectiveMs = null, figures } = hold;
  const { sent, throttled, failed, lost } = figures;
  const refused = Math.max(lost, throttled + failed);
  const isLateOnly = broke.every((each) => isBreakOf(settings, each));
  return {
    level,
    at,
    holdUntil,
    outcome: outcome === 'void' ? 'void' : outcome === 'passed' ? 'kept' : isLateOnly ? 'late' : 'refused',
    metric: objectiveMs,
    deliveredShare: sent === 0 ? 0 : 1 - Math.min(1, refused / sent),
  };
}
