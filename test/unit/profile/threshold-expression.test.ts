import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { latencyNames } from '../../../src/measure/latency-names.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import {
  parseThresholdExpression,
  satisfies,
  type ThresholdOperator,
} from '../../../src/profile/threshold-expression.ts';
import {
  aggregationsOf,
  type MetricKind,
  statusMetrics,
  type ThresholdMetric,
  thresholdMetricAliases,
  thresholdMetricNames,
  thresholdMetricOf,
  thresholdMetrics,
} from '../../../src/profile/threshold-metrics.ts';
import { InvalidInputError } from '../../../src/shared/errors.ts';
import { iotMetricNames } from '../../../src/targets/aws-iot/cloudwatch-metrics.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { randomCases } from '../../support/effort.ts';

const kinds = Object.keys(aggregationsOf) as MetricKind[];
const operators: ThresholdOperator[] = ['<', '<=', '>', '>=', '==', '===', '!='];
const blanks = fc.constantFrom('', ' ', '  ');

function metricOf(kind: MetricKind): ThresholdMetric {
  return { kind, help: 'a metric' };
}

describe('parseThresholdExpression', () => {
  it('reads every aggregation, operator and number, blanks or not', () => {
    const expressions = fc.constantFrom(...kinds).chain((kind) =>
      fc.record({
        kind: fc.constant(kind),
        aggregation: fc.constantFrom(...aggregationsOf[kind]),
        percentile: fc.constantFrom(0, 50, 99, 99.9, 99.999, 100),
        operator: fc.constantFrom(...operators),
        value: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
        blank: blanks,
      }),
    );
    fc.assert(
      fc.property(expressions, ({ kind, aggregation, percentile, operator, value, blank }) => {
        const left = aggregation === 'p' ? `p(${blank}${percentile})` : aggregation;
        const parsed = parseThresholdExpression(
          `${blank}${left}${blank}${operator}${blank}${value}`,
          metricOf(kind),
        );
        expect(parsed).toEqual({
          aggregation,
          ...(aggregation === 'p' ? { percentile } : {}),
          operator,
          value: Number(String(value)),
        });
      }),
      randomCases(),
    );
  });

  it.each<[string, MetricKind]>([
    ['p99<500', 'latency'],
    ['p(99)<', 'latency'],
    ['p(99)=500', 'latency'],
    ['p(99)<500ms', 'latency'],
    ['p(101)<500', 'latency'],
    ['p()<500', 'latency'],
    ['rate<0.1', 'latency'],
    ['p(99)<5', 'counter'],
    ['avg<5', 'counter'],
    ['p==5', 'latency'],
    ['count==0', 'throughput'],
    ['', 'counter'],
  ])('refuses "%s" of a %s, and says what to write', (text, kind) => {
    const parsed = parseThresholdExpression(text, metricOf(kind));
    expect(parsed).toEqual({ wrong: expect.any(String), hint: expect.stringMatching(/\S/) });
  });

  it('judges as the operator says', () => {
    const judge = (operator: ThresholdOperator) =>
      [4, 5, 6].map((actual) => satisfies({ aggregation: 'count', operator, value: 5 }, actual));
    expect(judge('<')).toEqual([true, false, false]);
    expect(judge('<=')).toEqual([true, true, false]);
    expect(judge('>')).toEqual([false, false, true]);
    expect(judge('>=')).toEqual([false, true, true]);
    expect(judge('==')).toEqual([false, true, false]);
    expect(judge('===')).toEqual([false, true, false]);
    expect(judge('!=')).toEqual([true, false, true]);
  });
});

describe('the metrics', () => {
  const exampleOf = (name: string) => `${aggregationsOf[thresholdMetricOf(name)!.kind].at(-1)}<1`;
  const timeline = [{ at: '500ms', disconnect: {} }];
  const groups = { fleet: { devices: 1, echo: { fraction: 1 } }, backend: { from: 'backend' } };
  const names = [...thresholdMetricNames(), ...iotMetricNames.map((name) => `cloudwatch.${name}`)];

  it('can all be judged, those of CloudWatch as well', () => {
    // A message has one acknowledgement: PUBCOMP at QoS 2, else PUBACK.
    for (const [qos, absent] of [
      [1, 'pubcomp_round_trip'],
      [2, 'puback_round_trip'],
    ] as const) {
      const isOfRequests = (name: string) => statusMetrics.some((each) => each === name);
      const measured = names.filter((name) => name !== absent && !isOfRequests(name));
      const thresholds = Object.fromEntries(measured.map((name) => [name, [exampleOf(name)]]));
      const profile = { ratePerSecond: 1, duration: '1s', publish: { qos }, timeline, groups, thresholds };
      expect(Object.keys(parseLoadProfile(profile).thresholds)).toEqual(measured);
    }
  });

  it('can all stop a run, but for those that wait for its end', () => {
    const errorsOf = (name: string) => {
      const thresholds = { [name]: [{ threshold: exampleOf(name), abortOnFail: true }] };
      const load = { ratePerSecond: 1, duration: '1s', timeline };
      const publish = { qos: name === 'pubcomp_round_trip' ? 2 : 1 };
      const isOfRequests = statusMetrics.some((each) => each === name);
      const of = isOfRequests ? { devices: 1, http: {} } : { groups };
      const profile = { ...load, publish, ...of, thresholds };
      try {
        parseLoadProfile(profile);
      } catch (error) {
        return error instanceof InvalidInputError ? error.errors.map(({ path }) => path) : [error];
      }
      return [];
    };
    const cannot = names.filter((name) => errorsOf(name).length > 0);
    const counters = ['acked', 'unacknowledged', 'received', 'lost', 'not_read', 'dead_lettered'];
    expect(cannot.toSorted()).toEqual(
      [
        ...counters,
        ...counters.map((name) => `${name}_messages`),
        'arrivals',
        'attempts_per_connect',
        'cost',
        'delivered_commands',
        'lost_commands',
        'offline_commands',
        'throttled_commands',
        'timed_out_replies',
        'slices_died',
        'slices_failed',
        'time_to_recover',
      ].toSorted(),
    );
    expect(errorsOf('lost')).toEqual(['thresholds.lost[0].abortOnFail']);
  });

  it('hold every latency that is measured, and no other', () => {
    const latencies = Object.entries(thresholdMetrics).filter(([, { kind }]) => kind === 'latency');
    expect(latencies.map(([name]) => name).sort()).toEqual([...latencyNames].sort());
  });

  it('are found by name, by the word of the glossary, and by the name of CloudWatch', () => {
    for (const name of thresholdMetricNames()) expect(thresholdMetricOf(name)).toBeDefined();
    expect(thresholdMetricOf('dropped')).toBe(thresholdMetrics[thresholdMetricAliases.dropped!]);
    expect(thresholdMetricOf('cloudwatch.PublishIn.Throttle')?.kind).toBe('cloudwatch');
    for (const name of ['latency', 'cloudwatch', 'constructor', '']) {
      expect(thresholdMetricOf(name)).toBeUndefined();
    }
    // The target lists the counts of its service.
    for (const name of ['cloudwatch.', 'cloudwatch.PublishIn']) {
      const profile = { devices: 1, ratePerSecond: 1, duration: '1s', thresholds: { [name]: ['count==0'] } };
      expect(() => parseProfile(profile)).toThrow('is not a metric');
    }
  });
});
