import { IntervalSet } from '../../../src/measure/interval-set.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { histogramOf } from '../measure/run-fixture.ts';
import type { NamedSituation, Situation } from './true-run.ts';
import type { TrueCatchUp, TrueDownlink } from './truth.ts';

/** Slices 0 to 2 are locks, 100 each; slice 3 is the backend's one client, with 40 commands. */
const backend = 3;
const commands = 40;
const delivered = 30;
const notStored = 3;

const profileOf = (publish: object): NonNullable<Situation['profile']> => ({
  devices: undefined,
  stages: undefined,
  groups: {
    locks: {
      devices: 300,
      stages: [{ duration: '8s', target: 100 }],
      connect: { cleanStart: false, sessionExpiry: '1h' },
    },
    operator: { from: 'backend', ratePerSecond: 5, duration: '8s', publish },
  },
  thresholds: { lost_commands: ['count==0'], catch_up_time: ['p(99)<1000'] },
});

const setOf = (first: number, end: number) => {
  const ranks = new IntervalSet();
  ranks.addRange(first, end - first);
  return ranks.encode();
};

const times = [200, 400, 900];
const sums = { resumed: 20, unresumed: 300, stored: 12, interrupted: 1, reordered: 2, repeated: 1 };
const nothing = { resumed: 0, unresumed: 100, stored: 0, interrupted: 0, reordered: 0, repeated: 0 };

/** Locks of the first slice received the commands; the last ones were due while their devices slept, and never came. */
function withCatchUps(result: SliceResult, hasExpired: boolean): SliceResult {
  if (result.slice === backend) return result;
  const isFirst = result.slice === 0;
  return {
    ...result,
    downlink: {
      arrivals: isFirst ? delivered + 1 : 0,
      unrelated: 0,
      seen: isFirst ? { [backend]: setOf(0, delivered) } : {},
      offline: isFirst ? { [backend]: setOf(delivered - 8, commands) } : {},
      kept: isFirst ? { [backend]: setOf(delivered - 8, commands) } : {},
      expired: isFirst && hasExpired ? { [backend]: setOf(delivered + notStored, commands) } : {},
      latency: histogramOf(isFirst ? Array.from({ length: delivered + 1 }, (_, i) => 9 + i) : []),
      repliesSent: {},
      subscribeRefusedBy: {},
    },
    catchUp: isFirst
      ? { ...sums, unresumed: 100, times: histogramOf(times) }
      : { ...nothing, times: histogramOf([]) },
  };
}

const downlink: TrueDownlink = {
  sent: commands,
  due: commands,
  delivered,
  duplicates: 1,
  offline: commands - delivered,
  throttled: 0,
  lost: 0,
  unknown: 0,
};

function situationOf(publish: object, missing: Pick<TrueCatchUp, 'expired' | 'others'>): Situation {
  return {
    profile: profileOf(publish),
    record: (result) => withCatchUps(result, missing.expired > 0),
    sums: (truth) => ({
      'PublishIn.Success': truth.taken + commands,
      'PublishOut.Success': delivered + 1,
      'Queued.Throttle': notStored,
    }),
    truth: { downlink, catchUp: { ...sums, times, notStored, ...missing } },
  };
}

export const catchUpSituations: readonly NamedSituation[] = [
  [
    'devices came back to their sessions, and some commands had expired or were not stored',
    situationOf({ messageExpiry: '2s' }, { expired: 7, others: 0 }),
  ],
  [
    'devices came back to their sessions, and some commands did not come for no such reason',
    situationOf({}, { expired: 0, others: 7 }),
  ],
];
