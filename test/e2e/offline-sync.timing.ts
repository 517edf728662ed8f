import { beforeAll, describe, expect, it } from '@jest/globals';
import { identifyDevice } from '../../src/plan/plan.ts';
import { firstCalm, rehearseOnce } from '../support/run/calm-run.ts';
import { type RecordedCommands, recordedCommands } from '../support/run/recorded-commands.ts';
import type { EndedRehearsal } from '../support/run/rehearsal.ts';

// A whole run of devices that lose their connections twice, the second time while they catch up: the report's figures are those that IoT
// Core's process recorded.

const locks = 5;
/** No command is due for a second before devices are back, nor for one after it: on either side of a connect there is no doubt. */
const profile = {
  name: 'sync',
  drain: '4s',
  limits: { enforce: false },
  groups: {
    locks: {
      devices: locks,
      idle: true,
      duration: '9s',
      connect: {
        cleanStart: false,
        sessionExpiry: '1h',
        identity: 'stable',
        backoff: { base: '3s', cap: '3s', jitter: 'none' },
      },
    },
    settings: {
      from: 'backend',
      devices: 1,
      command: { to: 'locks' },
      startRate: 100,
      stages: [
        { duration: '2s', target: 100 },
        { duration: '0s', target: 0 },
        { duration: '2500ms', target: 0 },
        { duration: '0s', target: 100 },
        { duration: '500ms', target: 100 },
      ],
    },
    prices: {
      from: 'backend',
      devices: 1,
      command: { to: 'locks' },
      ratePerSecond: 10,
      duration: '2s',
      publish: { messageExpiry: '1s' },
    },
  },
  timeline: [
    { at: '500ms', group: 'locks', disconnect: { share: 1, how: 'drop' } },
    { at: '5s', group: 'locks', disconnect: { share: 1, how: 'drop' } },
  ],
};

let ended: EndedRehearsal;
let recorded: RecordedCommands;

beforeAll(async () => {
  // A slice that begins late connects devices while commands are sent.
  ended = await firstCalm(
    3,
    () => rehearseOnce(profile),
    ({ report }) => report.generator.startLagMs > 500,
  );
  const clientIds = Array.from(
    { length: locks },
    (_, device) => identifyDevice(ended.report.runId, device, profile.name).clientId,
  );
  recorded = recordedCommands(ended.recorded.lines, clientIds);
}, 300_000);

describe('a run of devices that catch up on commands', () => {
  it('delivers all that was stored and has not expired, with a balanced ledger', () => {
    const { report } = ended;
    expect(report.imbalances).toEqual([]);
    const { sent, due, delivered, offline, throttled, lost } = report.downlink!;
    expect(sent).toBe(250 + 20);
    expect(delivered + offline + throttled + lost).toBe(due);
    expect(delivered).toBe(recorded.delivered);
    expect(lost + throttled).toBe(0);
    // Those that are due offline live for a second, and devices are away for three.
    expect(recorded.neverSent).toBeGreaterThan(0);
    expect(report.catchUps).toMatchObject({
      missing: recorded.neverSent,
      notStored: 0,
      expired: recorded.neverSent,
    });
    expect(offline).toBe(recorded.neverSent);
  });

  it('counts sessions and stored commands as IoT Core’s process recorded them', () => {
    const [group] = ended.report.catchUps!.groups;
    expect(group).toMatchObject({ group: 'locks', resumed: 2 * locks, unresumed: locks });
    expect(recorded).toMatchObject({ resumed: 2 * locks, unresumed: locks });
    expect(ended.report.cloudwatch['Queued.Success']).toBe(recorded.kept);
    // A copy that was written to a connection as its device dropped it has not come, and comes once more.
    expect(group!.repeated).toBeLessThanOrEqual(recorded.repeats);
    expect(group!.stored).toBeGreaterThanOrEqual(recorded.stored);
    expect(group!.stored).toBeLessThanOrEqual(recorded.stored + recorded.repeats);
    expect(recorded.stored).toBeGreaterThanOrEqual(recorded.kept - recorded.neverSent);
  });

  it('sees the order, and the disconnects in the middle, that IoT Core’s process recorded', () => {
    const [group] = ended.report.catchUps!.groups;
    expect(recorded.interrupted).toBe(locks);
    expect(group!.interrupted).toBe(recorded.interrupted);
    // Commands of the last half second came before those that were stored.
    expect(recorded.reordered).toBeGreaterThan(0);
    expect(Math.abs(group!.reordered - recorded.reordered)).toBeLessThanOrEqual(recorded.repeats);
  });

  it('measures a time for each device, which begins with its first connect and goes on over the second', () => {
    const { catchUpMs } = ended.report.catchUps!.groups[0]!;
    expect(recorded.catchUpsMs).toHaveLength(locks);
    expect(catchUpMs.count).toBe(locks);
    // Stored commands come at 10/s, and three seconds without a connection are in between. A slow device reads its CONNACK late.
    for (const [measured, written] of [
      [catchUpMs.max, Math.max(...recorded.catchUpsMs)],
      [catchUpMs.min, Math.min(...recorded.catchUpsMs)],
    ] as const)
      expect(Math.abs(measured - written)).toBeLessThan(1_000);
    expect(Math.min(...recorded.catchUpsMs)).toBeGreaterThan(3_000);
  });
});
