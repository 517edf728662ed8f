import * as z from 'zod';
import { durationPattern, parseDuration } from '../shared/duration.ts';
import { defaultThresholds } from './default-thresholds.ts';
import type { Threshold, Thresholds } from './load-profile.ts';
import { aggregationsOf, thresholdMetrics } from './threshold-metrics.ts';

/** As k6 has it: an expression, or one that says as well what becomes of the run when it fails. */
const threshold = z
  .union([
    z.string(),
    z.strictObject({
      threshold: z.string().meta({
        description: 'The expression: an aggregation, an operator and a number.',
        examples: ['p(99)<500'],
      }),
      abortOnFail: z
        .boolean()
        .default(false)
        .meta({
          description:
            'Whether the run is stopped as soon as the threshold fails, not only judged at its end. The report has what was measured until then.',
          examples: [true],
        }),
      delayAbortEval: z
        .string()
        .regex(durationPattern)
        .default('0s')
        .meta({
          description:
            'How long after publishing began a failing threshold does not stop the run yet. A percentile of a few messages says little.',
          examples: ['10s'],
        }),
    }),
  ])
  .meta({
    id: 'threshold',
    description: 'An expression in the grammar of k6, or an object with it that can also stop the run.',
    examples: ['p(99)<500', { threshold: 'p(99)<500', abortOnFail: true, delayAbortEval: '10s' }],
  });

/** Only so that an editor can complete the names: which there are, and what they take, `threshold-rules.ts` checks. */
const metricsForEditors = Object.fromEntries(
  Object.entries(thresholdMetrics).map(([name, { kind, help }]) => [
    name,
    {
      type: 'array',
      items: { $ref: '#/definitions/threshold' },
      description: `${help}: ${aggregationsOf[kind].join(', ')}`,
    },
  ]),
);

const defaultsAsText = Object.entries(defaultThresholds)
  .map(([metric, expression]) => `${metric} ${expression}`)
  .join(', ');

export const thresholds = z
  .record(z.string(), z.array(threshold))
  .default({})
  .meta({
    properties: metricsForEditors,
    description:
      'What decides the verdict: by metric, expressions in the grammar of k6. Latencies (connect, puback_round_trip, pubcomp_round_trip, end_to_end_latency, rule_latency, transit, echo_latency, response_time, send_lag; milliseconds) take p(N), avg, min, max, med and count; message counters (lost_messages, dropped_messages, throttled_messages, …) take count and rate, a share from 0 to 1; throughput takes rate; gauges (peak_rate, start_lag, event_loop_delay, cpu_share, memory, cost) take value; cloudwatch.<Metric> (cloudwatch.PublishIn.Throttle) takes count. response_time{status:500} and requests{status:5xx} judge answers of one status. How a figure changes over the run is its slope, in percent an hour: p(99).slope<1%/h of the latencies that are measured by time, rate.slope<0.1%/h of lost_messages and dropped_messages, value.slope<1%/h of memory. An object in place of an expression can stop the run: { "threshold": "p(99)<500", "abortOnFail": true, "delayAbortEval": "10s" }. Of metrics that are not named here the defaults hold: ' +
      `${defaultsAsText}. An empty list switches a default off.`,
    examples: [{ end_to_end_latency: ['p(99)<500'], unacknowledged_messages: [] }],
  });

export function resolveThresholds(given: z.output<typeof thresholds>): Thresholds {
  return Object.fromEntries(
    Object.entries(given).map(([metric, list]) => [metric, list.map(resolveThreshold)]),
  );
}

function resolveThreshold(given: z.output<typeof threshold>): Threshold {
  if (typeof given === 'string') {
    return { expression: given, abortOnFail: false, delayAbortEvalMs: 0 };
  }
  return {
    expression: given.threshold,
    abortOnFail: given.abortOnFail,
    delayAbortEvalMs: parseDuration(given.delayAbortEval) ?? 0,
  };
}
