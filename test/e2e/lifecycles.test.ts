import { expect, it } from '@jest/globals';
import { startRehearsal } from '../support/run/rehearsal.ts';

// Whole runs of devices that are not connected all the time: the report's counts are those of IoT Core's process.

it('balances the ledger of devices that connect for each message, that churn and that skip', async () => {
  const rehearsal = await startRehearsal();
  try {
    const { report } = await rehearsal.run({
      duration: '6s',
      drain: '2s',
      // A busy machine is late, and drops nothing for it.
      publish: { ackTimeout: '30s' },
      connect: { ratePerSecond: 100 },
      groups: {
        each: { devices: 12, everySeconds: 3, lifecycle: { connect: 'each-message' } },
        churn: {
          devices: 15,
          ratePerSecond: 15,
          lifecycle: { churn: { sharePerMinute: 6 }, disconnect: 'drop' },
        },
        leave: {
          devices: 60,
          ratePerSecond: 15,
          lifecycle: { churn: { sharePerMinute: 1, replace: false } },
        },
        skip: {
          devices: 15,
          ratePerSecond: 15,
          lifecycle: { awake: '2s', asleep: '2s', whenAsleep: 'skip' },
        },
      },
      thresholds: {
        reconnect: ['count>0'],
        attempts_per_connect: ['value<2'],
        // A device that leaves may take a message with it, or have left before a slow slice begins.
        unacknowledged_messages: [],
        dropped_messages: [],
      },
    });
    expect(report.imbalances).toEqual([]);
    expect(report.messages).toMatchObject({ lost: 0, received: report.messages.sent });
    const [each, churn, leave, skip] = report.groups!;
    // Two messages of each device, each with a connection of its own.
    expect(each).toMatchObject({
      messages: { intended: 24, sent: 24, acked: 24 },
      devices: { connected: 12, reconnects: 12 },
    });
    expect(churn).toMatchObject({ messages: { intended: 90, sent: 90 }, devices: { connected: 15 } });
    // Six lives a minute for six seconds, unless a slow machine begins after them.
    if (report.generator.startLagMs < 1_000) expect(churn!.devices.reconnects).toBeGreaterThan(2);
    for (const group of [leave!, skip!]) {
      expect(group.messages.intended).toBeGreaterThan(15);
      expect(group.messages.intended).toBeLessThan(group === leave ? 90 : 80);
      // A device that has left before its slice was ready never connects.
      expect(group.messages.sent + group.messages.dropped).toBe(group.messages.intended);
    }
    expect(leave!.devices.reconnects).toBe(0);
    const { connected, reconnects } = report.devices;
    expect(report.latencyMs.connect.count).toBe(connected + reconnects);
    expect(report.latencyMs.reconnect!.count).toBe(reconnects);
    expect(report.connects).toMatchObject({ successes: connected + reconnects });
    const seen = report.reconciliation.find(({ metric }) => metric === 'Connect.Success');
    expect(seen).toMatchObject({ unexplained: 0 });
    expect(report.thresholds.filter(({ passed }) => !passed)).toEqual([]);
  } finally {
    await rehearsal.close();
  }
});
