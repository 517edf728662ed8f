import type { Imbalance } from '../measure/check-ledger.ts';
import type { CountsByReason, RunLedger, SliceOutcomes } from '../measure/run-ledger.ts';
import { formatCount, formatPlural, formatShare, formatValue } from './figures.ts';
import type { ThresholdResult, Verdict } from './report.ts';

export interface Judgement {
  readonly verdict: Verdict;
  /** One sentence each. */
  readonly reasons: readonly string[];
}

/**
 * A run that was stopped is aborted, whatever it had measured by then. Otherwise it fails by a ledger that does not
 * balance, by more slices lost than the profile tolerates, or by a threshold.
 * @param toleratedFailureShare 0–1
 */
export function judge(
  ledger: RunLedger,
  imbalances: readonly Imbalance[],
  thresholds: readonly ThresholdResult[],
  toleratedFailureShare: number,
): Judgement {
  const faults = [
    ...imbalances.map(describeImbalance),
    ...judgeSlices(ledger.slices, ledger.sliceFailedBy, toleratedFailureShare),
    ...thresholds.filter(({ passed }) => !passed).map(describeThreshold),
  ];
  if (ledger.slices.stopped > 0) {
    return { verdict: 'aborted', reasons: [describeStop(ledger), ...faults] };
  }
  return { verdict: faults.length > 0 ? 'failed' : 'passed', reasons: faults };
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
