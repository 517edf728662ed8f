import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultReport } from '../../src/embedded/iot-core/fault-report.ts';
import { type AdminPort, fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import { falseClaims, type Known } from '../support/run/recorded-truth.ts';
import { type EndedRehearsal, startRehearsal } from '../support/run/rehearsal.ts';
import { untilPublished } from '../support/run/until-published.ts';

// Whole runs against a service with known faults: what the report says must be what the service did.

const load = {
  devices: 40,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 400,
  duration: '4s',
  slices: { devicesPerSlice: 20 },
  drain: '1s',
};

interface Outcome extends EndedRehearsal {
  readonly faults: FaultReport;
}

type During = (admin: AdminPort) => Promise<void>;

async function rehearse(
  profile: object,
  options: Parameters<typeof startRehearsal>[0] = {},
  during?: During,
): Promise<Outcome> {
  const rehearsal = await startRehearsal(options);
  const admin = rehearsal.aws;
  try {
    const ended = await rehearsal.run(profile, during === undefined ? undefined : () => during(admin));
    const faults = (await (await fetchAdmin(admin, '/faults')).json()) as FaultReport;
    return { ...ended, faults };
  } finally {
    await rehearsal.close();
  }
}

const pauseForASecond: During = async (admin) => {
  await untilPublished(admin, 400);
  const answer = await fetchAdmin(admin, '/faults', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pauseMs: 1_000 }),
  });
  expect(answer.status).toBe(200);
};

// They mostly wait, so they wait together.
let noFaults: Outcome;
let dropping: Outcome;
let pausing: Outcome;
beforeAll(async () => {
  [noFaults, dropping, pausing] = await Promise.all([
    rehearse(load),
    rehearse(load, { faults: { dropDeliveries: 0.01 } }),
    // 10/s a device with at most 2 in flight: through the pause, 8 of 10 publishes wait in the device.
    rehearse({ ...load, publish: { maxUnacknowledged: 2 } }, {}, pauseForASecond),
  ]);
});

describe('a run against a service that', () => {
  it('does what it should: balances to the message, and agrees with CloudWatch', () => {
    const { execution, report } = noFaults;
    const reasons = report.reasons.filter((reason) => !reason.startsWith('The generator was'));
    expect({ status: execution.status, reasons }).toEqual({ status: 'SUCCEEDED', reasons: [] });
    // The machine of a test may be the bottleneck.
    expect(['passed', 'inconclusive']).toContain(report.verdict);
    expect(report.imbalances).toEqual([]);
    expect(report.messages).toMatchObject({
      intended: 1_600,
      sent: 1_600,
      dropped: 0,
      acked: 1_600,
      arrivals: 1_600,
      received: 1_600,
      duplicates: 0,
      lost: 0,
    });
    expect(report.cloudwatch['PublishIn.Success']).toBe(1_600);
  });

  it.each<[string, () => Outcome, Partial<Known>]>([
    ['does what it should', () => noFaults, {}],
    ['drops deliveries', () => dropping, { faults: ['dropDeliveries'] }],
    ['pauses', () => pausing, { faults: ['pauseMs'] }],
  ])('%s: the record contradicts nothing, and no sentence is false', (_what, outcome, known) => {
    expect(falseClaims(outcome(), { intended: 1_600, ...known })).toEqual([]);
  });

  it('drops 1% of deliveries: lost is exactly what was dropped', () => {
    const { execution, report, faults } = dropping;
    // The report says what was done to the service.
    expect(report.conditions?.isRehearsal).toBe(true);
    expect(report.conditions?.faults?.events.map(({ setting }) => setting)).toContain('dropDeliveries');
    expect(faults.droppedDeliveries).toBeGreaterThan(0);
    expect(report.messages.lost).toBe(faults.droppedDeliveries);
    expect(report.messages.received).toBe(1_600 - faults.droppedDeliveries);
    expect(report.messages.acked).toBe(1_600);
    expect(report.imbalances).toEqual([]);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'ThresholdsFailed' });
  });

  it('pauses for a second: the percentiles show it, and transit beside them shows what they corrected', () => {
    const { report, faults } = pausing;
    const { end_to_end_latency, puback_round_trip, transit, send_lag } = report.latencyMs;
    expect(faults.pauses).toBe(1);
    expect(report.messages).toMatchObject({ intended: 1_600, dropped: 0, lost: 0 });
    expect(end_to_end_latency.p99).toBeGreaterThan(900);
    expect(puback_round_trip.p99).toBeGreaterThan(900);
    // A quarter of the messages were intended within the pause, or half of that where it began at the end of the run: from the
    // intended instant at least one in twenty is late by far.
    expect(end_to_end_latency.p95).toBeGreaterThan(400);
    expect(transit.p90).toBeLessThan(end_to_end_latency.p95 / 2);
    expect(send_lag.p95).toBeGreaterThan(400);
  });
});
