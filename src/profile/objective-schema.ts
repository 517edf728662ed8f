import * as z from 'zod';
import { parseDuration } from '../shared/duration.ts';
import { duration } from './device-schema.ts';
import { longestHoldMs, type ObjectiveSearch, type SearchRange } from './search.ts';
import { parseThresholdExpression } from './threshold-expression.ts';
import { thresholdMetricOf } from './threshold-metrics.ts';

/** `hold` of a search: for how long a level, or at which value a latency. What the metric may be, `objective-rules.ts` checks. */
export const holdSetting = z
  .union([
    duration,
    z.strictObject({
      metric: z.string().meta({
        description: 'A latency and what of it, as in thresholds, such as end_to_end_latency p(99).',
        examples: ['end_to_end_latency p(99)'],
      }),
      at: z
        .number()
        .positive()
        .max(longestHoldMs)
        .meta({ description: 'The value to keep, milliseconds.', examples: [500] }),
    }),
  ])
  .optional()
  .meta({
    description:
      'How long a level is held and measured, whole seconds from 1s to 15m; 60s unless given. CloudWatch counts by the minute: on AWS a shorter hold cannot see by CloudWatch that a quota throttled. Or an object with a latency and the value to keep it at: the search then finds the level at which it has that value and keeps it for as long as for says.',
    examples: ['60s', { metric: 'end_to_end_latency p(99)', at: 500 }],
  });

interface ObjectiveInput {
  readonly hold: { readonly metric: string; readonly at: number };
  readonly for?: string | undefined;
  readonly settle?: string | undefined;
  readonly interval?: string | undefined;
  readonly precision?: number | undefined;
}

/** `end_to_end_latency p(99)` */
export function splitObjective(text: string): { readonly metric: string; readonly aggregation: string } {
  const [metric = '', ...words] = text.trim().split(/\s+(?![^{]*\})/);
  return { metric, aggregation: words.join(' ') };
}

/** An objective without a sound metric, time or aggregation is refused by its rules. */
export function resolveObjective(
  { hold, for: lasts = '', settle = '1s', interval = '3s', precision = 0.25 }: ObjectiveInput,
  range: SearchRange,
): ObjectiveSearch {
  const { metric, aggregation } = splitObjective(hold.metric);
  const known = thresholdMetricOf(metric);
  const expression = known && parseThresholdExpression(`${aggregation}<${hold.at}`, known);
  const sound = expression === undefined || 'wrong' in expression ? undefined : expression;
  return {
    kind: 'objective',
    ...range,
    metric,
    aggregation: sound?.aggregation ?? 'p',
    ...(sound?.percentile !== undefined && { percentile: sound.percentile }),
    at: hold.at,
    forMs: parseDuration(lasts) ?? 0,
    settleMs: parseDuration(settle) ?? 0,
    holdMs: parseDuration(interval) ?? 0,
    precision,
  };
}
