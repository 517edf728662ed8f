import { describe, expect, it } from '@jest/globals';
import { makeLedger } from '../../../src/measure/ledger.ts';
import { buildReport } from '../../../src/report/build-report.ts';
import { formatReportJson } from '../../../src/report/report-json.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { goldenIn } from '../../support/golden.ts';
import { planOf, resultOf } from '../../support/measure/run-fixture.ts';
import { reportOf, requested, runOf } from '../../support/report/report-fixture.ts';

const expectGolden = goldenIn('report', '.golden');

/** A report without CloudWatch, of a plan with four slices and the results given. */
function reportOfResults(
  results: (plan: ReturnType<typeof planOf>) => ReturnType<typeof resultOf>[],
  profile: Readonly<Record<string, unknown>> = {},
) {
  const account = { limits: accountLimitsOf('small'), live: [], isCharged: true };
  const plan = { ...planOf(profile), account };
  const ledger = makeLedger(plan);
  for (const result of results(plan)) ledger.addSlice(result);
  return buildReport({
    plan,
    ledger: ledger.close(),
    cloudwatch: { sums: {}, requested },
    now: plan.timeline.drainEndAt,
  });
}

const flawless = (plan: ReturnType<typeof planOf>) => [0, 1, 2, 3].map((slice) => resultOf(plan, slice));

describe('report.json', () => {
  it('is as it was', () => {
    expectGolden('report.json', formatReportJson(reportOf(runOf())));
  });

  it('survives JSON: no NaN, no Infinity, nothing undefined', () => {
    const report = reportOfResults(() => []);
    expect(JSON.parse(formatReportJson(report))).toEqual(report);
  });
});

describe('verdict', () => {
  it('is passed without a word', () => {
    expect(reportOf(runOf())).toMatchObject({ verdict: 'passed', reasons: [], imbalances: [] });
  });

  it('is inconclusive where the generator was the bottleneck, whatever the thresholds say', () => {
    const { verdict, reasons, generator, thresholds } = reportOf(runOf({ busyMs: 40 }));
    expect(thresholds.every(({ passed }) => passed)).toBe(true);
    expect({ verdict, reasons }).toEqual({ verdict: 'inconclusive', reasons: [generator.health.sentence] });
    expect(reasons[0]).toMatch(/^The generator was the bottleneck \(event loop delay p99 40 ms\)/);
  });

  it('is failed where a threshold failed too, and names the generator beside it', () => {
    const { verdict, reasons, generator } = reportOf(runOf({ busyMs: 40, lostPerThousand: 3 }));
    expect(verdict).toBe('failed');
    expect(reasons).toHaveLength(2);
    expect(reasons.at(-1)).toBe(generator.health.sentence);
  });

  it.each([
    [
      'unacknowledged',
      { acked: 60, unacknowledged: 65 },
      'unacknowledged_messages rate<0.01 failed: it is 0.52',
    ],
    ['failed', { acked: 123, failed: 2 }, 'failed_messages rate<0.01 failed: it is 0.016'],
    ['throttled', { acked: 0, throttled: 125 }, 'throttled_messages rate<0.01 failed: it is 1'],
  ])('is failed by publishes that were %s, though the profile says nothing of them', (_, messages, what) => {
    const report = reportOfResults(
      (plan) =>
        flawless(plan).map((result) => ({ ...result, messages: { ...result.messages, ...messages } })),
      { thresholds: { lost: [] } },
    );
    expect({ verdict: report.verdict, reasons: report.reasons }).toEqual({
      verdict: 'failed',
      reasons: [`Threshold ${what}.`],
    });
  });

  it('is failed by devices that never connected, though the profile says nothing of them', () => {
    const ofDevices = (connected: number) =>
      reportOfResults(
        (plan) => flawless(plan).map((result) => ({ ...result, devices: { ...result.devices, connected } })),
        { thresholds: { lost: [] } },
      );
    expect(ofDevices(10).verdict).toBe('passed');
    expect(ofDevices(9).reasons).toEqual(['Threshold devices_not_connected rate<0.01 failed: it is 0.1.']);
  });

  it('is failed by a threshold, and says what was measured', () => {
    const report = reportOf(runOf({ lostPerThousand: 3 }));
    expect(report.verdict).toBe('failed');
    expect(report.reasons).toEqual([
      `Threshold lost_messages count==0 failed: it is ${report.messages.lost}.`,
    ]);
    expect(report.messages.lost).toBeGreaterThan(0);
  });

  it('is failed by slices that died, past what the profile tolerates', () => {
    const failing = reportOf(runOf({ died: [1] }));
    expect(failing.verdict).toBe('failed');
    expect(failing.reasons[0]).toBe(
      'Of 4 slices, 1 died (1 of TypeError: x is not a function); the profile tolerates at most 5 % (slices.toleratedFailureShare).',
    );
    const slices = { devicesPerSlice: 100, toleratedFailureShare: 0.25 };
    const tolerant = runOf(
      { died: [1] },
      {
        slices,
        thresholds: {
          lost_messages: ['rate<0.5'],
          dropped_messages: [],
          unacknowledged_messages: [],
          failed_messages: [],
          throttled_messages: [],
        },
      },
    );
    expect(reportOf(tolerant)).toMatchObject({ verdict: 'inconclusive', slices: { died: 1 } });
  });

  it('is failed by a threshold that is not proven: what a dead slice sent is not known', () => {
    const slices = { devicesPerSlice: 100, toleratedFailureShare: 0.25 };
    const { verdict, reasons, messages } = reportOf(
      runOf({ died: [1] }, { slices, thresholds: { lost_messages: ['count==0'] } }),
    );
    expect(verdict).toBe('failed');
    expect(messages.sendUnknown).toBeGreaterThan(0);
    expect(reasons).toContain(
      `Threshold lost_messages count==0 is not proven: it is not known, and lies between 0 and ${messages.sendUnknown}.`,
    );
  });

  it('is failed by slices that failed, and says why they did', () => {
    const { verdict, reasons } = reportOfResults((plan) => [
      ...flawless(plan).slice(1),
      { ...resultOf(plan, 0, []), outcome: 'failed', reason: 'no device connected: ECONNREFUSED' },
    ]);
    expect(verdict).toBe('failed');
    expect(reasons[0]).toContain('1 failed (no device connected: ECONNREFUSED)');
  });

  it('is aborted when the run was stopped, and still says what else was wrong', () => {
    const { verdict, reasons } = reportOfResults(
      (plan) =>
        flawless(plan).map((result) => ({
          ...result,
          outcome: 'stopped',
          reason: 'stopped by the user',
          stoppedOn: { command: 'stop', reason: 'stopped by the user', at: plan.timeline.publishAt + 1_000 },
        })),
      { thresholds: { lost_messages: ['count==0'] } },
    );
    expect(verdict).toBe('aborted');
    expect(reasons).toEqual([
      'The run ended before its time: stopped by the user.',
      'Threshold lost_messages count==0 failed: it is 500.',
    ]);
  });

  it('has no change of the network, and no action, that the stop came before', () => {
    const { network, actions } = reportOfResults(
      (plan) =>
        flawless(plan).map((result) => ({
          ...result,
          outcome: 'stopped',
          stoppedOn: { command: 'stop', reason: 'by the user', at: plan.timeline.publishAt + 1_000 },
        })),
      { network: { delay: '20ms' }, timeline: [{ at: '1.5s', network: 'none' }] },
    );
    expect(network?.groups.map(({ settings }) => settings.map((each) => each.fromSeconds))).toEqual([[null]]);
    expect(actions).toBeUndefined();
  });

  it('is failed by the threshold that ended the run, and says when and at what', () => {
    const { verdict, reasons, stop } = reportOfResults(
      (plan) => {
        const at = plan.timeline.publishAt + 4_250;
        const threshold = { metric: 'puback_round_trip', expression: 'p(99)<5', actual: 8.125 };
        const reason = 'threshold puback_round_trip p(99)<5 failed';
        return flawless(plan).map((result, i) => ({
          ...result,
          outcome: 'stopped',
          reason,
          stoppedOn: { command: 'stop', reason, at, threshold },
          lastSentAt: at + 100 * i,
        }));
      },
      { thresholds: { puback_round_trip: ['p(99)<5'], lost_messages: ['count==0'] } },
    );
    expect(verdict).toBe('failed');
    expect(reasons).toEqual([
      'Threshold puback_round_trip p(99)<5 failed 4.25 s after publishing began, when it was 8.125, and ended the run (abortOnFail).',
      'Threshold lost_messages count==0 failed: it is 500.',
    ]);
    expect(stop).toMatchObject({ lastSentAfterMs: 300, threshold: { metric: 'puback_round_trip' } });
  });

  it('is failed by slices that stopped without a stop message', () => {
    const { verdict, reasons, stop } = reportOfResults((plan) =>
      flawless(plan).map((result, i) =>
        i === 0 ? { ...result, outcome: 'stopped', reason: 'the control channel was away for 30 s' } : result,
      ),
    );
    expect(verdict).toBe('failed');
    expect(reasons[0]).toContain('1 stopped by themselves (the control channel was away for 30 s)');
    expect(stop).toBeUndefined();
  });

  it('is failed by a run that stopped itself', () => {
    const { verdict, reasons } = reportOfResults(
      (plan) => {
        const reason = 'too many slices failed';
        const stoppedOn = { command: 'stop', reason, at: plan.timeline.publishAt, by: 'run' } as const;
        return flawless(plan).map((result) => ({ ...result, outcome: 'stopped', reason, stoppedOn }));
      },
      { thresholds: { lost: [] } },
    );
    expect({ verdict, reasons }).toEqual({
      verdict: 'failed',
      reasons: ['The run ended before its time: too many slices failed.'],
    });
  });

  it('is failed, loudly, by a ledger that does not balance', () => {
    const { verdict, reasons, imbalances } = reportOfResults((plan) => {
      const [first, ...others] = flawless(plan);
      return [{ ...first!, messages: { ...first!.messages, acked: 0 } }, ...others];
    });
    expect(verdict).toBe('failed');
    expect(imbalances).toEqual([
      { equation: 'sent = acked + throttled + failed + unacknowledged + not known', left: 500, right: 375 },
    ]);
    expect(reasons[0]).toContain('500 ≠ 375');
    expect(reasons[0]).toContain('do not trust this report');
  });
});

describe('quotas', () => {
  it('hold the busiest second against the limits of the account', () => {
    const { quotas } = reportOfResults(flawless, { devices: 40 });
    expect(quotas.map(({ quota, peak, limit, headroom }) => ({ quota, peak, limit, headroom }))).toEqual([
      { quota: 'publishInPerSecond', peak: 500, limit: 2_000, headroom: 0.75 },
      // The rule's match of each.
      { quota: 'publishOutPerSecond', peak: 500, limit: 2_000, headroom: 0.75 },
      { quota: 'ruleEvaluationsPerSecond', peak: 500, limit: 2_000, headroom: 0.75 },
      { quota: 'connectsPerSecond', peak: 40, limit: 100, headroom: 0.6 },
      // Each of the four slices has its control channel.
      { quota: 'concurrentConnections', peak: 44, limit: 100_000, headroom: 1 - 44 / 100_000 },
    ]);
  });

  it('know no connections over HTTPS', () => {
    const { quotas } = reportOfResults(flawless, { connect: { protocol: 'https' } });
    expect(quotas.map(({ quota }) => quota)).toEqual([
      'publishInPerSecond',
      'publishOutPerSecond',
      'ruleEvaluationsPerSecond',
    ]);
  });
});

describe('reconciliation', () => {
  it('holds CloudWatch against the ledger', () => {
    const { reconciliation } = reportOf(runOf(), { 'PublishIn.Success': 5_690 });
    expect(reconciliation).toMatchObject([
      {
        metric: 'PublishIn.Success',
        cloudwatch: 5_690,
        column: 'acked',
        ledger: 5_700,
        difference: -10,
        explanations: [],
        unexplained: -10,
      },
      { metric: 'PublishIn.Throttle', cloudwatch: 0, column: 'throttled', ledger: 0, unexplained: 0 },
      { metric: 'Connect.Success', cloudwatch: 0, column: 'connects', ledger: 400, unexplained: -404 },
    ]);
  });

  it('does not take silence for zero', () => {
    for (const line of reportOf(runOf(), {}).reconciliation) {
      expect(line).toMatchObject({ cloudwatch: null, difference: null, unexplained: null });
    }
  });

  it('at QoS 0, where nothing is acknowledged, looks at what was sent', () => {
    const { reconciliation } = reportOfResults(flawless, { publish: { qos: 0 } });
    expect(reconciliation[0]).toMatchObject({ column: 'sent', ledger: 500 });
  });
});

describe('cost', () => {
  const linesOf = (report: ReturnType<typeof reportOf>) =>
    Object.fromEntries(report.cost!.lines.map(({ line, ...rest }) => [line, rest]));

  it('of a run that went as planned is what was forecast, but for what is unknown in advance', () => {
    const report = reportOf(runOf());
    const asForecast = [
      'iot-connect',
      'iot-connectivity',
      'iot-publish-in',
      'iot-rules',
      'sqs',
      'step-functions',
      'lambda-plan',
    ];
    const lines = linesOf(report);
    for (const line of asForecast) expect(lines[line]?.used).toEqual(lines[line]?.forecast);
    // 4 windows, where batches were expected by the second.
    expect(lines['s3-put']?.used.quantity).toBeLessThan(lines['s3-put']?.forecast.quantity ?? 0);
    expect(report.cost!.totalUsd).toBeLessThanOrEqual(report.cost!.forecastUsd);
    const sum = report.cost!.lines.reduce((total, { used }) => total + used.usd, 0);
    expect(report.cost!.totalUsd).toBeCloseTo(sum, 5);
  });

  it('counts what was taken in, not what was sent', () => {
    const report = reportOf(runOf({ throttledPerThousand: 100 }));
    const { acked, sent } = report.messages;
    expect(acked).toBeLessThan(sent);
    expect(linesOf(report)['iot-publish-in']?.used.quantity).toBe(acked);
  });
});

describe('generator', () => {
  it('counts what devices cost, without the idle processes', () => {
    expect(reportOfResults(flawless).generator).toMatchObject({
      slices: 4,
      cpuSeconds: 6,
      sentPerCpuSecond: 83,
      maxRssBytes: 90_000_000,
      rssBytes: 360_000_000,
      // 4 × 10 MB more than idle, for 40 devices.
      bytesPer1000Devices: 1_000_000_000,
    });
  });
});
