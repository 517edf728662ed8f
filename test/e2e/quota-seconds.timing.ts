import { beforeAll, describe, expect, it } from '@jest/globals';
import type { MetricsReport } from '../../src/embedded/iot-core/http/admin-api.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import type { QuotaName } from '../../src/targets/aws-iot/quotas.ts';
import { firstCalm } from '../support/run/calm-run.ts';
import { type EndedRehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// The busiest seconds of runs with commands, replies and presence events: what the report says is what IoT Core counted by second.

interface Outcome extends EndedRehearsal {
  /** IoT Core's own counts, by metric and second: those of all protocols together. */
  readonly seconds: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

async function rehearse(
  profile: object,
  options: Parameters<typeof startRehearsal>[0] = {},
): Promise<Outcome> {
  const rehearsal = await startRehearsal(options);
  try {
    const ended = await rehearsal.run(profile);
    const answer = await fetchAdmin(rehearsal.aws, '/metrics?period=1');
    const { metrics } = (await answer.json()) as MetricsReport;
    const seconds = new Map<string, Map<number, number>>();
    for (const { name, datapoints } of metrics) {
      const sums = seconds.get(name) ?? new Map<number, number>();
      seconds.set(name, sums);
      for (const [second, sum] of datapoints) sums.set(second, (sums.get(second) ?? 0) + sum);
    }
    return { ...ended, seconds };
  } finally {
    await rehearsal.close();
  }
}

const busiestOf = ({ seconds }: Outcome, metric: string) =>
  Math.max(0, ...(seconds.get(metric)?.values() ?? []));
const useOf = ({ report }: Outcome, name: QuotaName) => report.quotas.find(({ quota }) => quota === name);

const meters = 40;
/** Devices send nothing themselves: the rule matches none, and what the service sends out is what comes to clients. */
const shared = {
  duration: '6s',
  drain: '2s',
  limits: { enforce: false },
  publish: { ackTimeout: '30s' },
  connect: { ratePerSecond: 20 },
};
/** Every two seconds one broadcast, which comes and is replied to within some 100 ms. */
const firmware = { from: 'backend', devices: 1, command: { address: 'broadcast' }, ratePerSecond: 0.5 };

let replied: Outcome;
let throttled: Outcome;

beforeAll(async () => {
  const replying = firstCalm(
    4,
    () =>
      rehearse({
        ...shared,
        groups: {
          meters: { devices: meters, idle: true, reply: { delay: '20ms..50ms' } },
          watch: { devices: 1, idle: true, observe: 'presence' },
          firmware,
        },
      }),
    // A broadcast that crosses the turn of a second may count in one of the run's and in the other of the service's.
    (outcome) => useOf(outcome, 'publishOutPerSecond')?.peak !== busiestOf(outcome, 'PublishOut.Success'),
  );
  const throttling = rehearse(
    { ...shared, groups: { meters: { devices: meters, idle: true }, firmware } },
    { limits: { publishOutPerSecond: 15 } },
  );
  // They mostly wait, so they wait together.
  [replied, throttled] = await Promise.all([replying, throttling]);
});

describe('the busiest second', () => {
  it('of commands and replies is the one that IoT Core counted, inbound and outbound', () => {
    const { report } = replied;
    expect(report.imbalances).toEqual([]);
    expect(report.downlink!.replies).toMatchObject({ replied: 3 * meters });
    // A command, and a reply of each device.
    expect(busiestOf(replied, 'PublishIn.Success')).toBe(meters + 1);
    expect(useOf(replied, 'publishInPerSecond')!.peak).toBe(busiestOf(replied, 'PublishIn.Success'));
    // A delivery to each device, its reply to the backend, and events about clients that connect or leave just then.
    expect(busiestOf(replied, 'PublishOut.Success')).toBeGreaterThanOrEqual(2 * meters);
    expect(useOf(replied, 'publishOutPerSecond')).toMatchObject({
      peak: busiestOf(replied, 'PublishOut.Success'),
    });
    expect(useOf(replied, 'publishOutPerSecond')).not.toHaveProperty('peakAtMost');
  });

  it('has the connections of devices, of a backend’s client, and of control channels', () => {
    const { slices } = replied.report;
    expect(useOf(replied, 'concurrentConnections')!.peak).toBe(meters + 2 + slices.planned);
  });

  it('of deliveries that a quota refused is bounded by those that came and all that did not', () => {
    const { peak, peakAtMost = 0 } = useOf(throttled, 'publishOutPerSecond')!;
    const { seconds } = throttled;
    const refused = seconds.get('PublishOut.Throttle')!;
    const offered = [...refused].map(
      ([second, count]) => count + (seconds.get('PublishOut.Success')?.get(second) ?? 0),
    );
    expect(Math.max(...offered)).toBeGreaterThan(15);
    expect(peakAtMost).toBeGreaterThanOrEqual(Math.max(...offered));
    expect(peakAtMost - peak).toBe([...refused.values()].reduce((sum, count) => sum + count, 0));
  });
});
