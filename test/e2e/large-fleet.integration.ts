import { expect, it } from '@jest/globals';
import { sizeOf } from '../support/effort.ts';
import { startRehearsal } from '../support/run/rehearsal.ts';

// Four groups with a storm in the middle: every message is accounted for. With LARGE_FLEET=yes it has 10,000 devices, and each thousand
// takes less than 60 MB.

const mb = 2 ** 20;
const isWhole = process.env.LARGE_FLEET === 'yes';
const devices = isWhole ? 10_000 : sizeOf(2_000, 500);
const share = (of: number) => devices * of;

it(`accounts for ${devices} devices in four groups, of which some lose their connections`, async () => {
  const rehearsal = await startRehearsal();
  try {
    const { report } = await rehearsal.run({
      duration: '30s',
      drain: '5s',
      limits: { enforce: false },
      slices: { devicesPerSlice: 900 },
      publish: { ackTimeout: '60s' },
      connect: { ratePerSecond: 200, timeout: '60s', backoff: { base: '2s', cap: '15s', jitter: 'full' } },
      groups: {
        meters: { devices: share(0.6), everySeconds: 30 },
        trackers: { devices: share(0.2), everySeconds: 15, publish: { qos: 0 } },
        gateways: {
          devices: share(0.15),
          messages: { reading: { everySeconds: 10 }, alarm: { ratePerSecond: 5 } },
        },
        sleepers: {
          devices: share(0.05),
          everySeconds: 30,
          lifecycle: { awake: '10s', asleep: '10s' },
        },
      },
      timeline: [{ at: '10s', group: 'meters', disconnect: { share: 0.5, how: 'drop' } }],
      // A slow machine is late; it must not be wrong.
      thresholds: {
        dropped_messages: [],
        unacknowledged_messages: [],
        devices_not_connected: [],
      },
    });
    expect(report.imbalances).toEqual([]);
    expect(report.groups!.map(({ messages: { intended } }) => intended)).toEqual([
      share(0.6),
      2 * share(0.2),
      3 * share(0.15) + 150,
      share(0.05),
    ]);
    const { messages, groups } = report;
    expect(messages.lost).toBe(0);
    expect(messages.sent).toBeGreaterThan(0);
    // A message may have arrived though its acknowledgement is missing.
    expect(messages.received).toBeGreaterThanOrEqual(messages.acked);
    expect(messages.received).toBeGreaterThan(messages.intended / 2);
    for (const counter of ['intended', 'sent', 'dropped', 'acked', 'received', 'lost'] as const)
      expect(groups!.reduce((sum, each) => sum + each.messages[counter], 0)).toBe(messages[counter]);
    expect(report.devices.connected).toBe(devices);
    expect(report.storms!.list).toHaveLength(1);
    const [storm] = report.storms!.list;
    expect(storm!.devices).toBe(share(0.3));
    expect(storm!.disconnected).toBeGreaterThan(0);
    expect(storm!.recovered).toBeGreaterThanOrEqual(0.9 * storm!.disconnected);
    expect(report.generator.bytesPer1000Devices).toBeGreaterThan(0);
    // What a process costs with its first devices is not what each further one does.
    if (isWhole) expect(report.generator.bytesPer1000Devices).toBeLessThan(60 * mb);
    console.info(
      `${devices} devices: ${(report.generator.bytesPer1000Devices / mb).toFixed(1)} MB per 1,000 devices, ${report.devices.connected} connected`,
    );
  } finally {
    await rehearsal.close();
  }
}, 600_000);
