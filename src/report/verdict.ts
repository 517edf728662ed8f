import type { Imbalance } from '../measure/check-ledger.ts';
import type { CountsByReason, RunLedger, SliceOutcomes } from '../measure/run-ledger.ts';
import type { FailedThreshold } from '../plan/control-message.ts';
import type { Plan } from '../plan/plan.ts';
import { formatCount, formatPlural, formatShare, formatValue } from './figures.ts';
import type { ThresholdResult, Verdict } from './report.ts';

export interface Judgement {
  readonly verdict: Verdict;
  /** One sentence each. */
  readonly reasons: readonly string[];
}

/**
 * A run that a threshold ended is failed, as in k6. One that was stopped otherwise is aborted, whatever it had measured by
 * then. Any other fails by a ledger that does not balance, by more slices lost than the profile tolerates, or by a
 * threshold.
 */
export function judge(
  { profile, timeline }: Plan,
  ledger: RunLedger,
  imbalances: readonly Imbalance[],
  thresholds: readonly ThresholdResult[],
): Judgement {
  const { toleratedFailureShare } = profile.slices;
  const faults = [
    ...imbalances.map(describeImbalance),
    ...judgeSlices(ledger.slices, ledger.sliceFailedBy, toleratedFailureShare),
    ...thresholds.filter(({ passed }) => !passed).map(describeThreshold),
  ];
  const { stoppedOn } = ledger;
  if (stoppedOn?.threshold !== undefined) {
    const seconds = (stoppedOn.at - timeline.publishAt) / 1_000;
    return { verdict: 'failed', reasons: [describeAbort(stoppedOn.threshold, seconds), ...faults] };
  }
  if (ledger.slices.stopped > 0) {
    return { verdict: 'aborted', reasons: [describeStop(ledger), ...faults] };
  }
  return { verdict: faults.length > 0 ? 'failed' : 'passed', reasons: faults };
}

function describeAbort({ metric, expression, actual }: FailedThreshold, seconds: number): string {
  return `Threshold ${metric} ${expression} failed ${seconds.toFixed(1)} s after publishing began, when it was ${formatValue(actual)}, and ended the run (abortOnFail).`;
}

function describeStop({ slices, stoppedBy }: RunLedger): string {
  const share =
    slices.stopped === slices.planned
      ? ''
      : ` (${formatCount(slices.stopped)} of ${formatPlural(slices.planned, 'slice')})`;
  return `The run ended before its time${share}: ${Object.keys(stoppedBy).join('; ')}.`;
}

function describeImbalance({ equation, left, right }: Imbalance): string {
  return `The ledger does not balance: ${equation}, and here ${formatCount(left)} ≠ ${formatCount(right)}. The measurement is at fault; do not trust this report.`;
}

function judgeSlices(slices: SliceOutcomes, failedBy: CountsByReason, toleratedShare: number): string[] {
  const gone = slices.died + slices.failed;
  if (gone === 0 || gone <= slices.planned * toleratedShare) return [];
  const kinds = [
    slices.died > 0 ? `${formatCount(slices.died)} died` : '',
    slices.failed > 0 ? `${formatCount(slices.failed)} failed (${Object.keys(failedBy).join('; ')})` : '',
  ];
  const tolerated = toleratedShare > 0 ? `at most ${formatShare(toleratedShare)}` : 'none';
  return [
    `Of ${formatPlural(slices.planned, 'slice')}, ${kinds.filter((kind) => kind !== '').join(' and ')}; the profile tolerates ${tolerated} (slices.toleratedFailureShare).`,
  ];
}

function describeThreshold({ metric, expression, actual }: ThresholdResult): string {
  const measured = actual === null ? 'nothing was measured' : `it is ${formatValue(actual)}`;
  return `Threshold ${metric} ${expression} failed: ${measured}.`;
}
