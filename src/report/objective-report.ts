import type { EarlyEnd } from '../plan/search/objective/hold-objective.ts';
import { answerObjective, type ObjectiveAnswer } from '../plan/search/objective/objective-answer.ts';
import { needsOf, type SearchEnd } from '../plan/search/search-answer.ts';
import type { ObjectiveSearch } from '../profile/search.ts';
import { type RunEnd, type SearchRecord, type SearchStepReport, stepReportsOf } from './search-report.ts';

/** What a search that holds an objective found, judged from the complete record of its run. */
export interface ObjectiveReport {
  readonly settings: ObjectiveSearch;
  /** Intervals that ended before the run did, in their order. */
  readonly intervals: readonly SearchStepReport[];
  readonly answer: ObjectiveAnswer;
}

/** @param end what ended the run: its time, unless that says something else */
export function objectiveReportOf(record: SearchRecord<ObjectiveSearch>, end: RunEnd): ObjectiveReport {
  const { settings, judged } = record;
  return {
    settings,
    intervals: stepReportsOf(record),
    answer: answerObjective(settings, judged, earlyEndOf(record, end)),
  };
}

/** The searcher ends a search early for reasons that the complete record may not show again. */
function earlyEndOf({ judged }: SearchRecord<ObjectiveSearch>, { stoppedOn, isAborted }: RunEnd): EarlyEnd {
  const isStopped = stoppedOn === undefined ? isAborted : stoppedOn.by !== 'search';
  if (isStopped) return { ended: 'stopped' };
  const ended = earlyEnds.find((each) => each === stoppedOn?.ended) ?? 'out-of-time';
  const last = judged.at(-1);
  return { ended, ...(ended === 'void' && last !== undefined && { needs: needsOf(last) }) };
}

const earlyEnds: readonly SearchEnd[] = ['void', 'none-passed', 'refused'];

/** A load that was planned has to be at most what the service takes at the objective. */
export function verdictOfObjective({
  settings: { planned },
  answer: { ended, level },
}: ObjectiveReport): 'passed' | 'failed' | 'inconclusive' {
  if (ended === 'none-passed') return 'failed';
  const holdsPlanned = level !== null && (planned === undefined || level >= planned);
  if (ended === 'found') return holdsPlanned ? 'passed' : 'failed';
  return ended === 'all-passed' && planned !== undefined && holdsPlanned ? 'passed' : 'inconclusive';
}
