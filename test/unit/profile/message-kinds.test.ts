import { describe, expect, it } from '@jest/globals';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const base = { devices: 100, ratePerSecond: 100, duration: '10s' };
const bare = { devices: 100, duration: '10s' };

function errorsOf(input: unknown): string[] {
  return inputErrorsOf(() => parseLoadProfile(input)).map(
    ({ path, message, hint }) => `${path}: ${message} (${hint})`,
  );
}

const many = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`k${i}`, {}]));
const stagesOf = (lengthMs: number) =>
  Array.from({ length: 1_000 }, (_, i) => ({ duration: `${lengthMs}ms`, target: i % 2 }));
const manyStages = Object.fromEntries(
  Array.from({ length: 20 }, (_, i) => [`k${i}`, { stages: stagesOf(600 + i) }]),
);
const theLoad =
  'the load is missing (give one of: stages with targets; ratePerSecond and duration; everySeconds and duration; everySeconds and stages without targets; burst and duration; idle and duration)';
const theWeight = 'its share of the load of the group is this, divided by the weights of all kinds';

const faultyMessages: readonly (readonly [what: string, profile: object, ...errors: string[]])[] = [
  [
    'a list',
    { ...base, messages: [] },
    'messages: must be an object (name each kind of message: {"reading": {"everySeconds": 60}, …})',
  ],
  ['no kind', { ...base, messages: {} }, 'messages: has 0 kinds of message (give 1 to 20, or remove it)'],
  [
    'too many kinds',
    { ...base, messages: many },
    'messages: has 21 kinds of message (give 1 to 20, or remove it)',
  ],
  [
    'a name with a blank',
    { ...base, messages: { 'a b': {} } },
    'messages.a b: cannot be the name of a kind of message (use 1 to 40 letters, digits, - and _)',
  ],
  [
    'a number for a kind',
    { ...base, messages: { a: 5 } },
    'messages.a: must be an object (such as {"sizeBytes": 512, "everySeconds": 60})',
  ],
  [
    'an unknown setting',
    { ...base, messages: { a: { wieght: 3 } } },
    'messages.a.wieght: is not a setting of a kind of message (did you mean "weight"?)',
  ],
  [
    'no weight at all',
    { ...base, messages: { a: { weight: 0 } } },
    `messages.a.weight: must be a number above 0, at most 1000000, not 0 (${theWeight})`,
  ],
  [
    'a weight as text',
    { ...base, messages: { a: { weight: '3' } } },
    `messages.a.weight: must be a number above 0, at most 1000000, not "3" (${theWeight})`,
  ],
  [
    'a weight and a load',
    { ...base, messages: { a: { weight: 3, everySeconds: 5 }, b: {} } },
    'messages.a.weight: the load is given twice, by messages.a.everySeconds too (remove messages.a.weight or messages.a.everySeconds)',
  ],
  [
    'a load that no kind has a share of',
    { ...base, messages: { a: { everySeconds: 5 }, b: { ratePerSecond: 1 } } },
    'ratePerSecond: the load is given twice, by every kind of message too (remove ratePerSecond, or give a kind a weight in place of its load)',
  ],
  [
    'stages that no kind has a share of',
    { devices: 10, stages: [{ duration: '10s', target: 5 }], messages: { a: { everySeconds: 5 } } },
    'stages: the load is given twice, by every kind of message too (remove the targets of the stages, or give a kind a weight in place of its load)',
  ],
  [
    'more stages together than a plan holds',
    { devices: 10, duration: '60s', messages: manyStages },
    'messages: have 19477 stages together, and the kinds of a group have 10000 at most (divide the kinds between groups, or give them fewer stages or longer periods)',
  ],
  [
    'no load to have a share of',
    { ...bare, messages: { a: { weight: 1 }, b: { everySeconds: 5 } } },
    `stages: ${theLoad}`,
  ],
  [
    'a start rate alone',
    { ...base, messages: { a: { startRate: 5 }, b: {} } },
    `messages.a.stages: ${theLoad}`,
  ],
  [
    'no duration',
    { devices: 10, messages: { a: { ratePerSecond: 5 } } },
    'duration: is missing (say how long, such as "5m", beside ratePerSecond)',
  ],
  [
    'an interval of 0',
    { ...base, messages: { a: { everySeconds: 0 }, b: {} } },
    'messages.a.everySeconds: must be above 0, not 0 (Each device publishes once in this many seconds; for example 5)',
  ],
  [
    'a stage without a length',
    { ...base, messages: { a: { stages: [{ duration: '4x', target: 5 }] }, b: {} } },
    'messages.a.stages[0].duration: "4x" is not a duration (How long the stage lasts; for example "5m")',
  ],
  [
    'an unknown QoS',
    { ...base, messages: { a: { qos: 3 }, b: {} } },
    'messages.a.qos: must be 0 or 1 or 2, not 3 (MQTT quality of service: 0, 1, or 2 towards a broker that has it; for example 1)',
  ],
  [
    'QoS 1 beside QoS 2',
    { ...base, messages: { a: { qos: 1 }, b: { qos: 2 } } },
    'messages: has QoS 1 and QoS 2, whose round trips are different things (put them into two groups)',
  ],
  [
    'a wildcard in a topic',
    { ...base, messages: { a: { topic: 'x/#' }, b: {} } },
    'messages.a.topic: a topic to publish to cannot hold the wildcards + and # (name every level; {deviceId} and {slice} differ by device)',
  ],
  [
    'a field of ours',
    { ...base, messages: { a: { payload: { stampede: 1 } }, b: {} } },
    'messages.a.payload.stampede: is a field that Stampede writes itself (give your field another name)',
  ],
  [
    'users',
    { users: 10, duration: '10s', messages: { a: {} } },
    'messages: has no meaning for users, who send one kind of message (remove messages, or give the load by rates; groups may differ in this)',
  ],
  [
    'an error in each of two groups',
    { ...base, groups: { g: { messages: { a: { wieght: 3 } } }, h: { messages: { b: { topic: 'x/+' } } } } },
    'groups.g.messages.a.wieght: is not a setting of a kind of message (did you mean "weight"?)',
    'groups.h.messages.b.topic: a topic to publish to cannot hold the wildcards + and # (name every level; {deviceId} and {slice} differ by device)',
  ],
];

const faultyShares: readonly (readonly [what: string, profile: object, ...errors: string[]])[] = [
  [
    'too little',
    { ...base, groups: { g: { share: 0.5 } } },
    'groups: has shares that sum to 0.5 (shares of all devices sum to 1)',
  ],
  [
    'too much',
    { ...base, groups: { g: { share: 0.5 }, h: { share: 0.6 } } },
    'groups: has shares that sum to 1.1 (shares of all devices sum to 1)',
  ],
  [
    'nothing of one group',
    { ...base, groups: { g: { share: 0.5 }, h: {} } },
    'groups.h.share: is missing, and others have one (give every group a share, or none)',
  ],
  [
    '0',
    { ...base, groups: { g: { share: 0 }, h: { share: 1 } } },
    'groups.g.share: must be a number above 0, at most 1, not 0 (the share of the devices at the top, such as 0.9)',
  ],
  [
    'a text',
    { ...base, groups: { g: { share: 'half' }, h: { share: 0.5 } } },
    'groups.g.share: must be a number above 0, at most 1, not "half" (the share of the devices at the top, such as 0.9)',
  ],
  [
    'devices as well',
    { ...base, groups: { g: { share: 0.5, devices: 5 }, h: { share: 0.5 } } },
    'groups.g.share: says how many devices, and devices does too (remove groups.g.share or groups.g.devices)',
  ],
  [
    'a share of nothing',
    { ratePerSecond: 10, duration: '10s', groups: { g: { share: 0.5 }, h: { share: 0.5 } } },
    'devices: is missing (how many devices the groups share, such as 2000)',
  ],
];

const kinds = { reading: {}, alarm: {} };
const fleet = { ...base, groups: { meters: { messages: kinds }, trackers: {} } };
const byKind =
  'is not measured by kind of message (kinds of message have counts of messages and latencies of arrivals of their own: end_to_end_latency, rule_latency, transit; remove kind from the selector)';

const faultyThresholds: readonly (readonly [name: string, profile: object, error: string])[] = [
  [
    'lost_messages{kind:alarn}',
    { ...base, messages: kinds },
    'names no kind of message of this profile: alarn (did you mean "alarm"?)',
  ],
  [
    'lost_messages{kind:alarm}',
    base,
    'names no kind of message of this profile: alarm (this profile has no messages with names)',
  ],
  [
    'lost_messages{kind:beat}',
    fleet,
    'names no kind of message of this profile: beat (the kinds are: reading, alarm)',
  ],
  [
    'lost{group:trackers,kind:alarm}',
    fleet,
    'names no kind of message of the group trackers: alarm (the group trackers has no messages with names)',
  ],
  [
    'lost{group:meters,kind:readin}',
    fleet,
    'names no kind of message of the group meters: readin (did you mean "reading"?)',
  ],
  ['lost{group:meter,kind:alarm}', fleet, 'names no group of this profile: meter (did you mean "meters"?)'],
  ['reconnects{kind:alarm}', fleet, byKind],
  ['slices_died{kind:alarm}', fleet, byKind],
  ['cloudwatch.PublishIn.Success{kind:alarm}', fleet, byKind],
  ['lost{kind:alarm,kind:reading}', fleet, 'is not a metric (did you mean "lost"?)'],
  ['requests{kind:alarm,status:500}', fleet, 'is not a metric (did you mean "requests"?)'],
];

describe('kinds of message of a profile', () => {
  it.each(faultyMessages)('are refused with %s', (_, profile, ...errors) => {
    expect(errorsOf(profile)).toEqual(errors);
  });

  it('have what publish has, and divide the load by weights beside loads of their own', () => {
    const profile = parseLoadProfile({
      ...base,
      publish: { sizeBytes: 512, ackTimeout: '2s' },
      messages: { reading: { weight: 3 }, alarm: { qos: 0, sizeBytes: 64 }, beat: { everySeconds: 20 } },
    });
    expect(profile.messages).toMatchObject([
      {
        name: 'reading',
        publish: { qos: 1, sizeBytes: 512 },
        stages: [{ durationMs: 10_000, targetPerSecond: 75 }],
      },
      {
        name: 'alarm',
        publish: { qos: 0, sizeBytes: 64 },
        stages: [{ durationMs: 10_000, targetPerSecond: 25 }],
      },
      {
        name: 'beat',
        publish: { qos: 1, sizeBytes: 512 },
        stages: [{ durationMs: 10_000, targetPerSecond: 5 }],
      },
    ]);
    expect(profile).toMatchObject({ startRatePerSecond: 105, publish: { ackTimeoutMs: 2_000 } });
  });

  it('are judged by what one of them measures', () => {
    const messages = { telemetry: { qos: 0 }, alarm: { qos: 1 } };
    const thresholds = { puback_round_trip: ['p(99)<500'] };
    const { thresholds: read } = parseLoadProfile({ ...base, publish: { qos: 0 }, messages, thresholds });
    expect(Object.keys(read)).toContain('unacknowledged_messages');
    expect(errorsOf({ ...base, messages: { telemetry: { qos: 0 } }, thresholds })).toEqual([
      'thresholds.puback_round_trip: a QoS 0 publish has no PUBACK, so it is never measured (set publish.qos to 1, or remove the threshold)',
    ]);
  });
});

describe('shares of devices', () => {
  it.each(faultyShares)('are refused with %s', (_, profile, ...errors) => {
    expect(errorsOf(profile)).toEqual(errors);
  });
});

describe('a threshold by kind of message', () => {
  it.each(faultyThresholds)('is refused as %s', (name, profile, error) => {
    const expression = name.startsWith('cloudwatch') ? 'count==0' : 'count<5';
    expect(errorsOf({ ...profile, thresholds: { [name]: [expression] } })).toEqual([
      `thresholds.${name}: ${error}`,
    ]);
  });

  it.each(['connect', 'reconnect', 'echo_latency'])(
    'is refused of %s, which is measured by group',
    (name) => {
      const found = errorsOf({ ...fleet, thresholds: { [`${name}{kind:alarm}`]: ['p(99)<500'] } });
      expect(found).toEqual([`thresholds.${name}{kind:alarm}: ${byKind}`]);
    },
  );

  it.each(['end_to_end_latency', 'rule_latency', 'transit', 'puback_round_trip', 'send_lag'])(
    'is taken of %s',
    (name) => {
      expect(
        errorsOf({ ...fleet, thresholds: { [`${name}{kind:alarm, group:meters}`]: ['p(99)<500'] } }),
      ).toEqual([]);
    },
  );
});
