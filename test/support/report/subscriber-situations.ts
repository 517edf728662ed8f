import type { SubscriberRecord } from '../../../src/measure/subscriber-record.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import {
  brokerSamplesOf,
  type FateCounts,
  subscriberRecordOf,
  testBroker as target,
} from '../measure/subscribed-run.ts';
import type { NamedSituation, Situation } from './true-run.ts';

const qos0 = { publish: { qos: 0 } };
const someLost: Situation['fateOf'] = (_, n) => ({ copies: n % 50 === 7 ? 0 : 1 });

/** What Mosquitto counts of such a run: it dropped what did not arrive. */
const counted = ({ taken, received, duplicates }: FateCounts, plan: Plan) =>
  brokerSamplesOf(plan, {
    received: taken,
    sent: received + duplicates + 3,
    dropped: taken - received,
  });

const whole = (counts: FateCounts, plan: Plan): Partial<SubscriberRecord> => ({
  broker: counted(counts, plan),
});

/** A connection that was lost in the middle of the run, for half a second. */
const gapsOf = ({ timeline }: Plan, isSessionKept: boolean | null) => ({
  gaps: [{ from: timeline.publishAt + 3_500, until: timeline.publishAt + 4_000, isSessionKept }],
  connects: 2,
  disconnectedBy: { ECONNRESET: 1 },
});

/** Runs that a subscriber counts. */
export const subscribers: readonly NamedSituation[] = [
  ['a subscriber counted all messages of a broker', { subscriber: { target, record: whole } }],
  ['a broker dropped messages', { fateOf: someLost, subscriber: { target, record: whole } }],
  [
    'a broker sent messages that a broken connection lost',
    {
      fateOf: someLost,
      subscriber: {
        target,
        record: (counts, plan) => ({
          ...gapsOf(plan, false),
          broker: brokerSamplesOf(plan, {
            received: counts.taken,
            sent: counts.taken + 3,
            dropped: counts.taken - counts.received,
          }),
        }),
      },
    },
  ],
  ...[1, 2].map(
    (qos): NamedSituation => [
      `a broker sent messages of QoS ${qos} again in a session that went on`,
      {
        profile: { publish: { qos } },
        fateOf: (_, n) => ({ copies: n % 50 === 7 ? 2 : 1 }),
        subscriber: {
          target,
          record: (counts, plan) => ({
            ...gapsOf(plan, true),
            redelivered: counts.duplicates + 2,
            ...whole(counts, plan),
          }),
        },
      },
    ],
  ),
  [
    'a subscriber lost its connection at QoS 0',
    {
      profile: qos0,
      fateOf: someLost,
      subscriber: { target, record: (counts, plan) => ({ ...gapsOf(plan, null), ...whole(counts, plan) }) },
    },
  ],
  [
    'a broker did not take all messages at QoS 0',
    {
      profile: qos0,
      fateOf: (_, n) => ({ taken: n % 50 !== 7 }),
      subscriber: {
        target,
        record: (counts, plan) => ({
          broker: brokerSamplesOf(plan, {
            received: counts.taken,
            sent: counts.received + 3,
            dropped: counts.sent - counts.received,
          }),
        }),
      },
    },
  ],
  [
    'a broker does not count messages with RETAIN',
    {
      profile: { publish: { retain: true } },
      fateOf: someLost,
      subscriber: {
        target,
        record: ({ taken, received, duplicates }, plan) => ({
          broker: brokerSamplesOf(plan, {
            ...{ received: 0, sent: received + duplicates + 3, dropped: taken - received },
          }),
        }),
      },
    },
  ],
  ['a subscriber died', { fateOf: someLost, subscriber: { target, record: null } }],
  [
    'a subscriber died, and it is known of what',
    { fateOf: someLost, subscriber: { target, record: null, diedOf: 'SubscriberFailed' } },
  ],
  [
    'a subscriber was busy, and messages were lost',
    {
      fateOf: someLost,
      truth: { isSubscriberBusy: true },
      subscriber: {
        target,
        record: (counts, plan) => ({
          ...whole(counts, plan),
          health: { ...subscriberRecordOf(plan).health, peakCpuShare: 0.97 },
        }),
      },
    },
  ],
  [
    'a broker was started again',
    {
      subscriber: {
        target,
        record: (counts, plan) => {
          const broker = counted(counts, plan);
          return {
            broker: {
              ...broker,
              samples: broker.samples.map((each, i) => (i % 2 ? { ...each, value: 5 } : each)),
            },
          };
        },
      },
    },
  ],
  [
    'a broker published its counts late',
    {
      subscriber: {
        target,
        record: (counts, plan) => {
          const { samples } = counted(counts, plan);
          return { broker: { name: 'EMQX', since: 0, samples: samples.filter((_, i) => i % 2 === 1) } };
        },
      },
    },
  ],
  ['messages came neither to the rule nor to a subscriber', { fateOf: someLost, subscriber: {} }],
  [
    'devices and a subscriber received what the service sent out',
    {
      profile: { echo: { fraction: 1 } },
      fateOf: someLost,
      subscriber: {},
      sums: ({ received, taken }, echoes) => ({
        'PublishOut.Success': echoes + received,
        'PublishOut.Throttle': taken - received,
      }),
    },
  ],
  [
    'messages of other runs came to a subscriber',
    {
      truth: { otherRuns: 4 }, // They were published before this run began.
      subscriber: {
        target,
        otherRuns: 4,
        record: (counts, plan) => ({
          broker: brokerSamplesOf(plan, { received: counts.taken, sent: counts.received + 4, dropped: 0 }),
        }),
      },
    },
  ],
];
