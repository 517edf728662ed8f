import type { ControlMessage } from '../plan/control-message.ts';
import { decideNext, isAnswer } from '../plan/search/decide-next.ts';
import type { BrokenObjective, HoldOutcome, JudgedHold } from '../plan/search/judged-hold.ts';
import { answerNow, type SearchAnswer, type SearchEnd } from '../plan/search/search-answer.ts';
import type { CapacitySearch, SearchSettings } from '../profile/search.ts';

/** What a search found, judged from the complete record of its run. */
export interface SearchReport {
  readonly settings: CapacitySearch;
  /** Holds that ended before the run did, in their order. */
  readonly steps: readonly SearchStepReport[];
  readonly answer: SearchAnswer;
}

export interface SearchStepReport extends JudgedHold {
  /** The outcome by which the search went on, if it was another one. */
  readonly seen?: HoldOutcome;
}

export interface SearchRecord<Settings extends SearchSettings = SearchSettings> {
  readonly settings: Settings;
  /** From the complete record. */
  readonly judged: readonly JudgedHold[];
  /** While the run went on. */
  readonly seen: readonly JudgedHold[];
}

export interface RunEnd {
  /** Undefined: no request ended the run. */
  readonly stoppedOn: ControlMessage | undefined;
  /** By StopExecution. */
  readonly isAborted: boolean;
}

/** @param end what ended the run: its time, unless that says something else */
export function searchReportOf(record: SearchRecord<CapacitySearch>, end: RunEnd): SearchReport {
  const { settings, judged } = record;
  const next = decideNext(settings, judged);
  return {
    settings,
    steps: stepReportsOf(record),
    answer: isAnswer(next) ? next : answerNow(endOf(end), judged, settings),
  };
}

/** The holds from the complete record, beside what they were taken for. */
export function stepReportsOf({ judged, seen }: SearchRecord): SearchStepReport[] {
  return judged.map((hold) => {
    const before = seen.find(({ step }) => step === hold.step);
    if (before === undefined) return hold;
    const named = { ...hold, broke: hold.broke.map((each) => withQuota(each, before.broke)) };
    return before.outcome === hold.outcome ? named : { ...named, seen: before.outcome };
  });
}

/** A report that is made later cannot query the service for its quotas: their names are those that the search saw. */
function withQuota(broken: BrokenObjective, seen: readonly BrokenObjective[]): BrokenObjective {
  const { metric, expression } = broken;
  const quota =
    broken.quota ?? seen.find((each) => each.metric === metric && each.expression === expression)?.quota;
  return quota === undefined ? broken : { ...broken, quota };
}

/** Of a search without an answer. */
function endOf({ stoppedOn, isAborted }: RunEnd): SearchEnd {
  if (stoppedOn === undefined) return isAborted ? 'stopped' : 'out-of-time';
  if (stoppedOn.by !== 'search') return 'stopped';
  const { ended = 'out-of-time' } = stoppedOn;
  return ended === 'refused' || ended === 'out-of-time' ? ended : 'contradicted';
}

/** A load that was planned has to be at most what the service takes. Without an answer nothing is known of it. */
export function verdictOfSearch({
  settings: { planned },
  answer: { ended, holds },
}: SearchReport): 'passed' | 'failed' | 'inconclusive' {
  if (ended === 'none-passed') return 'failed';
  const holdsPlanned = holds !== null && (planned === undefined || holds >= planned);
  if (ended === 'found') return holdsPlanned ? 'passed' : 'failed';
  return ended === 'all-passed' && planned !== undefined && holdsPlanned ? 'passed' : 'inconclusive';
}
