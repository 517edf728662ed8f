import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultReport } from '../../../../src/embedded/iot-core/fault-report.ts';
import { fetchAdmin } from '../../../../src/embedded/iot-core/http/admin-client.ts';
import type { FaultChange } from '../../../../src/profile/fault-schema.ts';
import { type FaultSettings, noFaults } from '../../../../src/profile/service-faults.ts';
import type { Report } from '../../../../src/report/report-model.ts';
import { falseClaims } from '../../../support/run/recorded-truth.ts';
import { type Rehearsal, startRehearsal } from '../../../support/run/rehearsal.ts';

// One embedded AWS, another faults for each run: what the report says went wrong is what the service did, to the message.
// A pause, and what it does to the percentiles, is in accuracy.test.ts.

const messages = 600;
const devices = 30;
const load = {
  devices,
  connect: { client: 'dense', ratePerSecond: 100 },
  ratePerSecond: 300,
  duration: '2s',
  publish: { ackTimeout: '1s' },
  slices: { devicesPerSlice: devices },
  drain: '1s',
  thresholds: {},
};
/** The devices', not the control channels'. */
const clients = (run: number) => `stampede-run-${run}-d`;

type Counts = Omit<FaultReport, 'events' | 'settings' | 'paused'>;
type Change = Partial<FaultSettings> & Partial<Omit<FaultChange, 'settings'>>;

let rehearsal: Rehearsal;
beforeAll(async () => {
  rehearsal = await startRehearsal();
});
afterAll(() => rehearsal.close());

/** The settings in force, and those that were ever changed: the report names each with its instant. */
const settings: Record<string, unknown> = { ...noFaults };
const changed = new Set<string>();

async function changeFaults(change: Change): Promise<void> {
  for (const [setting, value] of Object.entries(change)) {
    if (JSON.stringify(settings[setting]) !== JSON.stringify(value)) changed.add(setting);
    // That is over at once.
    if (setting !== 'disconnect') settings[setting] = value;
  }
  const answer = await fetchAdmin(rehearsal.aws, '/faults', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(change),
  });
  expect(answer.status).toBe(200);
}

async function countsNow(): Promise<Counts> {
  return (await (await fetchAdmin(rehearsal.aws, '/faults')).json()) as FaultReport;
}

let runs = 0;

/** A run in this faults, and what the injected faults did to it. */
async function runIn(
  faults: (run: number) => Partial<FaultSettings>,
  { profile = {}, meanwhile }: { profile?: object; meanwhile?: (run: number) => Change } = {},
): Promise<{ report: Report; did: Counts }> {
  const run = ++runs;
  await changeFaults(faults(run));
  const before = await countsNow();
  const ended = await rehearsal.run(
    { ...load, ...profile },
    meanwhile === undefined
      ? undefined
      : async () => {
          // A third of the load's time.
          await new Promise((resolve) => setTimeout(resolve, 700));
          await changeFaults(meanwhile(run));
        },
  );
  const after = await countsNow();
  const { report } = ended;
  const known = { faults: [...changed], isAccountShared: run > 1, connectsHinderedBy: ['endpoint'] as const };
  expect(falseClaims(ended, { intended: messages, ...known })).toEqual([]);
  const reset: Partial<FaultSettings> = {
    dropDeliveries: 0,
    duplicateDeliveries: 0,
    deliveryDelay: 0,
    dropAcks: 0,
    ackDelay: 0,
    refuseConnects: 0,
    clients: '',
  };
  await changeFaults(reset);
  const did = Object.fromEntries(
    Object.entries(after)
      .filter(([, count]) => typeof count === 'number')
      .map(([name, count]) => [name, count - before[name as keyof Counts]]),
  ) as unknown as Counts;
  return { report, did };
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

describe('a run in', () => {
  it('fair faults with echoes: PublishOut beside PublishIn, and both bounds of clocks that are one', async () => {
    const { report } = await runIn(() => ({}), { profile: { echo: { fraction: 0.5 } } });
    expect(report.messages).toMatchObject({ sent: messages, acked: messages, received: messages });
    expect(report.latencyMs.echo_latency.count).toBe(messages / 2);
    const [publishIn, publishOut] = report.quotas;
    expect(publishIn).toMatchObject({ quota: 'publishInPerSecond', limit: 20_000 });
    expect(publishOut).toMatchObject({ quota: 'publishOutPerSecond', limit: 20_000 });
    // The rule's match of each publish counts as outbound beside its echo: the stricter reading of AWS's table.
    const { sent, echoed } = report.perSecond;
    expect(publishOut!.peak).toBe(Math.max(...sent.map((count, i) => count + (echoed[i] ?? 0))));
    expect(publishOut!.peak).toBeGreaterThanOrEqual(messages / 2 / 4);
    expect(publishOut!.headroom).toBeCloseTo(1 - publishOut!.peak / 20_000, 6);
    expect(report.reconciliation.find(({ metric }) => metric === 'PublishOut.Success')).toMatchObject({
      cloudwatch: messages / 2,
      column: 'echoes',
      ledger: messages / 2,
      unexplained: 0,
    });
    expect(report.clockOffset.atLeastMs).toBeLessThanOrEqual(0);
    expect(report.clockOffset.atMostMs).toBeGreaterThan(0);
    expect(report.latencyMs.transit.negative).toBe(0);
  });

  it('which PUBACKs vanish, and deliveries vanish or come twice: unacknowledged, lost, duplicates', async () => {
    const { report, did } = await runIn(() => ({
      dropAcks: 0.05,
      dropDeliveries: 0.05,
      duplicateDeliveries: 0.05,
    }));
    for (const count of ['droppedAcks', 'droppedDeliveries', 'duplicatedDeliveries'] as const) {
      expect(did[count]).toBeGreaterThan(0);
    }
    expect(report.messages).toMatchObject({
      acked: messages - did.droppedAcks,
      unacknowledged: did.droppedAcks,
      received: messages - did.droppedDeliveries,
      lost: did.droppedDeliveries,
      duplicates: did.duplicatedDeliveries,
    });
  });

  it('which everything takes longer: each latency by what was drawn', async () => {
    const { report, did } = await runIn(() => ({
      ackDelay: { uniform: { minMs: 60, maxMs: 180 } },
      deliveryDelay: { lognormal: { medianMs: 100, p99Ms: 400 } },
    }));
    expect(report.messages).toMatchObject({ acked: messages, received: messages, lost: 0 });
    expect(did).toMatchObject({
      // At its end a run takes its stop message away, should there be one: over HTTPS, and answered late.
      delayedAcks: messages + 1,
      delayedDeliveries: messages,
      deliveriesInFlight: 0,
    });
    const { puback_round_trip, transit } = report.latencyMs;
    expect(puback_round_trip.min).toBeGreaterThanOrEqual(59);
    // Acknowledgements keep their order, and so may wait for one before them.
    expect(puback_round_trip.mean).toBeGreaterThanOrEqual(did.delayedAcksMs / did.delayedAcks - 2);
    expect(transit.mean).toBeGreaterThanOrEqual(did.delayedDeliveriesMs / messages - 1);
    expect(transit.p99).toBeGreaterThan(200);
  });

  it('which connects are refused and half of the devices cut off: as many failed, and who was cut off is back', async () => {
    const { report, did } = await runIn(
      (run) => ({ refuseConnects: 0.4, refuseWith: 'serverBusy', clients: clients(run) }),
      { meanwhile: () => ({ refuseConnects: 0, disconnect: 0.5 }) },
    );
    expect(did.refusedConnects).toBeGreaterThan(0);
    expect(report.devices.connectFailed).toBe(did.refusedConnects);
    expect(Object.entries(report.causes.connectFailed)).toEqual([
      [expect.stringMatching(/unavailable|busy/i), did.refusedConnects],
    ]);
    expect(report.cloudwatch['Connect.ServerError']).toBe(did.refusedConnects);
    // Who was not in when half of them were cut off, was not cut off.
    expect(did.disconnected).toBeGreaterThan(devices / 4);
    expect(sum(report.causes.disconnected)).toBe(did.disconnected);
    expect(report.devices.reconnects).toBe(did.disconnected);
    // One that was refused again and again may still be waiting for its next try.
    expect(report.devices.connected).toBeGreaterThanOrEqual(devices * 0.8);
  });
});
