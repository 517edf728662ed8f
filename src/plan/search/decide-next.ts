import type { CapacitySearch } from '../../profile/search.ts';
import type { HoldVerdict, LevelMove } from './judged-hold.ts';
import { type Bracket, bracketOf, type LevelRecord } from './levels.ts';
import { searchMethods } from './methods.ts';
import { mostHolds, mostVoids } from './most-holds.ts';
import { answerOf, needsOf, type SearchAnswer, type SearchEnd } from './search-answer.ts';

/** A level to hold next. */
export interface NextHold {
  readonly level: number;
  /** Number of the first step with this level. Absent: no step has had it. */
  readonly repeats?: number;
  /** Of a search that holds an objective. */
  readonly move?: LevelMove;
}

/**
 * What a search does after the holds that were judged so far: a level to hold, or its answer. There are at most `mostHolds` holds. A void
 * hold is repeated once; with two in a row, or more than `mostVoids` in all, the search ends. The two levels of the answer are held until
 * `confirm` holds of each agree; a level whose later holds contradict the first one changes sides, and the search goes on from there.
 * @param judged in the order of their steps, all of them
 */
export function decideNext(
  settings: CapacitySearch,
  judged: readonly HoldVerdict[],
): NextHold | SearchAnswer {
  const { confirm } = settings;
  const bracket = bracketOf(judged, confirm);
  const last = judged.at(-1);
  if (last?.outcome === 'void') {
    if (isGivenUp(judged)) return { ...answerOf('void', bracket), needs: needsOf(last) };
    return { level: last.level, repeats: last.repeats ?? last.step };
  }
  const next = nextHold(settings, bracket);
  if (next === undefined) return answerOf(endOf(bracket), bracket);
  const isOver = judged.length - voidsIn(judged) >= mostHolds(settings) - mostVoids;
  return isOver ? answerOf('out-of-time', bracket) : next;
}

/** Undefined: the two levels are near enough, and confirmed. */
function nextHold(settings: CapacitySearch, { holds, breaks }: Bracket): NextHold | undefined {
  const known = { ...(holds && { holds: holds.level }), ...(breaks && { breaks: breaks.level }) };
  const level = searchMethods[settings.method].next(settings, known);
  if (level !== undefined) return { level };
  const unsure = [holds, breaks].find((record) => record?.isConfirmed === false);
  return unsure && repeat(unsure);
}

/** Whether the answer is known. */
export function isAnswer(next: NextHold | SearchAnswer): next is SearchAnswer {
  return 'ended' in next;
}

/** The last hold is void. */
function isGivenUp(judged: readonly HoldVerdict[]): boolean {
  return voidsIn(judged) > mostVoids || judged.at(-2)?.outcome === 'void';
}

function voidsIn(judged: readonly HoldVerdict[]): number {
  return judged.filter(({ outcome }) => outcome === 'void').length;
}

function repeat({ level, first }: LevelRecord): NextHold {
  return { level, repeats: first };
}

function endOf({ holds, breaks }: Bracket): SearchEnd {
  if (holds === undefined) return 'none-passed';
  return breaks === undefined ? 'all-passed' : 'found';
}
