import type { Imbalance } from '../measure/check-ledger.ts';
import type { CountsByReason } from '../measure/reason-counts.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import type { FailedThreshold } from '../plan/control-message.ts';
import type { Plan } from '../plan/plan.ts';
import { sumOf } from '../shared/counts.ts';
import { formatCount, formatElapsed, formatPlural, formatShare, formatValue } from '../shared/format.ts';
import { describeEndedInRun } from './network-report.ts';
import type { ExecutionReport, ThresholdResult, Verdict } from './report-model.ts';
import type { SearchOutcome } from './search-outcome.ts';
import { describeMeasured } from './threshold-figures.ts';

export interface Judged {
  readonly plan: Plan;
  readonly ledger: RunLedger;
  readonly imbalances: readonly Imbalance[];
  readonly thresholds: readonly ThresholdResult[];
  /** A sentence each. */
  readonly inconsistencies: readonly string[];
  /** Of an execution that did not come to its own summary. */
  readonly execution: ExecutionReport | undefined;
  /** Of a run that searched. */
  readonly search: SearchOutcome | undefined;
  /** Epoch milliseconds: the report is made. */
  readonly now: number;
}

export interface Judgement {
  readonly verdict: Verdict;
  /** One sentence each. */
  readonly reasons: readonly string[];
}

/**
 * A run that a threshold ended, or that ended itself, is failed, as in k6. One that a user stopped is aborted, whatever
 * it had measured by then. Any other fails by a ledger that does not balance, by more slices lost than the profile
 * tolerates, or by a threshold. A run without failures is inconclusive where there are inconsistencies: the load was not
 * what the profile says, or arrivals were not read. The first reason of a run that searched to its end is the answer, whatever the
 * verdict.
 */
export function judge(judged: Judged): Judgement {
  const { plan, ledger, imbalances, thresholds, inconsistencies, execution, search } = judged;
  const { profile, timeline } = plan;
  const { toleratedFailureShare } = profile.slices;
  const { stoppedOn } = ledger;
  const ending = stoppedOn?.threshold;
  // The threshold that ended the run is already named, with its instant.
  const failed = thresholds.filter(
    ({ passed, isExcusedByStop, metric, expression }) =>
      !passed && isExcusedByStop !== true && !(metric === ending?.metric && expression === ending.expression),
  );
  const failures = [
    ...imbalances.map(describeImbalance),
    // Ending the execution ends its slices, too.
    ...(execution === undefined
      ? [...judgeSlices(ledger, toleratedFailureShare), ...judgeSubscribers(ledger, toleratedFailureShare)]
      : []),
    ...failed.map(describeThreshold),
  ];
  const endedByNetwork = failures.length === 0 ? '' : describeEndedInRun(ledger);
  // The inconsistencies, whatever the verdict: they may explain a failure that the target did not cause.
  const reasons = [
    ...failures,
    ...(endedByNetwork === ''
      ? []
      : [
          `The injected network ${endedByNetwork}: what failed for that is the doing of neither the target nor the generator.`,
        ]),
    ...inconsistencies,
  ];
  const answer = search === undefined ? [] : [search.answer];
  if (stoppedOn !== undefined && ending !== undefined) {
    const seconds = (stoppedOn.at - timeline.publishAt) / 1_000;
    return { verdict: 'failed', reasons: [describeAbort(ending, seconds), ...answer, ...reasons] };
  }
  const isStopped = stoppedOn !== undefined && stoppedOn.by !== 'search';
  // Inconsistencies are no reasons here: levels above the knee strain the generator, and each hold was judged with that in mind.
  if (search !== undefined && !isStopped && execution === undefined) {
    const verdict = failures.length > 0 ? 'failed' : search.verdict;
    return { verdict, reasons: [...answer, ...failures] };
  }
  if (isStopped) {
    const verdict = stoppedOn.by === 'run' ? 'failed' : 'aborted';
    return { verdict, reasons: [describeStop(ledger), ...answer, ...reasons] };
  }
  if (execution !== undefined) {
    const verdict = execution.status === 'ABORTED' ? 'aborted' : 'failed';
    return {
      verdict,
      reasons: [describeExecution(execution), ...describeUnended(judged), ...answer, ...reasons],
    };
  }
  if (failures.length > 0) return { verdict: 'failed', reasons };
  return { verdict: inconsistencies.length > 0 ? 'inconclusive' : 'passed', reasons };
}

function describeAbort({ metric, expression, actual }: FailedThreshold, seconds: number): string {
  return `Threshold ${metric} ${expression} failed ${formatElapsed(seconds * 1_000)} after publishing began, when it was ${formatValue(actual)}, and ended the run (abortOnFail).`;
}

function describeStop({ slices, stoppedBy }: RunLedger): string {
  const share =
    slices.stopped === slices.planned
      ? ''
      : ` (${formatCount(slices.stopped)} of ${formatPlural(slices.planned, 'slice')})`;
  return `The run ended before its time${share}: ${Object.keys(stoppedBy).join('; ')}.`;
}

function describeExecution({ status, error, cause }: ExecutionReport): string {
  if (status === 'TIMED_OUT') return 'The execution timed out before it had made its report.';
  const given = [error, cause].filter((text) => text !== undefined && text !== '');
  return given.length === 0
    ? 'The execution was stopped by StopExecution, which named neither an error nor a cause.'
    : `The execution was stopped by StopExecution: ${given.join(': ').replace(/\.$/, '')}.`;
}

/** StopExecution does not reach the Lambdas: each goes on to its slice's end, which is at the deadline at the latest. */
function describeUnended({ plan, ledger, now }: Judged): string[] {
  const { died, planned } = ledger.slices;
  if (died === 0) return [];
  const unended = `${formatCount(died)} of ${formatPlural(planned, 'slice')} had not stored an end when this report was made`;
  return [
    now < plan.timeline.deadlineAt
      ? `${unended}; StopExecution does not end Lambdas, so they may still have been running: \`npx stampede stop ${plan.runId}\` stops them.`
      : `${unended}.`,
  ];
}

function describeImbalance({ equation, left, right }: Imbalance): string {
  return `The ledger does not balance: ${equation}, and here ${formatCount(left)} ≠ ${formatCount(right)}. The measurement is at fault; do not trust this report.`;
}

/** The state machine ends a run by the same share, over the slices that publish and those that subscribe. */
function judgeSubscribers(
  { slices, subscribers, subscriberDiedBy }: RunLedger,
  toleratedShare: number,
): string[] {
  const planned = subscribers?.planned ?? 0;
  const died = sumOf(Object.values(subscriberDiedBy));
  const incomplete = died + slices.died + slices.failed;
  if (died === 0 || incomplete <= (slices.planned + planned) * toleratedShare) return [];
  return [
    `Of ${formatPlural(planned, 'subscriber')}, ${formatCount(died)} died${describeDeaths(died, subscriberDiedBy)}.`,
  ];
}

function judgeSlices(
  { slices, stoppedOn, stoppedBy, sliceFailedBy, sliceDiedBy }: RunLedger,
  toleratedShare: number,
): string[] {
  // These slices lost the control channel and stopped by themselves, without a request.
  const stopped = stoppedOn === undefined ? slices.stopped : 0;
  const incomplete = slices.died + slices.failed + stopped;
  if (incomplete === 0 || incomplete <= slices.planned * toleratedShare) return [];
  const kinds = [
    slices.died > 0 ? `${formatCount(slices.died)} died${describeDeaths(slices.died, sliceDiedBy)}` : '',
    slices.failed > 0
      ? `${formatCount(slices.failed)} failed (${Object.keys(sliceFailedBy).join('; ')})`
      : '',
    stopped > 0 ? `${formatCount(stopped)} stopped by themselves (${Object.keys(stoppedBy).join('; ')})` : '',
  ];
  const tolerated = toleratedShare > 0 ? `at most ${formatShare(toleratedShare)}` : 'none';
  return [
    `Of ${formatPlural(slices.planned, 'slice')}, ${kinds.filter((kind) => kind !== '').join(' and ')}; the profile tolerates ${tolerated} (slices.toleratedFailureShare).`,
  ];
}

/** ` (3 of TypeError: x is not a function; 1 without a word)`; empty where nothing is known. */
function describeDeaths(died: number, by: CountsByReason): string {
  const causes = Object.entries(by);
  if (causes.length === 0) return '';
  const known = causes.reduce((sum, [, count]) => sum + count, 0);
  const words = causes.map(([reason, count]) => `${formatCount(count)} of ${reason}`);
  if (died > known) words.push(`${formatCount(died - known)} without a word`);
  return ` (${words.join('; ')})`;
}

function describeThreshold(threshold: ThresholdResult): string {
  const { metric, expression, isUndecided } = threshold;
  const outcome = isUndecided === true ? 'is not proven' : 'failed';
  return `Threshold ${metric} ${expression} ${outcome}: ${describeMeasured(threshold)}.`;
}
