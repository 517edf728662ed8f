import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Plan } from '../../../src/plan/plan.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { processesOfFunction } from '../../support/run/function-processes.ts';
import { type Rehearsal, startRehearsal } from '../../support/run/rehearsal.ts';
import { isMosquittoInstalled } from '../../support/targets/mosquitto.ts';
import { OpenMosquitto } from '../../support/targets/open-mosquitto.ts';

// Whole runs against Mosquitto, counted by their own subscriber: what is lost is found to the message, and by whom.

const describeWithBroker =
  isMosquittoInstalled && existsSync('/proc/self/environ') ? describe : describe.skip;

let rehearsal: Rehearsal;
beforeAll(async () => {
  if (!isMosquittoInstalled) return;
  rehearsal = await startRehearsal();
  // The first processes of a machine start slowly, and a subscriber that comes late has not seen all.
  const broker = await startMosquitto();
  await rehearsal.run({ ...load, duration: '1s', target: `mqtt://127.0.0.1:${broker.port}` });
});
afterAll(() => rehearsal?.close());

const brokers: OpenMosquitto[] = [];
async function startMosquitto(...lines: readonly string[]): Promise<OpenMosquitto> {
  const broker = await OpenMosquitto.start(...lines);
  brokers.push(broker);
  return broker;
}
afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.end();
});

const load = {
  devices: 20,
  connect: { ratePerSecond: 400 },
  ratePerSecond: 400,
  duration: '5s',
  drain: '2s',
  slices: { devicesPerSlice: 20, toleratedFailureShare: 0.5 },
  thresholds: {
    lost_messages: [],
    dropped_messages: [],
    unacknowledged_messages: [],
    failed_messages: [],
    throttled_messages: [],
  },
};

async function runAgainst(
  broker: OpenMosquitto,
  during?: (plan: Plan) => Promise<void>,
  profile: object = {},
): Promise<Report> {
  const target = `mqtt://127.0.0.1:${broker.port}`;
  const { report } = await rehearsal.run({ ...load, target, ...profile }, during);
  expect(report.imbalances).toEqual([]);
  return report;
}

function signalSubscriber(signal: NodeJS.Signals): void {
  const pids = processesOfFunction(rehearsal.runsDirectory, 'subscribe');
  expect(pids).toHaveLength(1);
  for (const pid of pids) process.kill(pid, signal);
}

const countsOf = ({ reconciliation }: Report) =>
  Object.fromEntries(reconciliation.map(({ metric, cloudwatch }) => [metric, cloudwatch]));

describeWithBroker('a run against Mosquitto', () => {
  it.each([0, 1] as const)(
    'is accounted for at QoS %d, to the message, as the broker counts it',
    async (qos) => {
      const report = await runAgainst(await startMosquitto(), undefined, { publish: { qos } });
      const { messages, observers, subscribers } = report;
      expect(Object.keys(observers)).toEqual(['subscriber']);
      expect(messages).toMatchObject({
        sent: 2_000,
        received: 2_000,
        lost: 0,
        duplicates: 0,
        unaccounted: 0,
      });
      expect(subscribers).toMatchObject({ planned: 1, ended: 1, gaps: 0, arrivals: 2_000 });
      expect(countsOf(report)).toMatchObject({ 'publishes received': 2_000, 'publishes dropped': 0 });
      expect(report.latencyMs.end_to_end_latency.count).toBe(2_000);
      expect(report.latencyMs.rule_latency.count).toBe(0);
    },
  );

  it('is accounted for by group and kind of message, QoS 0 beside QoS 1, text beside JSON', async () => {
    const report = await runAgainst(await startMosquitto(), undefined, {
      devices: undefined,
      ratePerSecond: undefined,
      duration: '4s',
      slices: { devicesPerSlice: 10 },
      groups: {
        meters: {
          devices: 20,
          ratePerSecond: 50,
          messages: {
            reading: { weight: 4, qos: 0 },
            alarm: {
              topic: '{topicRoot}/{runId}/{deviceId}/alarm',
              encoding: 'text',
              payload: 'of {{deviceId}}',
            },
            beat: { everySeconds: 4, sizeBytes: 9_000 },
          },
        },
        trackers: { devices: 10, messages: { alarm: { ratePerSecond: 10 } } },
      },
      thresholds: { 'received_messages{group:meters,kind:alarm}': ['count==40'] },
    });
    // 50/s for 4 s by 4 : 1, 20 devices once, and 10/s.
    const counted = (report.groups ?? []).flatMap(({ group, kinds = [] }) =>
      kinds.map(({ kind, messages: { sent, acked, received, lost }, latencyMs }) => ({
        [`${group}/${kind}`]: [sent, acked, received, lost, latencyMs.transit.count],
      })),
    );
    expect(Object.assign({}, ...counted)).toEqual({
      'meters/reading': [160, 0, 160, 0, 160],
      'meters/alarm': [40, 40, 40, 0, 40],
      'meters/beat': [20, 20, 20, 0, 20],
      'trackers/alarm': [40, 40, 40, 0, 40],
    });
    expect(report.messages).toMatchObject({ sent: 260, received: 260, lost: 0, duplicates: 0 });
    expect(report.subscribers).toMatchObject({ arrivals: 260, gaps: 0 });
    expect(countsOf(report)).toMatchObject({ 'publishes received': 260, 'publishes dropped': 0 });
  });

  it('finds what a full queue dropped for a subscriber that stood still, to the message', async () => {
    const broker = await startMosquitto('max_queued_messages 10');
    const report = await runAgainst(broker, async () => {
      await sleep(1_000);
      signalSubscriber('SIGSTOP');
      await sleep(2_000);
      signalSubscriber('SIGCONT');
    });
    const { messages } = report;
    expect(messages).toMatchObject({ sent: 2_000, acked: 2_000, unaccounted: 0 });
    // 800 came while it stood still, and 30 of them waited for it.
    expect(messages.lost).toBeGreaterThan(500);
    expect(messages.received).toBe(2_000 - messages.lost);
    const dropped = report.reconciliation.find(({ metric }) => metric === 'publishes dropped');
    expect(dropped).toMatchObject({ cloudwatch: messages.lost, ledger: messages.lost, unexplained: 0 });
  });

  it('blames a killed broker for what it had taken, and for the session that it lost', async () => {
    const broker = await startMosquitto();
    const report = await runAgainst(broker, async () => {
      await sleep(1_500);
      broker.kill();
      await sleep(300);
      await broker.start();
    });
    const { messages, subscribers } = report;
    expect(subscribers).toMatchObject({ planned: 1, ended: 1, gaps: 1, sessionsLost: 1 });
    expect(messages.unaccounted).toBe(0);
    expect(messages.sent).toBe(messages.received + messages.lost);
    expect(messages.received).toBeGreaterThan(500);
    expect(report.brokerNotes?.join() ?? '').toContain('was started again');
  });

  it('does not blame the broker for what a killed subscriber did not store', async () => {
    const report = await runAgainst(await startMosquitto(), async () => {
      await sleep(2_500);
      signalSubscriber('SIGKILL');
    });
    const { messages, causes } = report;
    expect(messages).toMatchObject({ sent: 2_000, acked: 2_000, lost: 0 });
    expect(messages.unaccounted).toBeGreaterThan(500);
    expect(messages.received + messages.unaccounted).toBe(2_000);
    expect(causes.unaccounted.join()).toContain('subscriber 10000 did not come to its end');
    expect(report.verdict).toBe('inconclusive');
  });
});
