import { describe, expect, it } from '@jest/globals';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { latencyNames } from '../../../src/measure/latency-names.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { counterRange } from '../../../src/report/counter-range.ts';
import type { DownlinkReport } from '../../../src/report/downlink-report.ts';
import { evaluateThresholds, type Measured } from '../../../src/report/thresholds.ts';
import { reportOf, requested, runOf } from '../../support/report/report-fixture.ts';

const run = runOf({ lostPerThousand: 10, throttledPerThousand: 4 });
const { messages, devices, slices, observers, rates, generator, cost } = reportOf(run);
const measured: Measured = {
  latencies: run.ledger.latencies,
  counts: { messages, devices, slices, observers },
  rates,
  gauges: { rates, generator, cost: cost! },
  cloudwatch: { sums: { 'PublishIn.Success': messages.acked }, requested },
  parts: {},
};

function evaluate(metric: string, expression: string, of = measured) {
  return evaluateThresholds({ [metric]: [{ expression, abortOnFail: false, delayAbortEvalMs: 0 }] }, of)[0]!;
}

describe('evaluateThresholds', () => {
  const { end_to_end_latency } = run.ledger.latencies;
  it.each([
    ['end_to_end_latency', 'p(97.5)<500', end_to_end_latency.percentileAt(97.5), true],
    ['end_to_end_latency', 'avg>1000', end_to_end_latency.summary().mean, false],
    ['end_to_end_latency', 'med<1000', end_to_end_latency.summary().p50, true],
    ['end_to_end_latency', 'min>0', end_to_end_latency.summary().min, true],
    ['end_to_end_latency', 'max<=0', end_to_end_latency.summary().max, false],
    ['end_to_end_latency', 'count>0', messages.arrivals, true],
    ['lost_messages', 'count==0', messages.lost, false],
    ['lost', 'count>0', messages.lost, true],
    ['throttled_messages', 'rate<0.5', messages.throttled / messages.sent, true],
    ['devices_connected', 'rate==1', 1, true],
    ['devices_not_connected', 'count==0', 0, true],
    ['slices_died', 'count==0', 0, true],
    ['throughput', 'rate>1', rates.throughputPerSecond, true],
    ['peak_rate', 'value<=600', 600, true],
    ['start_lag', 'value<50', 0, true],
    ['event_loop_delay', 'value<1', 1.2, false],
    ['cost', 'value<0.01', cost!.totalUsd, false],
    ['cloudwatch.PublishIn.Success', 'count>0', messages.acked, true],
    ['cloudwatch.PublishIn.Throttle', 'count==0', 0, true],
  ])('%s %s is %d', (metric, expression, actual, passed) => {
    expect(evaluate(metric, expression)).toEqual({ metric, expression, actual, passed });
  });

  it.each([
    ['echo_latency', 'p(99)<500'],
    ['cloudwatch.RuleMessageThrottled', 'count==0'],
    ['no_such_metric', 'count==0'],
    ['lost_messages', 'p(99)<500'],
  ])('fails %s %s, of which nothing was measured', (metric, expression) => {
    expect(evaluate(metric, expression)).toEqual({ metric, expression, actual: null, passed: false });
  });

  it('does not prove that no command was lost where the refusals may be of other messages', () => {
    const downlink = { due: 400, throttled: 140, throttledAtLeast: 23, lost: 0, unknown: 0, sendUnknown: 0 };
    const counts = { ...measured.counts, downlink: downlink as DownlinkReport };
    expect(evaluate('lost_commands', 'count==0', { ...measured, counts })).toMatchObject({
      passed: false,
      isUndecided: true,
      range: { atLeast: 0, atMost: 117 },
    });
    expect(evaluate('throttled_commands', 'count>20', { ...measured, counts })).toMatchObject({
      passed: true,
      range: { atLeast: 23, atMost: 140 },
    });
    const proven = { ...counts, downlink: { ...counts.downlink, throttledAtLeast: 140 } };
    expect(evaluate('lost_commands', 'count==0', { ...measured, counts: proven })).toMatchObject({
      actual: 0,
      passed: true,
    });
  });

  it('fails a run by default of which no command was delivered, whatever became of them', () => {
    const groups = {
      meters: { devices: 1, everySeconds: 1 },
      operator: { from: 'backend', ratePerSecond: 1 },
    };
    const { thresholds } = parseLoadProfile({ duration: '10s', groups });
    const failedOf = (delivered: number) => {
      const known = { throttled: 0, throttledAtLeast: 0, unknown: 0, sendUnknown: 0 };
      const offline = 400 - delivered;
      const downlink = { intended: 400, dropped: 0, due: 400, delivered, offline, lost: 0, ...known };
      const counts = { ...measured.counts, downlink: downlink as DownlinkReport };
      return evaluateThresholds(thresholds, { ...measured, counts })
        .filter(({ metric, passed }) => metric.endsWith('_commands') && !passed)
        .map(({ metric, expression, isDefault }) => ({ metric, expression, isDefault }));
    };
    expect(failedOf(0)).toEqual([{ metric: 'delivered_commands', expression: 'count>0', isDefault: true }]);
    expect(failedOf(1)).toEqual([]);
  });

  it('counts devices, not attempts, as not connected', () => {
    const retried = { planned: 400, connected: 398, unknown: 0, connectFailed: 57, reconnects: 0 };
    const of = { ...measured, counts: { ...measured.counts, devices: retried } };
    expect(evaluate('devices_not_connected', 'count==2', of)).toMatchObject({ actual: 2, passed: true });
    expect(evaluate('devices_not_connected', 'rate<0.01', of)).toMatchObject({ actual: 0.005 });
  });

  it('counts no samples as none', () => {
    expect(evaluate('echo_latency', 'count==0')).toMatchObject({ actual: 0, passed: true });
  });

  it('has no share of nothing', () => {
    const nothing = { ...measured, counts: { ...measured.counts, messages: { ...messages, sent: 0 } } };
    expect(evaluate('lost_messages', 'rate<0.5', nothing)).toMatchObject({ actual: null, passed: false });
  });

  it('does not take a silent CloudWatch for zero', () => {
    const silent = { ...measured, cloudwatch: { sums: {}, requested } };
    expect(evaluate('cloudwatch.PublishIn.Throttle', 'count==0', silent)).toMatchObject({ actual: null });
  });

  it('finds a histogram for every latency a threshold may name', () => {
    const empty = Object.fromEntries(latencyNames.map((name) => [name, new LatencyHistogram()]));
    const nothing = { ...measured, latencies: empty as Measured['latencies'] };
    for (const name of latencyNames) {
      expect(evaluate(name, 'count==0', nothing)).toMatchObject({ actual: 0 });
    }
  });
});

describe('a counter of one observer', () => {
  const { observers: seen, ...rest } = reportOf(runOf({}, { echo: { fraction: 0.1 } }));
  const metric = {
    kind: 'counter',
    counts: 'observers.echo.lost',
    shareOf: 'observers.echo.due',
    help: 'echoes that did not come',
  } as const;
  const of = (echo: Partial<NonNullable<typeof seen.echo>>) => ({
    ...rest,
    observers: { ...seen, echo: { ...seen.echo!, ...echo } },
  });

  it('is read where its path says', () => {
    const { due } = seen.echo!;
    expect(counterRange(metric, true, of({ lost: 3 }))).toEqual({ atLeast: 3, atMost: 3 });
    expect(counterRange(metric, false, of({ lost: due / 2 }))).toEqual({ atLeast: 0.5, atMost: 0.5 });
  });

  it('may be as much more as is not accounted for there', () => {
    expect(counterRange(metric, true, of({ lost: 3, unaccounted: 4 }))).toEqual({ atLeast: 3, atMost: 7 });
  });

  it('is nothing where the run has no such observer', () => {
    expect(counterRange(metric, true, { ...rest, observers: { rule: seen.rule! } })).toBeNull();
  });
});
