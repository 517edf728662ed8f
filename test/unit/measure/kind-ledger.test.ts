import { describe, expect, it } from '@jest/globals';
import { sumBy } from '../../../src/shared/counts.ts';
import { figuresOf, ledgerOfKinds } from '../../support/measure/simulated-kinds.ts';

const topic = (kind: string) => `stampede/{runId}/{deviceId}/${kind}`;
const fine = (count: number) => ({
  intended: count,
  sent: count,
  acked: count,
  received: count,
  samples: count,
});

describe('the ledger by group and kind of message', () => {
  it('divides a load by weights that do not divide it evenly', async () => {
    // 100 messages by 5 : 1 : 1 are 71.4, 14.3 and 14.3; whole ones are 71, 14 and 14.
    const { ledger } = await ledgerOfKinds({
      profile: {
        devices: 10,
        ratePerSecond: 10,
        messages: { a: { weight: 5 }, b: {}, c: { weight: 1 } },
      },
      copiesOf: ({ stream, n }) => (stream === 2 && n === 0 ? 0 : stream === 3 && n === 1 ? 2 : 1),
    });
    expect(figuresOf(ledger)).toEqual({
      '/a': fine(71),
      '/b': { ...fine(14), received: 13, samples: 13, lost: 1 },
      '/c': { ...fine(14), samples: 15, duplicates: 1 },
    });
    expect(ledger.messages).toMatchObject({ intended: 99, received: 98, lost: 1, duplicates: 1 });
    expect(ledger.plannedMessages).toBe(99);
  });

  it('sends a kind with an interval beside kinds with weights, in two slices', async () => {
    // 8/s for 10 s by 3 : 1, and 20 devices once in 5 s.
    const { plan, ledger } = await ledgerOfKinds({
      profile: {
        devices: 20,
        ratePerSecond: 8,
        messages: { reading: { weight: 3 }, status: {}, beat: { everySeconds: 5 } },
      },
    });
    expect(plan.slices.count).toBe(2);
    expect(figuresOf(ledger)).toEqual({ '/reading': fine(60), '/status': fine(20), '/beat': fine(40) });
    expect(ledger.stages).toEqual([{ intended: 120, sent: 120 }]);
  });

  it('has no answers of QoS 0 beside those of QoS 1 in one group', async () => {
    // Every fifth alarm stays without its PUBACK, and one telemetry message does not arrive.
    const { ledger } = await ledgerOfKinds({
      profile: {
        groups: {
          meters: {
            devices: 10,
            ratePerSecond: 10,
            messages: {
              telemetry: { weight: 4, qos: 0, topic: topic('telemetry') },
              alarm: { topic: topic('alarm') },
            },
          },
          others: { devices: 10, ratePerSecond: 3 },
        },
      },
      behaviour: { publish: (_, n, __, to) => (to.endsWith('alarm') && n % 5 === 0 ? undefined : 2) },
      copiesOf: ({ stream, n }) => (stream === 1 && n === 3 ? 0 : 1),
    });
    const { acked: _, ...unanswered } = fine(80);
    expect(figuresOf(ledger)).toEqual({
      'meters/telemetry': { ...unanswered, received: 79, samples: 79, lost: 1 },
      'meters/alarm': { ...fine(20), acked: 16, unacknowledged: 4 },
    });
    const [meters, others] = ledger.groups;
    expect(meters).toMatchObject({
      acknowledged: false,
      arrivals: 99,
      messages: { sent: 100, acked: 16, unacknowledged: 4, ackUnknown: 0 },
    });
    expect(meters?.latencies?.transit.count).toBe(99);
    // Each kind has what its slice measured of it, and together they are the group's.
    const measured = meters!.kinds.map(({ kind, latencies }) => [
      kind,
      latencies.puback_round_trip.count,
      latencies.send_lag.count,
    ]);
    expect(measured).toEqual([
      ['telemetry', 0, 80],
      ['alarm', 16, 20],
    ]);
    expect(meters?.latencies?.puback_round_trip.count).toBe(16);
    expect(meters?.latencies?.send_lag.count).toBe(100);
    // Its PUBACK comes two milliseconds after a message was sent.
    expect(meters!.kinds[1]!.latencies.puback_round_trip.percentileAt(50)).toBeCloseTo(2, 1);
    expect(others).toMatchObject({ acknowledged: true, kinds: [], arrivals: 30 });
  });

  it('ramps one kind by stages, and keeps the rate of another', async () => {
    // 0 → 10/s in 4 s and back to 0 in 6 s: 20 and 30 messages, beside 5/s.
    const stages = [
      { duration: '4s', target: 10 },
      { duration: '6s', target: 0 },
    ];
    const { ledger } = await ledgerOfKinds({
      profile: { devices: 10, messages: { steady: { ratePerSecond: 5 }, ramp: { stages } } },
    });
    expect(figuresOf(ledger)).toEqual({ '/steady': fine(50), '/ramp': fine(50) });
    // The group's stages are those of the sum; 20 of each kind are due in the first 4 s.
    expect(ledger.stages).toEqual([
      { intended: 40, sent: 40 },
      { intended: 60, sent: 60 },
    ]);
  });

  it('counts echoes of shares of devices by kind', async () => {
    // Of 20 and 10 devices every second one echoes; each device of `a` sends 5 of x and 2 of y.
    let own = new Set<number>();
    let isFirst = true;
    const { plan, ledger } = await ledgerOfKinds({
      profile: {
        devices: 30,
        echo: { fraction: 0.5 },
        slices: { devicesPerSlice: 20 },
        groups: {
          a: {
            share: 2 / 3,
            messages: {
              x: { ratePerSecond: 10, topic: topic('x') },
              y: { ratePerSecond: 4, topic: topic('y') },
            },
          },
          b: { share: 1 / 3, messages: { x: { ratePerSecond: 10, topic: topic('x') } } },
        },
      },
      script: (_, transport) => {
        own = new Set();
        const subscribe = transport.subscribe.bind(transport);
        transport.subscribe = (device, filter, qos) => {
          own.add(device);
          subscribe(device, filter, qos);
        };
      },
      behaviour: {
        echoes(device, _, to) {
          if (!own.has(device)) return [];
          if (!to.endsWith('/y') || !isFirst) return [[device, 3]];
          isFirst = false;
          return [];
        },
      },
    });
    expect(plan.profile.groups?.map(({ devices }) => devices)).toEqual([20, 10]);
    expect(figuresOf(ledger)).toEqual({
      'a/x': { ...fine(100), echoDue: 50 },
      'a/y': { ...fine(40), echoDue: 20, echoLost: 1 },
      'b/x': { ...fine(100), echoDue: 50 },
    });
    expect(ledger.observers.echo).toMatchObject({ due: 120, received: 119, lost: 1 });
  });
});

const mixed = {
  devices: 20,
  ratePerSecond: 10,
  messages: { telemetry: { weight: 4, qos: 0 }, alarm: {}, beat: { everySeconds: 4 } },
};

describe('kinds of a slice that did not end', () => {
  it.each([
    ['died, and it is not known when', undefined],
    ['died 5 s after publishing began', 5_000],
  ])('sum to it where it %s', async (_, diedAfterMs) => {
    const { plan, ledger } = await ledgerOfKinds({
      profile: mixed,
      storedOf: ({ plan: { timeline }, result, checkpoints }) =>
        result.slice === 0
          ? { result }
          : {
              result: checkpoints.find(({ at }) => at > timeline.publishAt + 3_000)!,
              ...(diedAfterMs !== undefined && { diedAt: timeline.publishAt + diedAfterMs }),
            },
      // Some of what it sent after its last record arrived, of each kind.
      copiesOf: ({ stream, n }) => Number(n < [0, 18, 5, 12][stream]!),
    });
    expect(plan.slices.count).toBe(2);
    // The balance of each kind, and their sums, are among the equations that are checked here.
    const figures = figuresOf(ledger);
    const [{ kinds }] = ledger.groups as [(typeof ledger.groups)[0]];
    expect(kinds.map(({ messages }) => messages.intended)).toEqual([80, 20, 50]);
    expect(sumBy(kinds, ({ messages }) => messages.sendUnknown)).toBe(ledger.messages.sendUnknown);
    expect(ledger.messages.sendUnknown).toBeGreaterThan(0);
    // At QoS 0 there was no answer to record.
    expect(kinds[0]?.messages).toMatchObject({ acked: 0, ackUnknown: 0 });
    expect(figures['/alarm']?.ackUnknown).toBeGreaterThan(0);
    const died = kinds.map(({ droppedBy }) => droppedBy['slice-died'] ?? 0);
    if (diedAfterMs === undefined) expect(died).toEqual([0, 0, 0]);
    // From 6 s on, with the second by which clocks may differ, nothing was due any more: 4 s of 4/s, 1/s and 2.5/s.
    else expect(died).toEqual([16, 4, 10]);
  });

  it('sum to it where it failed', async () => {
    const { ledger } = await ledgerOfKinds({
      profile: { ...mixed, devices: 10 },
      storedOf: ({ checkpoints, plan: { timeline } }) => {
        const { undecided: _, ...last } = checkpoints.find(({ at }) => at > timeline.publishAt + 4_000)!;
        return { result: { ...last, outcome: 'failed', reason: 'by the test' } };
      },
      copiesOf: () => 0,
    });
    figuresOf(ledger);
    const [{ kinds, droppedBy }] = ledger.groups as [(typeof ledger.groups)[0]];
    expect(kinds.map(({ messages }) => messages.intended)).toEqual([80, 20, 25]);
    expect(sumBy(kinds, (kind) => kind.droppedBy['slice-failed'] ?? 0)).toBe(droppedBy['slice-failed']);
    expect(droppedBy['slice-failed']).toBeGreaterThan(50);
  });

  it('are refused where a result has no counts of them', async () => {
    await expect(
      ledgerOfKinds({
        profile: mixed,
        storedOf: ({ result }) => ({
          result: { ...result, streams: result.streams.map(({ counts: _, ...stream }) => stream) },
        }),
      }),
    ).rejects.toThrow('A slice result without counts of its kinds of message');
  });

  it('show it where the counts of kinds differ from those of the slice', async () => {
    await expect(
      ledgerOfKinds({
        profile: mixed,
        storedOf: ({ result }) => ({
          result: { ...result, messages: { ...result.messages, acked: result.messages.acked + 1 } },
        }),
      }).then(({ ledger }) => figuresOf(ledger)),
    ).rejects.toThrow('slices whose counts differ from their sets = 0');
  });
});
