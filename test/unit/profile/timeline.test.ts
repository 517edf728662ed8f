import { describe, expect, it } from '@jest/globals';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import type { InputError } from '../../../src/shared/errors.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const flat = { devices: 100, ratePerSecond: 10, duration: '60s' };
const grouped = {
  everySeconds: 10,
  duration: '60s',
  groups: { meters: { devices: 90 }, trackers: { devices: 10, duration: '20s' } },
};

function errorsOf(profile: object): readonly InputError[] {
  return inputErrorsOf(() => parseLoadProfile(profile));
}

describe('a timeline', () => {
  it('has an instant, a group and what happens to it', () => {
    const { timeline } = parseLoadProfile({
      ...grouped,
      timeline: [
        { at: '30s', group: 'meters', disconnect: { share: 0.5, how: 'clean' } },
        { at: '1.5s', disconnect: {} },
      ],
    });
    expect(timeline).toEqual([
      { atMs: 30_000, group: 'meters', action: { kind: 'disconnect', share: 0.5, how: 'clean' } },
      { atMs: 1_500, action: { kind: 'disconnect', share: 1, how: 'drop' } },
    ]);
  });

  it('changes rates by a factor of the planned one, or to messages a second', () => {
    const { timeline } = parseLoadProfile({
      ...grouped,
      timeline: [
        { at: '5s', group: 'meters', rate: '1.5x' },
        { at: '10s', rate: 200 },
        { at: '15s', rate: '0' },
      ],
    });
    expect(timeline).toEqual([
      { atMs: 5_000, group: 'meters', action: { kind: 'rate', factor: 1.5 } },
      { atMs: 10_000, action: { kind: 'rate', perSecond: 200 } },
      { atMs: 15_000, action: { kind: 'rate', perSecond: 0 } },
    ]);
  });

  it('changes how many users of a closed model are active', () => {
    const { timeline } = parseLoadProfile({
      groups: {
        meters: { devices: 10, everySeconds: 10, duration: '60s' },
        people: { users: 20, devices: 50, duration: '60s' },
      },
      timeline: [{ at: '5s', users: 50 }],
    });
    expect(timeline).toEqual([{ atMs: 5_000, action: { kind: 'users', count: 50 } }]);
  });

  it('lets devices connect again, and be taken in', () => {
    const { timeline } = parseLoadProfile({
      ...flat,
      timeline: [
        { at: '5s', connects: 0.5 },
        { at: '5s', devices: 0 },
      ],
    });
    expect(timeline).toEqual([
      { atMs: 5_000, action: { kind: 'connects', perSecond: 0.5 } },
      { atMs: 5_000, action: { kind: 'devices', count: 0 } },
    ]);
  });

  it('has all errors at once, whichever entries they are in', () => {
    const timeline = [
      { at: '1s' },
      { at: '70s', disconnect: {} },
      { at: 5, disconnect: {} },
      { at: '2s', rate: 'twice' },
      { at: '3s', disconnect: { share: 2 } },
    ];
    expect(
      errorsOf({ ...flat, timeline })
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual([
      'timeline[0]',
      'timeline[1].at',
      'timeline[2].at',
      'timeline[3].rate',
      'timeline[4].disconnect.share',
    ]);
  });

  it.each<[string, object, object, string[]]>([
    [
      'of its instant, group and rate beside an unknown setting of a second action',
      grouped,
      { at: '90s', group: 'x', rate: 'twice', network: { delya: 1 } },
      [
        'timeline[0].network.delya: did you mean "delay"?',
        'timeline[0]: give each an entry of its own, at the same instant',
        'timeline[0].at: give less than 1m',
        'timeline[0].group: the groups are: meters, trackers',
        'timeline[0].rate: give a factor of the planned rate, such as "1.5x", or messages a second, such as 12000',
      ],
    ],
    [
      'of one setting of a network beside the shape of another',
      flat,
      { at: '1s', network: { delay: { exponentail: '1s' }, loss: 2, stall: { everySeconds: 5, for: '6s' } } },
      [
        'timeline[0].network.delay.exponentail: did you mean "exponential"?',
        'timeline[0].network.loss: Share of the packets, from 0 to 1, that are lost; for example 0.02',
        'timeline[0].network.stall.for: give more than 0s and less than 5s',
      ],
    ],
    [
      'of its group beside an instant that is no text',
      grouped,
      { at: 5, group: 'meters', faults: { dropAck: 0.1 } },
      [
        'timeline[0].at: When, counted from the instant at which publishing begins; for example "30s"',
        'timeline[0].faults.dropAck: did you mean "dropAcks"?',
        'timeline[0].group: remove it; clients, of the faults, chooses devices by the beginning of their client ids',
      ],
    ],
    [
      'of a load that cannot be read, but none of an end that is not known',
      { ...flat, duration: 'sixty' },
      { at: '400s', rate: 'twice' },
      [
        'duration: How long devices publish, with ratePerSecond, everySeconds or users; for example "5m"',
        'timeline[0].rate: give a factor of the planned rate, such as "1.5x", or messages a second, such as 12000',
      ],
    ],
  ])('has errors %s', (_of, profile, entry, expected) => {
    const errors = errorsOf({ ...profile, timeline: [entry] });
    expect(errors.map(({ path, hint }) => `${path}: ${hint}`)).toEqual(expected);
  });

  it('is absent unless it is given', () => {
    expect(parseLoadProfile(flat)).not.toHaveProperty('timeline');
  });

  it.each([
    [
      { ...grouped, timeline: [{ at: '1s', group: 'metres', disconnect: {} }] },
      'timeline[0].group',
      'did you mean "meters"?',
    ],
    [
      { ...flat, timeline: [{ at: '1s', group: 'meters', disconnect: {} }] },
      'timeline[0].group',
      'the profile has no groups',
    ],
    [{ ...flat, timeline: [{ at: '60s', disconnect: {} }] }, 'timeline[0].at', 'give less than 1m'],
    [
      { ...grouped, timeline: [{ at: '30s', group: 'trackers', disconnect: {} }] },
      'timeline[0].at',
      'give less than 20s',
    ],
    [
      { ...flat, timeline: [{ at: '1s' }] },
      'timeline[0]',
      'give it one: "disconnect": {"share": 1, "how": "drop"}',
    ],
    [
      { ...flat, timeline: [{ at: '1s', disconect: {} }] },
      'timeline[0].disconect',
      'did you mean "disconnect"?',
    ],
    [
      { ...flat, timeline: [{ at: '1s', network: { delya: '5ms' } }] },
      'timeline[0].network.delya',
      'did you mean "delay"?',
    ],
    [{ ...flat, timeline: [{ at: '1s', network: 'lte-n' }] }, 'timeline[0].network', 'did you mean "lte-m"?'],
    [
      { ...flat, timeline: [{ at: '1s', faults: { dropAcks: 3 } }] },
      'timeline[0].faults.dropAcks',
      'Share (0–1) of accepted QoS 1 publishes whose PUBACK is never sent; for example 0.1',
    ],
    [
      { ...flat, timeline: [{ at: '1s', disconnect: { how: 'dropp' } }] },
      'timeline[0].disconnect.how',
      'did you mean "drop"?',
    ],
    [
      { ...flat, connect: { protocol: 'https' }, timeline: [{ at: '1s', disconnect: {} }] },
      'timeline[0]',
      'remove it, or set connect.protocol to "mqtt"',
    ],
    [
      { ...flat, connect: { client: 'device-sdk' }, timeline: [{ at: '1s', disconnect: { how: 'silent' } }] },
      'timeline[0].disconnect.how',
      'set connect.client to "dense"',
    ],
    [
      {
        ...flat,
        lifecycle: { awake: '2s', asleep: '5s' },
        timeline: [{ at: '1s', disconnect: {} }],
      },
      'timeline[0]',
      'set group to one whose devices stay awake, or remove lifecycle',
    ],
    [
      {
        ...flat,
        timeline: [
          { at: '1s', disconnect: {} },
          { at: '1000ms', disconnect: { how: 'clean' } },
        ],
      },
      'timeline[1].at',
      'give it another instant, or one action with a larger share',
    ],
    [
      { ...flat, timeline: [{ at: '1s', rate: '2000x' }] },
      'timeline[0].rate',
      'give a factor of the planned rate, such as "1.5x", or messages a second, such as 12000',
    ],
    [{ ...flat, timeline: [{ at: '1s', users: 5 }] }, 'timeline[0].users', 'change the rate instead'],
    [
      { users: 20, duration: '60s', timeline: [{ at: '1s', users: 21 }] },
      'timeline[0].users',
      'give at most as many as there are devices',
    ],
    [
      {
        groups: { a: { users: 5, duration: '60s' }, b: { users: 5, duration: '60s' } },
        timeline: [{ at: '1s', users: 1 }],
      },
      'timeline[0].users',
      'set group to one with users, and give at most as many as it has devices',
    ],
    [{ ...flat, timeline: [{ at: '61s', rate: 1 }] }, 'timeline[0].at', 'give less than 1m'],
    [
      { ...flat, timeline: [{ at: '1s', connects: 100_000 }] },
      'timeline[0].connects',
      'give fewer, of devices that stay connected over MQTT',
    ],
    [
      { ...flat, timeline: [{ at: '1s', devices: 100_000 }] },
      'timeline[0].devices',
      'give at most as many as there are, of devices that stay connected over MQTT',
    ],
    [
      {
        groups: { a: { users: 5, duration: '60s' }, b: { users: 5, duration: '60s' } },
        timeline: [{ at: '1s', devices: 1 }],
      },
      'timeline[0].devices',
      'set group to one of devices that stay connected over MQTT, and give at most as many as it has',
    ],
    [
      { devices: 1, idle: true, duration: '60s', timeline: [{ at: '1s', rate: 10 }] },
      'timeline[0].rate',
      'remove it',
    ],
    [
      {
        ...flat,
        timeline: [
          { at: '1s', rate: '2x' },
          { at: '1000ms', rate: 10 },
        ],
      },
      'timeline[1].at',
      'give it another instant, or leave one out',
    ],
    [
      { ...grouped, timeline: [{ at: '1s', group: 'meters', faults: 'none' }] },
      'timeline[0].group',
      'remove it; clients, of the faults, chooses devices by the beginning of their client ids',
    ],
    [{ ...flat, timeline: [{ at: '60s', faults: 'none' }] }, 'timeline[0].at', 'give less than 1m'],
    [
      { ...flat, timeline: [{ at: '1s', faults: 'none', disconnect: {} }] },
      'timeline[0]',
      'give each an entry of its own, at the same instant',
    ],
    [
      {
        ...flat,
        timeline: [
          { at: '1s', faults: { dropAcks: 0.5 } },
          { at: '1s', disconnect: {} },
          { at: '1s', faults: 'none' },
        ],
      },
      'timeline[2].at',
      'give it another instant, or one action with all settings',
    ],
  ])('is refused where it cannot be carried out: %j', (profile, path, hint) => {
    expect(errorsOf(profile)).toEqual([expect.objectContaining({ path, hint })]);
  });

  it.each([
    [undefined, 'meters'],
    ['meters', undefined],
    ['meters', 'meters'],
  ])(
    'is refused where two disconnects at one instant share devices: those of %s and of %s',
    (first, second) => {
      const [one, other] = [first, second].map((group) => ({
        at: '1s',
        ...(group && { group }),
        disconnect: {},
      }));
      expect(errorsOf({ ...grouped, timeline: [one, other] }).map(({ path }) => path)).toEqual([
        'timeline[1].at',
      ]);
    },
  );

  it('moves devices between the Regions of the profile, and no others', () => {
    const regions = { 'eu-west-1': 0.5, 'us-east-1': 0.5 };
    const failover = { from: 'eu-west-1', to: 'us-east-1' };
    const refused = (timeline: readonly unknown[], more: Readonly<Record<string, unknown>> = { regions }) =>
      errorsOf({ ...flat, ...more, timeline }).map(({ path, message }) => `${path} ${message}`);
    expect(parseLoadProfile({ ...flat, regions, timeline: [{ at: '1s', failover }] }).timeline).toEqual([
      { atMs: 1_000, action: { kind: 'failover', share: 1, ...failover } },
    ]);
    expect(refused([{ at: '1s', failover }], {})).toEqual([
      'timeline[0].failover moves devices between Regions, and the profile has none',
    ]);
    expect(refused([{ at: '1s', failover: { ...failover, to: 'us-east-2' } }])).toEqual([
      'timeline[0].failover.to names no Region of this profile: us-east-2',
    ]);
    expect(refused([{ at: '1s', failover: { ...failover, to: 'eu-west-1' } }])).toEqual([
      'timeline[0].failover.to is where the devices are: eu-west-1',
    ]);
    expect(
      refused([
        { at: '1s', failover },
        { at: '1s', failover: { share: 0.5, ...failover } },
      ]),
    ).toEqual(['timeline[1].at is the second failover from eu-west-1 at 1s of the same devices']);
    const asleep = { regions, lifecycle: { awake: '2s', asleep: '2s' } };
    expect(refused([{ at: '1s', failover }], asleep)).toEqual([
      expect.stringMatching(/^timeline\[0\]\.failover disconnects devices that have a lifecycle/),
    ]);
    expect(refused([{ at: '1s', failover }], { regions, connect: { protocol: 'https' } })).toEqual([
      expect.stringMatching(/^timeline\[0\]\.failover has no meaning over HTTP/),
    ]);
  });

  it('may be for a group whose devices stay awake, beside one whose devices sleep', () => {
    const { devices: _, ...load } = flat;
    const groups = {
      meters: { devices: 50 },
      trackers: { devices: 50, lifecycle: { awake: '2s', asleep: '5s' } },
    };
    const at = { at: '1s', disconnect: {} };
    expect(errorsOf({ ...load, groups, timeline: [{ ...at, group: 'meters' }] })).toEqual([]);
    expect(errorsOf({ ...load, groups, timeline: [at] })).toHaveLength(1);
  });

  it('is refused once where it is wrong for every group', () => {
    expect(
      errorsOf({ ...grouped, timeline: [{ at: 5, disconnect: { share: 2 } }] }).map(({ path }) => path),
    ).toEqual(['timeline[0].at', 'timeline[0].disconnect.share']);
  });
});
