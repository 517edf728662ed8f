import type { RunLedger } from '../measure/run-ledger.ts';
import type { FailedThreshold } from '../plan/control-message.ts';
import type { Plan } from '../plan/plan.ts';
import { formatValue } from '../shared/format.ts';
import type { CloudWatchView } from './explanation.ts';
import { summarizeGenerator } from './generator-summary.ts';
import { measuredPartsOf } from './measured-parts.ts';
import { ratesOf } from './rates.ts';
import { evaluateThresholds } from './thresholds.ts';

/** The measured figures of a run in progress. */
export interface InterimView {
  readonly plan: Plan;
  readonly ledger: RunLedger;
  readonly cloudwatch: CloudWatchView;
  /** Epoch milliseconds: the instant up to which all slices have reported. */
  readonly measuredAt: number;
}

/**
 * The first threshold that ends the run: one with `abortOnFail` that fails by the figures measured so far, once its
 * `delayAbortEval` is over. What has not been measured yet fails nothing, as in k6.
 */
export function failedAbortThreshold(view: InterimView): FailedThreshold | undefined {
  const { plan, ledger, cloudwatch, measuredAt } = view;
  const rates = ratesOf(plan, ledger, false);
  const { messages, devices, slices, observers } = ledger;
  const measured = {
    latencies: ledger.latencies,
    statuses: ledger.requests?.statuses,
    counts: { messages, devices, slices, observers },
    rates,
    gauges: { rates, generator: summarizeGenerator(ledger) },
    cloudwatch,
    parts: measuredPartsOf(ledger, rates),
  };
  for (const [metric, list] of Object.entries(plan.profile.thresholds)) {
    for (const threshold of list) {
      if (!threshold.abortOnFail) continue;
      if (measuredAt < plan.timeline.publishAt + threshold.delayAbortEvalMs) continue;
      const [result] = evaluateThresholds({ [metric]: [threshold] }, measured);
      if (result === undefined || result.passed || result.isUndecided === true) continue;
      const actual = result.actual ?? result.range?.atLeast;
      if (actual === undefined) continue;
      return { metric, expression: threshold.expression, actual };
    }
  }
  return undefined;
}

/** `threshold puback_round_trip p(99)<500 failed: it is 812` */
export function describeFailedThreshold({ metric, expression, actual }: FailedThreshold): string {
  return `threshold ${metric} ${expression} failed: it is ${formatValue(actual)}`;
}
