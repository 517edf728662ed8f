import { beforeAll, describe, expect, it } from '@jest/globals';
import type { MetricsReport } from '../../src/embedded/iot-core/http/admin-api.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import type { LiveTotals } from '../../src/live/run-totals.ts';
import { type EndedRehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// Whole runs of commands: what the report says of their deliveries is what IoT Core's process counted.

interface Outcome extends EndedRehearsal {
  /** What the live view had come to. */
  readonly live: LiveTotals;
  /** IoT Core's own counts, by metric. */
  readonly counts: Readonly<Record<string, number>>;
}

async function rehearse(
  profile: object,
  options: Parameters<typeof startRehearsal>[0] = {},
): Promise<Outcome> {
  const rehearsal = await startRehearsal(options);
  try {
    const ended = await rehearsal.run(profile);
    const { metrics } = (await (await fetchAdmin(rehearsal.aws, '/metrics')).json()) as MetricsReport;
    const counts: Record<string, number> = {};
    for (const { name, total } of metrics) counts[name] = (counts[name] ?? 0) + total;
    const { LIVE_URL, LIVE_TOKEN } = rehearsal.aws.environment;
    const headers = { authorization: `Token ${LIVE_TOKEN}` };
    const live = (await (await fetch(`${LIVE_URL}/${ended.report.runId}`, { headers })).json()) as LiveTotals;
    return { ...ended, counts, live };
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

let throttled: Outcome;
let replied: Outcome;
beforeAll(async () => {
  [throttled, replied] = await Promise.all([
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
  ]);
}, 120_000);

describe('a run of commands', () => {
  it('past the quota of outbound publishes accounts for each delivery as IoT Core counted it', () => {
    const { report, counts } = throttled;
    const { downlink } = report;
    expect(report.imbalances).toEqual([]);
    expect(downlink).toMatchObject({ intended: 8, sent: 8, due: 8 * meters, duplicates: 0, unknown: 0 });
    const { delivered, offline, throttled: refused, lost, due } = downlink!;
    expect(delivered + offline + refused + lost).toBe(due);
    expect(refused).toBeGreaterThan(0);
    expect(delivered).toBe(counts['PublishOut.Success']);
    expect(refused).toBe(counts['PublishOut.Throttle']);
    expect(downlink!.refusalCounts).toBe('counted');
    expect(downlink!.throttledAtLeast).toBe(Math.max(0, refused - offline));
    expect(report.reconciliation.filter(({ unexplained }) => unexplained !== 0)).toEqual([]);
    expect(report.messages).toMatchObject({ intended: 0, sent: 0, lost: 0 });
  });

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
