import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { MetricsReport } from '../../src/embedded/iot-core/http/admin-api.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import type { LiveTotals } from '../../src/live/run-totals.ts';
import { countEncoded } from '../../src/measure/interval-set.ts';
import type { SliceResult } from '../../src/measure/slice-result.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { sumBy } from '../../src/shared/counts.ts';
import { processesOfFunction } from '../support/run/function-processes.ts';
import { type EndedRehearsal, startRehearsal } from '../support/run/rehearsal.ts';
import { until } from '../support/until.ts';

// Whole runs of commands: what the report says of their deliveries is what IoT Core's process counted.

interface Outcome extends EndedRehearsal {
  /** What the live view had come to. */
  readonly live: LiveTotals;
  /** IoT Core's own counts, by metric. */
  readonly counts: Readonly<Record<string, number>>;
  readonly slices: readonly SliceResult[];
}

async function rehearse(
  profile: object,
  options: Parameters<typeof startRehearsal>[0] = {},
  during?: (runsDirectory: string, plan: Plan) => Promise<void>,
): Promise<Outcome> {
  const rehearsal = await startRehearsal(options);
  try {
    const run = await rehearsal.begin(profile);
    if (during) await during(rehearsal.runsDirectory, await run.plan());
    const ended = await run.ended();
    const { metrics } = (await (await fetchAdmin(rehearsal.aws, '/metrics')).json()) as MetricsReport;
    const counts: Record<string, number> = {};
    for (const { name, total } of metrics) counts[name] = (counts[name] ?? 0) + total;
    const { LIVE_URL, LIVE_TOKEN } = rehearsal.aws.environment;
    const headers = { authorization: `Token ${LIVE_TOKEN}` };
    const live = (await (await fetch(`${LIVE_URL}/${ended.report.runId}`, { headers })).json()) as LiveTotals;
    return { ...ended, counts, live, slices: await run.slices() };
  } finally {
    await rehearsal.close();
  }
}

const meters = 40;
const shared = {
  duration: '4s',
  drain: '2s',
  limits: { enforce: false },
  publish: { ackTimeout: '30s' },
};

/** The backend stands still from 0.5 to 3.2 s of publishing; half of the meters are offline from 2.2 to 4.7 s. */
async function stopBackend(runsDirectory: string, { timeline }: Plan): Promise<void> {
  await sleep(timeline.publishAt + 500 - Date.now());
  const pidsOf = () => processesOfFunction(runsDirectory, 'publish-http');
  await until(() => pidsOf().length === 1, 'the process of the backend', 20);
  const signal = (name: NodeJS.Signals) => {
    for (const pid of pidsOf()) process.kill(pid, name);
  };
  signal('SIGSTOP');
  await sleep(timeline.publishAt + 3_200 - Date.now());
  signal('SIGCONT');
}

/** Whether the processes of a run can be found. */
const hasProcesses = existsSync('/proc/self/environ');

let throttled: Outcome;
let replied: Outcome;
let late: Outcome | undefined;
beforeAll(async () => {
  [throttled, replied, late] = await Promise.all([
    rehearse(
      {
        ...shared,
        groups: {
          meters: { devices: meters, idle: true },
          firmware: {
            from: 'backend',
            connect: { protocol: 'https' },
            command: { address: 'broadcast' },
            ratePerSecond: 2,
          },
        },
      },
      { limits: { publishOutPerSecond: 30 } },
    ),
    rehearse({
      ...shared,
      groups: {
        meters: {
          devices: meters,
          ratePerSecond: 10,
          reply: { delay: '20ms..50ms' },
          echo: { fraction: 0.5 },
        },
        silent: { devices: 10, ratePerSecond: 5 },
        operator: { from: 'backend', command: { replyTimeout: '20s' }, ratePerSecond: 25 },
        web: {
          from: 'backend',
          connect: { protocol: 'https' },
          command: { to: 'silent', address: 'broadcast' },
          ratePerSecond: 1,
        },
      },
    }),
    hasProcesses
      ? rehearse(
          {
            ...shared,
            duration: '6s',
            groups: {
              meters: {
                devices: meters,
                idle: true,
                connect: { backoff: { base: '2500ms', cap: '2500ms', jitter: 'none' } },
              },
              web: { from: 'backend', connect: { protocol: 'https' }, ratePerSecond: 25 },
            },
            timeline: [{ at: '2.2s', group: 'meters', disconnect: { share: 0.5, how: 'drop' } }],
          },
          {},
          stopBackend,
        )
      : undefined,
  ]);
});

describe('a run of commands', () => {
  it('past the quota of outbound publishes accounts for each delivery as IoT Core counted it', () => {
    const { report, counts } = throttled;
    const { downlink } = report;
    expect(report.imbalances).toEqual([]);
    expect(downlink).toMatchObject({ intended: 8, sent: 8, due: 8 * meters, duplicates: 0, lost: 0 });
    const { delivered, offline, unknown, throttled: refused, due } = downlink!;
    expect(delivered + offline + unknown + refused).toBe(due);
    expect(refused).toBeGreaterThan(0);
    expect(delivered).toBe(counts['PublishOut.Success']);
    // What was due before its device was subscribed, and sent afterwards, may have been refused as well: it is called offline.
    const ofService = counts['PublishOut.Throttle']!;
    expect(refused).toBeLessThanOrEqual(ofService);
    expect(refused + offline + unknown).toBeGreaterThanOrEqual(ofService);
    expect(downlink!.refusalCounts).toBe('counted');
    expect(downlink!.throttledAtLeast).toBe(Math.min(refused, Math.max(0, ofService - offline - unknown)));
    expect(report.reconciliation.filter(({ unexplained }) => unexplained !== 0)).toEqual([]);
    expect(report.messages).toMatchObject({ intended: 0, sent: 0, lost: 0 });
  });

  (hasProcesses ? it : it.skip)(
    'by a backend that stood still says of each delivery whether its device was offline when it was sent',
    () => {
      const { report, counts, slices } = late!;
      expect(report.imbalances).toEqual([]);
      const lateSends = slices.flatMap(({ streams }) => streams[0]!.lateSends ?? []);
      // What was due from 0.5 to 2.2 s; until 1.2 s no device was offline, nor about to be.
      expect(sumBy(lateSends, ({ n }) => countEncoded(n))).toBeGreaterThan(10);
      const { due, delivered, offline, throttled: refused, lost, unknown } = report.downlink!;
      expect({ due, refused, lost, unknown }).toEqual({ due: 150, refused: 0, lost: 0, unknown: 0 });
      expect(delivered + offline).toBe(due);
      expect(delivered).toBe(counts['PublishOut.Success']);
      expect(offline).toBeGreaterThan(20);
    },
  );

  it('delivers them to one device each or to all of a group, and collects replies', () => {
    const { report, counts } = replied;
    expect(report.imbalances).toEqual([]);
    expect(report.messages).toMatchObject({ intended: 60, received: 60, lost: 0 });
    const [operator, web] = report.downlink!.backends;
    // In turn, 100 commands to 50 devices: 80 are to meters, which reply.
    expect(operator).toMatchObject({ group: 'operator', devices: 50, sent: 100, due: 100 });
    expect(web).toMatchObject({ group: 'web', devices: 10, sent: 4, due: 40 });
    const { delivered, offline, throttled: refused, lost, replies } = report.downlink!;
    expect(delivered + offline + refused + lost).toBe(140);
    expect(refused + lost).toBe(0);
    expect(replies).toMatchObject({ due: 80, unknown: 0 });
    expect(replies!.replied + replies!.timedOut).toBe(80);
    const { arrivals: echoes } = report.observers.echo!;
    expect(echoes).toBeGreaterThan(0);
    expect(echoes + delivered + replies!.replied + replies!.late).toBe(counts['PublishOut.Success'] ?? 0);
    expect(report.latencyMs.downlink_latency?.count ?? 0).toBe(delivered);
    const { count, min } = report.latencyMs.command_round_trip!;
    expect(count).toBe(replies!.replied);
    expect(min).toBeGreaterThanOrEqual(19.9);
    expect(report.reconciliation.filter(({ unexplained }) => unexplained !== 0)).toEqual([]);
    expect(report.reconciliation.map(({ metric }) => metric)).toContain('PublishOut.Success');
  });

  it('shows in its live view what the report counts, commands apart from messages', () => {
    for (const { report, live } of [throttled, replied]) {
      const { intended, sent, delivered, offline, unknown, replies } = report.downlink!;
      expect(live).toMatchObject({ intended: report.messages.intended, sent: report.messages.sent });
      expect(live.fleet?.commands).toMatchObject({
        intended,
        sent,
        delivered,
        replied: replies?.replied ?? 0,
        timed_out: replies?.timedOut ?? 0,
      });
      // Of what is due near a disconnect, a report does not know whether it was offline where a backend was late.
      const notSeen = live.fleet?.commands?.offline ?? 0;
      expect(notSeen).toBeGreaterThanOrEqual(offline);
      expect(notSeen).toBeLessThanOrEqual(offline + unknown);
      expect(live.parts!.groups.map(({ group, sent: own }) => [group, own])).toEqual(
        expect.arrayContaining(report.downlink!.backends.map((backend) => [backend.group, backend.sent])),
      );
    }
  });
});
