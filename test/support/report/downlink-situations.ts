import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { OfflineTimesRecord } from '../../../src/measure/offline-times.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { createdAt, histogramOf } from '../measure/run-fixture.ts';
import { testBroker } from '../measure/subscribed-run.ts';
import type { NamedSituation, Situation } from './true-run.ts';
import type { TrueDownlink } from './truth.ts';

/** Slices 0 to 2 are meters, 100 each; slice 3 is the backend's one client, with 40 commands. */
const backend = 3;
const commands = 40;
const meters = 300;

function profileOf(
  command: Readonly<Record<string, unknown>>,
  reply?: object,
  publish = {},
): NonNullable<Situation['profile']> {
  return {
    devices: undefined,
    stages: undefined,
    groups: {
      meters: {
        devices: meters,
        stages: [{ duration: '8s', target: 100 }],
        ...(reply && { reply }),
      },
      operator: { from: 'backend', command, ratePerSecond: 5, duration: '8s', publish },
    },
    thresholds: {
      lost_commands: ['count==0'],
      downlink_latency: ['p(99)<1000'],
      ...(reply && { timed_out_replies: ['rate<0.5'] }),
    },
  };
}

const setOf = (first: number, end: number) => {
  const ranks = new IntervalSet();
  ranks.addRange(first, end - first);
  return ranks.encode();
};

/** The first meters received commands 0 to 29, one of them twice, and some of the others were offline. */
const received = { delivered: 30, duplicates: 1, offline: 4, repliesSent: 28 };
const inTurn: TrueDownlink = {
  sent: commands,
  due: commands,
  delivered: received.delivered,
  duplicates: received.duplicates,
  offline: received.offline,
  throttled: 3,
  lost: 3,
  unknown: 0,
  replied: 25,
  timedOut: 15,
  late: 2,
  repliesSent: received.repliesSent,
  subscribesRefused: 4,
};

function withCommands(result: SliceResult): SliceResult {
  if (result.slice === backend)
    return {
      ...result,
      replies: {
        replied: setOf(0, inTurn.replied!),
        late: inTurn.late!,
        duplicates: 0,
        unrelated: 0,
        roundTrip: histogramOf(Array.from({ length: inTurn.replied! }, (_, i) => 100 + i)),
        subscribeRefusedBy: { QuotaExceeded: 1 },
      },
    };
  const isFirst = result.slice === 0;
  const { delivered, duplicates, offline, repliesSent } = received;
  return {
    ...result,
    downlink: {
      arrivals: isFirst ? delivered + duplicates : 0,
      unrelated: 0,
      seen: isFirst ? { [backend]: setOf(0, delivered) } : {},
      offline: isFirst ? { [backend]: setOf(delivered, delivered + offline) } : {},
      latency: histogramOf(isFirst ? Array.from({ length: delivered + duplicates }, (_, i) => 9 + i) : []),
      repliesSent: isFirst ? { [backend]: repliesSent } : {},
      subscribeRefusedBy: { QuotaExceeded: 1 },
    },
  };
}

/** Milliseconds after the plan was made: longer than the run. */
const longMs = 60_000;

/** The backend had no subscription to replies all the time. */
function withoutReplies(result: SliceResult): SliceResult {
  const { replies, downlink, ...recorded } = withCommands(result);
  if (replies === undefined)
    return {
      ...recorded,
      downlink: {
        ...downlink!,
        ...(result.slice === 0 && { repliesSent: { [backend]: received.delivered } }),
      },
    };
  const times = new OfflineTimesRecord(1, createdAt);
  times.add(0, createdAt, createdAt + longMs);
  const none = { replied: [], late: 0, roundTrip: histogramOf([]), offlineTimes: times.encode() };
  return { ...recorded, replies: { ...replies, ...none } };
}

/** Command 30 was sent late, within the tenth of a second in which meter 30 lost its subscription. */
function withLateCommand(result: SliceResult): SliceResult {
  const { replies: _, ...recorded } = withCommands(result);
  const { streams, downlink } = recorded;
  const at = createdAt + 20_000;
  if (result.slice === backend)
    return { ...recorded, streams: [{ ...streams[0]!, lateSends: [{ at, n: setOf(30, 31) }] }] };
  if (result.slice !== 0) return recorded;
  const times = new OfflineTimesRecord(100, createdAt);
  times.add(30, at + 50, createdAt + longMs);
  return { ...recorded, downlink: { ...downlink!, repliesSent: {}, offlineTimes: times.encode() } };
}

/** The same of the last 20 commands for all but the meters of slice 1, which received none of them. */
function withHalfOfBroadcasts(result: SliceResult): SliceResult {
  const recorded = withBroadcasts(result);
  if (result.slice !== 1) return recorded;
  const ranks = new IntervalSet();
  for (let n = 0; n < commands / 2; n++) ranks.addRange(n * meters + 100, 100);
  return {
    ...recorded,
    downlink: { ...recorded.downlink!, arrivals: ranks.count, seen: { [backend]: ranks.encode() } },
  };
}

/** Each meter received each command, as far as its slice recorded it. */
function withBroadcasts(result: SliceResult): SliceResult {
  if (result.slice === backend) return result;
  const ranks = new IntervalSet();
  for (let n = 0; n < commands; n++) ranks.addRange(n * meters + result.slice * 100, 100);
  return {
    ...result,
    downlink: {
      arrivals: ranks.count,
      unrelated: 0,
      seen: { [backend]: ranks.encode() },
      offline: {},
      latency: histogramOf([8, 9, 10]),
      repliesSent: {},
      subscribeRefusedBy: {},
    },
  };
}

/** The service counts commands and replies too, in and out. */
const sumsWith =
  (taken: number, out: number, throttled = 0): NonNullable<Situation['sums']> =>
  (truth) => ({
    'PublishIn.Success': truth.taken + taken,
    'PublishOut.Success': out,
    'PublishOut.Throttle': throttled,
  });
const commandsOut = received.delivered + received.duplicates;
const withRepliesIn = commands + received.repliesSent - 2;
const withRepliesOut = commandsOut + inTurn.replied! + inTurn.late!;

/** Without replies, and with every meter subscribed in time: nothing but deliveries is missing. */
function withDeliveriesAlone(result: SliceResult): SliceResult {
  const { replies: _, ...recorded } = withCommands(result);
  if (recorded.downlink === undefined) return recorded;
  return { ...recorded, downlink: { ...recorded.downlink, offline: {}, repliesSent: {} } };
}
const deliveriesAlone: TrueDownlink = {
  sent: commands,
  due: commands,
  delivered: received.delivered,
  duplicates: received.duplicates,
  unknown: 0,
  offline: 0,
  throttled: 4,
  lost: 6,
  subscribesRefused: 3,
};

export const downlinkSituations: readonly NamedSituation[] = [
  [
    'a backend sent commands to devices in turn, and some did not come',
    {
      profile: profileOf({ replyTimeout: '2s' }, {}),
      record: withCommands,
      sums: sumsWith(withRepliesIn, withRepliesOut, inTurn.throttled),
      truth: { downlink: inTurn },
    },
  ],
  [
    'replies and offline deliveries may be among what the service refused',
    {
      profile: profileOf({ replyTimeout: '2s' }, {}),
      record: withCommands,
      // Of the 8, 1 may be a reply that did not come and 4 may be deliveries to meters that were offline.
      sums: sumsWith(withRepliesIn, withRepliesOut, 8),
      truth: { downlink: { ...inTurn, stated: { throttled: 6, lost: 0 } } },
    },
  ],
  [
    'deliveries alone can be what the service refused',
    {
      profile: profileOf({}),
      record: withDeliveriesAlone,
      sums: sumsWith(commands, commandsOut, deliveriesAlone.throttled),
      truth: { downlink: deliveriesAlone },
    },
  ],
  [
    'commands were lost and the service refused nothing',
    {
      profile: profileOf({}, undefined, { qos: 0 }),
      record: withDeliveriesAlone,
      // Two of the commands did not reach it.
      sums: sumsWith(commands - 2, commandsOut),
      truth: { downlink: { ...deliveriesAlone, throttled: 0, lost: 10 } },
    },
  ],
  [
    'commands are missing and CloudWatch has no data yet',
    {
      profile: profileOf({}),
      record: withDeliveriesAlone,
      isCloudWatchSilent: true,
      truth: { downlink: { ...deliveriesAlone, stated: { throttled: 0, lost: 10 } } },
    },
  ],
  [
    'commands are missing at a broker, which counts no refusals',
    {
      profile: profileOf({}),
      record: withDeliveriesAlone,
      subscriber: { target: testBroker },
      truth: { downlink: { ...deliveriesAlone, throttled: 0, lost: 10 } },
    },
  ],
  [
    'a backend broadcast its commands, and a slice of devices was killed',
    {
      profile: profileOf({ address: 'broadcast' }),
      record: withBroadcasts,
      killed: { 1: { at: 150, recorded: null } },
      // Meters of the slice that died received theirs too.
      sums: sumsWith(commands, commands * meters),
      truth: {
        downlink: {
          sent: commands,
          due: commands * meters,
          delivered: commands * 200,
          duplicates: 0,
          offline: 0,
          throttled: 0,
          lost: 0,
          unknown: commands * 100,
          unknownBecause: { 'receiver-ended': commands * 100 },
        },
      },
    },
  ],
  [
    'a backend broadcast its commands and was killed before it had recorded the last of them',
    {
      profile: profileOf({ address: 'broadcast' }),
      record: withHalfOfBroadcasts,
      killed: { [backend]: { at: commands, recorded: commands / 2 } },
      sums: sumsWith(commands, commands * 250),
      truth: {
        downlink: {
          sent: commands,
          due: commands * meters,
          delivered: commands * 250,
          duplicates: 0,
          offline: 0,
          throttled: 0,
          lost: 0,
          unknown: commands * 50,
          unknownBecause: { 'backend-ended': commands * 50 },
        },
      },
    },
  ],
  [
    'a command was sent late just when its device lost its subscription',
    {
      profile: profileOf({}),
      record: withLateCommand,
      sums: sumsWith(commands, commandsOut),
      truth: {
        downlink: {
          ...deliveriesAlone,
          offline: 3,
          unknown: 1,
          unknownBecause: { 'near-offline': 1 },
          throttled: 0,
          lost: 6,
          subscribesRefused: 3,
        },
      },
    },
  ],
  [
    'a backend was not subscribed when devices replied',
    {
      profile: profileOf({ replyTimeout: '2s' }, {}),
      record: withoutReplies,
      sums: sumsWith(commands + received.delivered, commandsOut, 0),
      truth: {
        downlink: {
          ...inTurn,
          throttled: 0,
          lost: 6,
          replied: 0,
          timedOut: commands,
          late: 0,
          repliesSent: received.delivered,
          repliesOffline: received.delivered,
        },
      },
    },
  ],
  [
    'a backend was killed after its last command',
    {
      profile: profileOf({ replyTimeout: '2s' }, {}),
      record: withCommands,
      killed: { [backend]: { at: commands, recorded: commands } },
      sums: sumsWith(withRepliesIn, withRepliesOut, inTurn.throttled),
      truth: { downlink: { ...inTurn, timedOut: 0, repliesUnknown: 15 } },
    },
  ],
];
