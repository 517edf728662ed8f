import { satisfies, type ThresholdExpression } from '../profile/threshold-expression.ts';
import type { CounterMetric } from '../profile/threshold-metrics.ts';
import type { Report } from './report-model.ts';

/** What a value is between: the two are equal where it is known. `atMost` may be infinite. */
export interface ValueRange {
  readonly atLeast: number;
  readonly atMost: number;
}

/** The parts of the report that counter metrics name by path. */
export type CountedParts = Pick<Report, 'messages' | 'devices' | 'slices' | 'observers' | 'downlink'>;

export function exactly(value: number | null): ValueRange | null {
  return value === null ? null : { atLeast: value, atMost: value };
}

export function isTrueOfAll(expression: ThresholdExpression, { atLeast, atMost }: ValueRange): boolean {
  if (expression.operator === '!=') return expression.value < atLeast || expression.value > atMost;
  return satisfies(expression, atLeast) && satisfies(expression, atMost);
}

export function isTrueOfNone(expression: ThresholdExpression, { atLeast, atMost }: ValueRange): boolean {
  const { operator, value } = expression;
  if (operator === '!=') return atLeast === value && atMost === value;
  if (operator === '==' || operator === '===') return value < atLeast || value > atMost;
  return !satisfies(expression, atLeast) && !satisfies(expression, atMost);
}

const observerPath = /^observers\.([^.]+)\.([^.]+)$/;

/** Of a slice that died, or of a queue that could not be read, some is not known: what may have to be added to a count, by its path in the report. */
function unknownOf({ messages, devices, slices, observers, downlink }: CountedParts, path: string): number {
  const { sendUnknown, ackUnknown, unaccounted } = messages;
  const [, observer = '', column] = observerPath.exec(path) ?? [];
  if (column !== undefined) {
    const ofObserver = observers[observer]?.unaccounted ?? 0;
    return column === 'due' ? sendUnknown : column === 'lost' ? sendUnknown + ofObserver : 0;
  }
  switch (path) {
    case 'messages.sent':
    case 'messages.dropped':
      return sendUnknown;
    // What was sent and never arrived is lost, unless a queue holds it.
    case 'messages.lost':
      return sendUnknown + unaccounted;
    case 'messages.notRead':
    case 'messages.deadLettered':
      return unaccounted;
    case 'messages.acked':
    case 'messages.throttled':
    case 'messages.failed':
    case 'messages.unacknowledged':
      return ackUnknown + sendUnknown;
    case 'devices.connected':
      return devices.unknown;
    // Each device may have tried and come back any number of times.
    case 'devices.connectFailed':
    case 'devices.reconnects':
      return slices.died > 0 ? Number.POSITIVE_INFINITY : 0;
    case 'downlink.dropped':
      return downlink?.sendUnknown ?? 0;
    // A command of which it is not known whether it was sent may be one for each device.
    case 'downlink.offline':
    case 'downlink.delivered':
      return downlink?.sendUnknown === 0 ? downlink.unknown : Number.POSITIVE_INFINITY;
    // Refusals for a quota may be of other messages.
    case 'downlink.lost':
      return downlink?.sendUnknown === 0
        ? downlink.unknown + downlink.throttled - downlink.throttledAtLeast
        : Number.POSITIVE_INFINITY;
    case 'downlink.replies.timedOut':
      return downlink?.replies?.unknown ?? 0;
    default:
      return 0;
  }
}

/** What a count contains that may be no part of it, by its path in the report. */
function unsureOf({ downlink }: CountedParts, path: string): number {
  return path === 'downlink.throttled' && downlink !== undefined
    ? downlink.throttled - downlink.throttledAtLeast
    : 0;
}

/** @returns null where there is nothing to have a share of, or no such observer */
export function counterRange(
  metric: CounterMetric,
  isCount: boolean,
  counts: CountedParts,
): ValueRange | null {
  const count = rangeAt(counts, metric.counts);
  const less = metric.less === undefined ? { atLeast: 0, atMost: 0 } : rangeAt(counts, metric.less);
  const whole = rangeAt(counts, metric.shareOf);
  if (count === null || less === null || whole === null) return null;
  const atLeast = count.atLeast - less.atMost;
  const atMost = count.atMost - less.atLeast;
  if (isCount) return { atLeast, atMost };
  if (whole.atMost === 0) return null;
  // What is unknown of the whole is so of the part too, where anything is: (p + x)/(w + x) grows with x.
  const divisor = atLeast === atMost ? whole.atLeast : whole.atMost;
  return { atLeast: atLeast / whole.atMost, atMost: divisor > 0 ? atMost / divisor : 1 };
}

/** `messages.lost`, `observers.echo.lost`. Null: the run has no such observer. */
function rangeAt(counts: CountedParts, path: string): ValueRange | null {
  let value: unknown = counts;
  for (const key of path.split('.')) value = (value as Readonly<Record<string, unknown>> | undefined)?.[key];
  if (typeof value !== 'number') return null;
  return { atLeast: value - unsureOf(counts, path), atMost: value + unknownOf(counts, path) };
}
