import type { RunLedger } from '../measure/run-ledger.ts';
import type { Plan } from '../plan/plan.ts';
import { parseThresholdExpression, type ThresholdExpression } from '../profile/threshold-expression.ts';
import {
  type CounterMetric,
  partKeyOf,
  splitSelector,
  type ThresholdMetric,
  thresholdMetricOf,
} from '../profile/threshold-metrics.ts';
import { counterRange, isTrueOfNone, type ValueRange } from './counter-range.ts';
import type { ExecutionReport, ThresholdResult } from './report-model.ts';
import type { Measured } from './thresholds.ts';

/**
 * Marks the failed thresholds of a run that was stopped which nothing that it had measured by then fails. What the stop itself
 * caused is taken off: publishes that were due and not sent for it, answers that it did not wait for, devices whose turn to
 * connect had not come. What could still have grown is open upwards: a run that was to send 5,000 messages and was stopped at
 * 3,000 has not failed at that; one that was to lose none and had lost 10 has.
 */
export function exemptByStop(
  plan: Plan,
  ledger: RunLedger,
  results: readonly ThresholdResult[],
  measured: Measured,
  execution?: ExecutionReport,
): ThresholdResult[] {
  const { stoppedOn } = ledger;
  if (stoppedOn === undefined) return execution === undefined ? [...results] : results.map(excuseUnmeasured);
  const beforeStop = (name: string): Measured['counts'] => {
    const part = measured.parts[partKeyOf(splitSelector(name))];
    // Of which group the unanswered publishes were is not known: any of them may be this one's.
    const stopped = { droppedBy: (part ?? ledger).droppedBy, cutOff: ledger.cutOff };
    return withoutStop(plan, stopped, (part ?? measured).counts, stoppedOn.at);
  };
  return results.map((result) => {
    const metric = thresholdMetricOf(result.metric);
    const expression = metric === undefined ? undefined : parseThresholdExpression(result.expression, metric);
    if (result.passed || metric === undefined || expression === undefined || 'wrong' in expression)
      return result;
    const range = rangeAtStop(metric, expression, result, beforeStop(result.metric));
    if (range !== null && isTrueOfNone(expression, range)) return result;
    const { isUndecided: _, ...open } = result;
    return { ...open, isExcusedByStop: true };
  });
}

/** For an execution that was ended from outside: what could no longer be measured is not judged. */
function excuseUnmeasured(result: ThresholdResult): ThresholdResult {
  const isMeasured = result.actual !== null || (result.range !== undefined && result.isUndecided !== true);
  if (result.passed || isMeasured) return result;
  const { isUndecided: _, ...open } = result;
  return { ...open, isExcusedByStop: true };
}

function withoutStop(
  { timeline }: Plan,
  { droppedBy, cutOff }: Pick<RunLedger, 'droppedBy' | 'cutOff'>,
  { messages, devices, slices, observers }: Measured['counts'],
  stoppedAt: number,
): Measured['counts'] {
  const stopped = droppedBy.stopped ?? 0;
  // Before publishing began, devices may still have had their turn before them.
  const notYet = stoppedAt < timeline.publishAt ? devices.planned - devices.connected - devices.unknown : 0;
  return {
    slices,
    observers,
    messages: {
      ...messages,
      intended: messages.intended - stopped,
      dropped: messages.dropped - stopped,
      unacknowledged: Math.max(0, messages.unacknowledged - cutOff),
      ackUnknown: messages.ackUnknown + Math.min(messages.unacknowledged, cutOff),
      lost: Math.max(0, messages.lost - cutOff),
      sendUnknown: messages.sendUnknown + Math.min(messages.lost, cutOff),
    },
    devices: { ...devices, unknown: devices.unknown + notYet },
  };
}

/** The range of values that the complete run could have had; null where nothing was measured. */
function rangeAtStop(
  metric: ThresholdMetric,
  { aggregation, isSlope }: ThresholdExpression,
  { actual, range }: ThresholdResult,
  counts: Measured['counts'],
): ValueRange | null {
  // How figures would have changed in the rest of the run, nothing says.
  if (isSlope === true) return null;
  const atLeast = actual ?? range?.atLeast;
  if (atLeast === undefined) return null;
  const growing = { atLeast, atMost: Number.POSITIVE_INFINITY };
  switch (metric.kind) {
    case 'latency':
      if (aggregation === 'count' || aggregation === 'max') return growing;
      if (aggregation === 'min') return { atLeast: 0, atMost: atLeast };
      // Of what was measured, which the stop did not slow down.
      return { atLeast, atMost: atLeast };
    case 'counter': {
      const counter = metric as CounterMetric;
      const known = counterRange(counter, aggregation === 'count', counts);
      if (known === null || aggregation !== 'count' || counter.less !== undefined) return known;
      return { atLeast: known.atLeast, atMost: Number.POSITIVE_INFINITY };
    }
    // A mean over some of the stages is not the mean of the run.
    case 'throughput':
      return { atLeast: 0, atMost: Number.POSITIVE_INFINITY };
    // The largest of something, or a sum.
    case 'gauge':
    case 'cloudwatch':
      return growing;
  }
}
