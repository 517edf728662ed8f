import { beforeAll, describe, expect, it } from '@jest/globals';
import type { QuotasReport } from '../../src/embedded/iot-core/http/admin-api.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import type { SliceResult } from '../../src/measure/slice-result.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { forecastStorms } from '../../src/plan/storm-forecast.ts';
import { parseLoadProfile } from '../../src/profile/parse.ts';
import type { Report } from '../../src/report/report-model.ts';
import { sumBy, sumOf } from '../../src/shared/counts.ts';
import { accountLimitsOf } from '../../src/targets/aws-iot/quotas.ts';
import { firstCalm } from '../support/run/calm-run.ts';
import { startRehearsal } from '../support/run/rehearsal.ts';

// Devices that all lose their connections at once, against a quota of connects that is a tenth of them a second.

interface Scenario {
  readonly devices: number;
  readonly connectsPerSecond: number;
  readonly backoff: object;
}

const everySecond: Scenario = {
  devices: 100,
  connectsPerSecond: 10,
  backoff: { base: '1s', cap: '1s', jitter: 'none' },
};
const withJitter: Scenario = {
  devices: 250,
  connectsPerSecond: 25,
  backoff: { base: '500ms', cap: '2s', jitter: 'full' },
};

function profileOf({ devices, connectsPerSecond, backoff }: Scenario): object {
  return {
    name: 'storm',
    devices,
    connect: { client: 'dense', ratePerSecond: 0.8 * connectsPerSecond, backoff },
    ratePerSecond: 50,
    duration: '16s',
    publish: { ackTimeout: '15s' },
    slices: { devicesPerSlice: Math.ceil(devices / 2) },
    drain: '1s',
    timeline: [{ at: '2s', disconnect: { share: 1, how: 'drop' } }],
    thresholds: { time_to_recover: ['value<15'], lost_messages: ['count==0'] },
  };
}

interface Outcome {
  readonly report: Report;
  readonly slices: readonly SliceResult[];
  readonly service: QuotasReport;
}

const outcomes = new Map<Scenario, Outcome>();

async function rehearse(scenario: Scenario): Promise<Outcome> {
  const { connectsPerSecond } = scenario;
  const { begin, aws, close } = await startRehearsal({ limits: { connectsPerSecond } });
  try {
    const run = await begin(profileOf(scenario));
    const { report } = await run.ended();
    const service = (await (await fetchAdmin(aws, '/quotas')).json()) as QuotasReport;
    return { report, slices: await run.slices(), service };
  } finally {
    await close();
  }
}

function isLate({ report }: Outcome): boolean {
  const { timeToRecoverSeconds, forecastSeconds } = report.storms!.list[0]!;
  return timeToRecoverSeconds === null || timeToRecoverSeconds > 1.05 * forecastSeconds!;
}

beforeAll(async () => {
  for (const scenario of [everySecond, withJitter])
    outcomes.set(scenario, await firstCalm(3, () => rehearse(scenario), isLate));
}, 400_000);

/** What the plan forecasts, with this seed. */
function forecastOf(scenario: Scenario, seed: number): number {
  const { connectsPerSecond } = scenario;
  const plan = makePlan({
    runId: 'forecast',
    now: 0,
    profile: parseLoadProfile({ ...profileOf(scenario), seed }),
    account: { limits: { ...accountLimitsOf('default'), connectsPerSecond }, live: [], isCharged: false },
  });
  return forecastStorms(plan)[0]!.recoverySeconds!;
}

describe.each([
  ['a second', everySecond],
  ['full jitter', withJitter],
])('a storm of devices whose backoff is %s', (_, scenario) => {
  it('takes all devices away, and all of them come back', () => {
    const [storm] = outcomes.get(scenario)!.report.storms!.list;
    const { devices } = scenario;
    expect(storm).toMatchObject({ devices, disconnected: devices, recovered: devices, atSeconds: 2 });
  });

  it('loses nothing that was acknowledged, and the ledger balances', () => {
    const { report } = outcomes.get(scenario)!;
    expect(report.imbalances).toEqual([]);
    expect(report.messages).toMatchObject({ lost: 0, unaccounted: 0, notRead: 0, deadLettered: 0 });
    expect(report.messages.received).toBeGreaterThanOrEqual(report.messages.acked);
    expect(report.messages.acked).toBeGreaterThan(0);
  });

  it('has as many attempts and connections as the service itself counts', () => {
    const { report, slices, service } = outcomes.get(scenario)!;
    const { offered, granted } = report.storms!.connects;
    const ofControl = sumBy(slices, ({ controlConnects = 0 }) => controlConnects);
    const { connectsPerSecond: ofAccount = 0, connectsPerSecondPerClientId: ofClientId = 0 } =
      service.refusals;
    expect(sumOf(granted)).toBe(report.cloudwatch['Connect.Success']! - ofControl);
    expect(sumOf(offered) - sumOf(granted)).toBe(ofAccount + ofClientId);
    // All but the first connection of each device are of the storm.
    expect(report.storms!.list[0]!.attempts).toBe(sumOf(offered) - scenario.devices);
  });

  it('takes as long as the plan forecast, within a tenth', () => {
    const { timeToRecoverSeconds, forecastSeconds } = outcomes.get(scenario)!.report.storms!.list[0]!;
    expect(timeToRecoverSeconds! / forecastSeconds!).toBeGreaterThan(0.9);
    expect(timeToRecoverSeconds! / forecastSeconds!).toBeLessThan(1.1);
  });

  it('is judged by its threshold', () => {
    const { report } = outcomes.get(scenario)!;
    expect(report.thresholds).toContainEqual(
      expect.objectContaining({
        metric: 'time_to_recover',
        passed: true,
        actual: report.storms!.timeToRecoverSeconds,
      }),
    );
  });
});

it('takes the devices over the quota, within 2 %, where each device tries every second', () => {
  const { report, slices } = outcomes.get(everySecond)!;
  const { attempts, timeToRecoverSeconds } = report.storms!.list[0]!;
  const storms = slices.flatMap((slice) => slice.storms!);
  // A device waits a second from each answer to its next attempt. What the answers took on this machine comes on top, and is measured.
  const waitedMs = sumBy(storms, ({ recovery }) => recovery.sumUs / 1_000);
  const answerSeconds = (waitedMs - 1_000 * attempts) / attempts / 1_000;
  const waits = everySecond.devices / everySecond.connectsPerSecond;
  expect(answerSeconds).toBeLessThan(0.1);
  expect(Math.abs(timeToRecoverSeconds! - waits * (1 + answerSeconds)) / waits).toBeLessThanOrEqual(0.02);
});

it('lies within what the simulation gives for other seeds, where chance decides', () => {
  const simulated = Array.from({ length: 30 }, (_, seed) => forecastOf(withJitter, seed));
  const { storms, latencyMs } = outcomes.get(withJitter)!.report;
  const { timeToRecoverSeconds, attemptsPerSuccess } = storms!.list[0]!;
  // In the simulation answers take no time; here a device waits for each of its own.
  const answerSeconds = (attemptsPerSuccess! * latencyMs.connect.mean) / 1_000;
  expect(timeToRecoverSeconds).toBeGreaterThanOrEqual(Math.min(...simulated) * 0.97);
  expect(timeToRecoverSeconds).toBeLessThanOrEqual(Math.max(...simulated) * 1.03 + answerSeconds);
});
