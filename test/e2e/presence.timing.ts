import { beforeAll, expect, it } from '@jest/globals';
import { firstCalm, rehearseOnce } from '../support/run/calm-run.ts';
import type { Line } from '../support/run/recording.ts';
import type { EndedRehearsal } from '../support/run/rehearsal.ts';

// A whole run that observes presence, with a storm in it: counts of devices, IoT Core's events about them and what its process recorded are
// the same.

const meters = 20;
const tags = 10;
const profile = {
  duration: '4s',
  drain: '1s',
  publish: { ackTimeout: '30s' },
  connect: { ratePerSecond: 50, backoff: { base: '1s', cap: '1s', jitter: 'none' } },
  groups: {
    meters: { devices: meters, ratePerSecond: 10 },
    tags: { devices: tags, ratePerSecond: 10, lifecycle: { awake: '1s', asleep: '2s' } },
    watch: { devices: 1, idle: true, observe: 'presence' },
  },
  slices: { devicesPerSlice: 10 },
  timeline: [{ at: '1s', group: 'meters', disconnect: { share: 0.5, how: 'drop' } }],
  // A device that leaves may take a message with it.
  thresholds: { unacknowledged_messages: [], dropped_messages: [] },
};

let ended: EndedRehearsal;

beforeAll(async () => {
  // On a busy machine the observer may be subscribed too late.
  ended = await firstCalm(
    3,
    () => rehearseOnce(profile),
    ({ report }) => !report.presence!.isWhole,
  );
});

/** Lines of this kind of the devices of a group. */
function countOf(what: Line['what'], first: number, devices: number): number {
  return ended.recorded.lines.filter((line) => {
    const device = Number(/-d(\d+)$/.exec(line.of)?.[1] ?? Number.NaN);
    return line.what === what && device >= first && device < first + devices;
  }).length;
}

it.each([
  ['meters', 0, meters],
  ['tags', meters, tags],
])('has an event for each connect and each disconnect of %s', (name, first, devices) => {
  const { presence } = ended.report;
  expect(presence).toMatchObject({ isWhole: true, slicesUnknown: 0, duplicates: 0, outOfOrder: 0 });
  const { connects, disconnects } = presence!.groups.find(({ group }) => group === name)!;
  const recorded = {
    connects: countOf('connected', first, devices),
    disconnects: countOf('disconnected', first, devices),
  };
  for (const [counts, count] of [
    [connects, recorded.connects],
    [disconnects, recorded.disconnects],
  ] as const)
    expect(counts).toEqual({ counted: count, events: count, missing: 0, unmatched: 0 });
  // Nothing is connected any more.
  expect(recorded.disconnects).toBe(recorded.connects);
});

it('sees each device that the storm disconnects leave and come back', () => {
  const { presence, storms } = ended.report;
  const disconnected = meters / 2;
  expect(storms!.list[0]).toMatchObject({ devices: disconnected, disconnected, recovered: disconnected });
  expect(presence!.groups.find(({ group }) => group === 'meters')).toMatchObject({
    connects: { events: meters + disconnected },
    disconnects: { events: meters + disconnected },
  });
  expect(presence!.disconnectedBy).toMatchObject({ CONNECTION_LOST: disconnected });
});
