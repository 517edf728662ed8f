import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { broadcastAssumptions } from '../../../src/plan/downlink-load.ts';
import {
  commandAt,
  commandFilters,
  commandStreamsOf,
  commandTopic,
  countDueAt,
  countReplies,
  countWithin,
  downlinksOf,
  isDueAt,
  placeOf,
  rankOf,
  replyTopic,
} from '../../../src/plan/downlinks.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';

interface Fleet {
  readonly meters: number;
  readonly trackers: number;
  readonly backends: number;
  readonly address: 'device' | 'broadcast';
  readonly to?: string | undefined;
}

function planOf({ meters, trackers, backends, address, to }: Fleet): Plan {
  const profile = parseLoadProfile({
    duration: '10s',
    groups: {
      trackers: { devices: trackers, ratePerSecond: 5 },
      operator: {
        from: 'backend',
        devices: backends,
        slices: { devicesPerSlice: 1 },
        command: { address, ...(to !== undefined && { to }) },
        ratePerSecond: 10,
      },
      meters: { devices: meters, ratePerSecond: 5, reply: {} },
    },
  });
  return draftPlan({ runId: 'run', profile, now: 0 }).plan;
}

const fleets: fc.Arbitrary<Fleet> = fc.record({
  meters: fc.integer({ min: 1, max: 12 }),
  trackers: fc.integer({ min: 1, max: 12 }),
  backends: fc.integer({ min: 1, max: 4 }),
  address: fc.constantFrom('device', 'broadcast'),
  to: fc.constantFrom(undefined, 'meters', 'trackers'),
});

describe('downlinksOf', () => {
  it('has one for each backend, with the devices over MQTT that it sends to', () => {
    const plan = planOf({ meters: 3, trackers: 2, backends: 2, address: 'broadcast' });
    const [downlink] = downlinksOf(plan);
    expect(downlink).toMatchObject({ devices: 5, fanOut: 5, replying: 3 });
    expect(downlink?.receivers.map(({ group }) => group)).toEqual(['trackers', 'meters']);
  });

  it('numbers places over the groups that receive, in the order of the profile', () => {
    const plan = planOf({ meters: 3, trackers: 2, backends: 2, address: 'device' });
    const [downlink] = downlinksOf(plan);
    // Devices 2 and 3 are the clients of the backend.
    expect([0, 1, 2, 3, 4, 6, 7].map((device) => placeOf(downlink!, device))).toEqual([
      0,
      1,
      undefined,
      undefined,
      2,
      4,
      undefined,
    ]);
  });
});

describe('command streams', () => {
  it('publish each command where exactly the devices that it is due at subscribe', () => {
    fc.assert(
      fc.property(fleets, fc.nat(40), (fleet, n) => {
        const plan = planOf(fleet);
        for (const stream of downlinksOf(plan).flatMap(commandStreamsOf)) {
          const topic = commandTopic(stream, n);
          for (const group of groupsOf(plan)) {
            for (let i = 0; i < group.profile.devices; i++) {
              const device = group.firstDevice + i;
              const place = placeOf(stream.downlink, device);
              const isDue = place !== undefined && isDueAt(stream, n, place);
              expect(commandFilters(plan, group, device).includes(topic)).toBe(isDue);
            }
          }
        }
      }),
    );
  });

  it('rank deliveries without a gap, and count them by place as they come', () => {
    fc.assert(
      fc.property(fleets, fc.nat(40), (fleet, commands) => {
        for (const stream of downlinksOf(planOf(fleet)).flatMap(commandStreamsOf)) {
          const { devices, fanOut } = stream.downlink;
          const ranks: number[] = [];
          for (let place = 0; place < devices; place++) {
            const due = Array.from({ length: commands }, (_, n) => n).filter((n) =>
              isDueAt(stream, n, place),
            );
            ranks.push(...due.map((n) => rankOf(stream, n, place)));
            expect(countDueAt(stream, place, commands)).toBe(due.length);
            expect(due.map((_, i) => commandAt(stream, place, i))).toEqual(due);
          }
          ranks.sort((a, b) => a - b);
          expect(ranks).toEqual(Array.from({ length: commands * fanOut }, (_, rank) => rank));
        }
      }),
    );
  });

  it('count the deliveries of places in a row as one by one', () => {
    fc.assert(
      fc.property(
        fleets,
        fc.nat(12),
        fc.nat(12),
        fc.nat(90),
        fc.nat(90),
        (fleet, first, count, from, until) => {
          for (const stream of downlinksOf(planOf(fleet)).flatMap(commandStreamsOf)) {
            const { devices } = stream.downlink;
            const range = { first: first % devices, count: Math.min(count, devices - (first % devices)) };
            let expected = 0;
            for (let n = 0; n < until; n++)
              for (let place = range.first; place < range.first + range.count; place++) {
                const rank = rankOf(stream, n, place);
                if (isDueAt(stream, n, place) && rank >= from && rank < until) expected++;
              }
            expect(countWithin(stream, range, from, until)).toBe(expected);
          }
        },
      ),
    );
  });

  it('count the replies that are due', () => {
    fc.assert(
      fc.property(fleets, fc.nat(40), (fleet, commands) => {
        const plan = planOf(fleet);
        for (const stream of downlinksOf(plan).flatMap(commandStreamsOf)) {
          let expected = 0;
          for (const group of stream.downlink.receivers.filter(({ profile }) => profile.reply !== undefined))
            for (let i = 0; i < group.profile.devices; i++)
              expected += countDueAt(stream, placeOf(stream.downlink, group.firstDevice + i)!, commands);
          expect(countReplies(stream, commands)).toBe(expected);
        }
      }),
    );
  });

  it('take no replies over HTTPS', () => {
    const profile = parseLoadProfile({
      duration: '1s',
      groups: {
        meters: { devices: 1, ratePerSecond: 5, reply: {} },
        operator: { from: 'backend', connect: { protocol: 'https' }, ratePerSecond: 5 },
      },
    });
    const [downlink] = downlinksOf(draftPlan({ runId: 'run', profile, now: 0 }).plan);
    expect(downlink).toMatchObject({ devices: 1, fanOut: 1, replying: 0 });
  });
});

describe('a broadcast to one device', () => {
  it('is one by its topic, its ranks and its plan, as to many', () => {
    const plan = planOf({ meters: 1, trackers: 2, backends: 1, address: 'broadcast', to: 'meters' });
    const [downlink] = downlinksOf(plan);
    expect(downlink).toMatchObject({ isBroadcast: true, devices: 1, fanOut: 1 });
    const [stream] = commandStreamsOf(downlink!);
    expect(commandTopic(stream!, 3)).toBe('stampede-commands/run/groups/meters');
    expect(commandFilters(plan, groupsOf(plan)[2]!, 3)).toEqual(['stampede-commands/run/groups/meters']);
    expect(rankOf(stream!, 3, 0)).toBe(3);
    expect(broadcastAssumptions(plan)).toEqual([expect.stringContaining('to 1 device is')]);
  });
});

describe('replyTopic', () => {
  it('is outside what devices subscribe to', () => {
    const [downlink] = downlinksOf(planOf({ meters: 1, trackers: 1, backends: 1, address: 'device' }));
    expect(replyTopic(downlink!.sender, 7)).toBe('stampede-commands/run/replies/d7');
  });
});

describe('topics of groups with stable ids', () => {
  const profile = parseLoadProfile({
    name: 'fleet',
    duration: '10s',
    groups: {
      locks: {
        devices: 2,
        idle: true,
        connect: { cleanStart: false, sessionExpiry: '1h', identity: 'stable' },
      },
      meters: { devices: 2, ratePerSecond: 5 },
      operator: { from: 'backend', ratePerSecond: 5, connect: { identity: 'stable' } },
      firmware: { from: 'backend', command: { address: 'broadcast' }, ratePerSecond: 1 },
      prices: { from: 'backend', command: { address: 'broadcast', to: 'meters' }, ratePerSecond: 1 },
    },
  });
  const topicsOf = (runId: string) => {
    const { plan } = draftPlan({ runId, profile, now: 0 });
    const [locks, meters, operator] = groupsOf(plan);
    const streams = downlinksOf(plan).map((downlink) => commandStreamsOf(downlink)[0]!);
    return {
      locks: commandFilters(plan, locks!, 1),
      meters: commandFilters(plan, meters!, 3),
      replies: replyTopic(operator!, 4),
      sent: [commandTopic(streams[0]!, 1), ...streams.map((stream) => commandTopic(stream, 3))],
    };
  };

  it('are the same in each run, so that sessions gain no subscription', () => {
    expect(topicsOf('fleet-1').locks).toEqual([
      'stampede-commands/fleet/devices/d1',
      'stampede-commands/fleet/all',
    ]);
    expect(topicsOf('fleet-2').locks).toEqual(topicsOf('fleet-1').locks);
    expect(topicsOf('fleet-2').replies).toBe('stampede-commands/fleet/replies/d4');
  });

  it('are of the run where no such group subscribes to them', () => {
    expect(topicsOf('fleet-1').meters).toEqual([
      'stampede-commands/fleet-1/devices/d3',
      'stampede-commands/fleet/all',
      'stampede-commands/fleet-1/groups/meters',
    ]);
  });

  it('are where commands are published', () => {
    expect(topicsOf('fleet-1').sent).toEqual([
      'stampede-commands/fleet/devices/d1',
      'stampede-commands/fleet-1/devices/d3',
      'stampede-commands/fleet/all',
      'stampede-commands/fleet-1/groups/meters',
    ]);
  });
});
