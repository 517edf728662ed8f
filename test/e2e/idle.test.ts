import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EndedRehearsal, startRehearsal } from '../support/run/rehearsal.ts';

const connect = { client: 'dense', ratePerSecond: 400 };

describe('devices that only keep their connections', () => {
  let rehearsal: Awaited<ReturnType<typeof startRehearsal>>;
  let alone: EndedRehearsal;
  let beside: EndedRehearsal;

  beforeAll(async () => {
    rehearsal = await startRehearsal();
    alone = await rehearsal.run({ devices: 30, connect, idle: true, duration: '2s', drain: '1s' });
    beside = await rehearsal.run({
      connect,
      duration: '2s',
      drain: '1s',
      groups: {
        listeners: { devices: 20, idle: true },
        meters: { devices: 10, ratePerSecond: 20, network: { delay: '20ms' } },
      },
    });
  });
  afterAll(() => rehearsal.close());

  it('are counted, in a ledger without messages', () => {
    const { report } = alone;
    expect(report.devices).toMatchObject({ planned: 30, connected: 30 });
    expect(report.messages).toMatchObject({ intended: 0, sent: 0, acked: 0, received: 0, lost: 0 });
    expect([report.verdict, report.reasons]).toEqual(['passed', []]);
    expect(Math.max(...report.perSecond.connected)).toBe(30);
    // Two seconds of publishing, and the time to connect before it.
    expect(report.perSecond.connected.filter((connected) => connected === 30).length).toBeGreaterThanOrEqual(
      2,
    );
  });

  it('are a group beside others', () => {
    const { report } = beside;
    expect(report.devices).toMatchObject({ planned: 30, connected: 30 });
    expect(report.messages).toMatchObject({ intended: 40, received: 40, lost: 0 });
    const [listeners, meters] = report.groups ?? [];
    expect(listeners).toMatchObject({ devices: { connected: 20 }, messages: { intended: 0 } });
    expect(meters).toMatchObject({ devices: { connected: 10 }, messages: { intended: 40 } });
  });

  it('leave the others a network of their own, whose part of their latency is in the report', () => {
    const { network, groups = [] } = beside.report;
    expect(network?.groups).toHaveLength(1);
    const { group, settings, up, down } = network!.groups[0]!;
    expect({ group, settings }).toEqual({
      group: 'meters',
      settings: [{ fromSeconds: null, conditions: { delay: { kind: 'constant', ms: 20 } } }],
    });
    // Connects and messages, and their answers.
    for (const way of [up, down]) {
      expect(way.packets).toBeGreaterThanOrEqual(40);
      expect(way.delayMs.min).toBeGreaterThanOrEqual(19);
    }
    const { transit, puback_round_trip } = groups[1]!.latencyMs;
    expect(transit.min).toBeGreaterThanOrEqual(19);
    expect(puback_round_trip.min).toBeGreaterThanOrEqual(39);
  });
});
