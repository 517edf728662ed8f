import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { NamedSituation, Situation } from './true-run.ts';

// Runs that were ended, or slices of them, and queues that were not empty then.

const echo = { echo: { fraction: 1 } };

export const ofSecondSlice = (
  change: (result: SliceResult) => SliceResult,
): NonNullable<Situation['record']> => {
  return (result) => (result.slice === 1 ? change(result) : result);
};

export const stops: readonly NamedSituation[] = [
  ['the user stopped it before it published', { stoppedAfterMs: -500 }],
  [
    'the user stopped it while devices were connecting',
    {
      stoppedAfterMs: -500,
      record: (result) => ({ ...result, devices: { ...result.devices, connected: 60 } }),
      // The service let in those that did not wait for it.
      sums: () => ({ 'Connect.Success': 404 }),
      truth: { devicesConnected: 240 },
    },
  ],
  [
    'the user stopped it before anything was sent',
    { stoppedAfterMs: 100, fateOf: () => ({ sent: false, dropped: 'stopped' }) },
  ],
  [
    'the user stopped it while messages were due',
    { stoppedAfterMs: 4_200, fateOf: (_, n) => (n > 200 ? { sent: false, dropped: 'stopped' } : {}) },
  ],
  [
    'a message was sent after the request to stop',
    {
      stoppedAfterMs: 4_200,
      record: (result) => ({ ...result, lastSentAt: (result.stoppedOn?.at ?? 0) + 120 }),
    },
  ],
  [
    'the user stopped it with echoes in flight',
    {
      stoppedAfterMs: 4_200,
      profile: echo,
      fateOf: (_, n) => ({ echoed: n < 200 }),
      sums: (_, echoes) => ({ 'PublishOut.Success': echoes + 4, 'PublishOut.Throttle': 0 }),
    },
  ],
  [
    'a threshold ended it',
    {
      stoppedAfterMs: 4_200,
      stoppedOn: {
        by: 'run',
        reason: 'threshold end_to_end_latency p(95)<5 failed: it is 9',
        threshold: { metric: 'end_to_end_latency', expression: 'p(95)<5', actual: 9 },
      },
      profile: { thresholds: { end_to_end_latency: [{ threshold: 'p(95)<5', abortOnFail: true }] } },
    },
  ],
  [
    'a slice lost its control channel',
    {
      record: ofSecondSlice((result) => ({
        ...result,
        outcome: 'stopped',
        reason: 'the control channel was away for 30 s',
      })),
    },
  ],
  [
    'all slices were killed and left nothing',
    { killed: Object.fromEntries([0, 1, 2, 3].map((slice) => [slice, { at: 90 + slice, recorded: null }])) },
  ],
  [
    'nothing was to be judged',
    {
      profile: {
        thresholds: {
          lost_messages: [],
          dropped_messages: [],
          unacknowledged_messages: [],
          failed_messages: [],
          throttled_messages: [],
          devices_not_connected: [],
        },
      },
    },
  ],
  ['it timed out', { execution: { status: 'TIMED_OUT' } }],
  [
    'slices were killed, one of them without a word',
    { killed: { 0: { at: 9, recorded: 5, isSilent: true }, 1: { at: 9, recorded: 5 } } },
  ],
  [
    'a slice was killed before it published',
    {
      killed: { 1: { at: 0, recorded: 0 } },
      record: (result) => (result.outcome === 'running' ? { ...result, at: result.at - 2_000 } : result),
      profile: { thresholds: { reconnects: ['count==0'] } },
    },
  ],
];

const heldOnes: Situation['fateOf'] = (_, n) => (n % 20 === 3 ? { copies: 0, held: true } : {});

export const queues: readonly NamedSituation[] = [
  ['measure-latency did not keep up', { fateOf: heldOnes, backlog: ({ count }) => ({ unread: count }) }],
  [
    'measure-latency did not keep up with a stream',
    { fateOf: heldOnes, backlog: (messages) => ({ unread: messages.count, unreadMessages: messages }) },
  ],
  [
    'measure-latency failed with messages',
    {
      fateOf: heldOnes,
      backlog: (messages) => ({
        deadLetters: [{ reason: 'dead-letter queue: measure-latency failed with them', messages }],
      }),
    },
  ],
  [
    'a queue could not be read',
    {
      fateOf: heldOnes,
      backlog: () => ({
        unseen: Number.POSITIVE_INFINITY,
        unseenBecause: ['the arrivals queue could not be read (AccessDenied)'],
      }),
    },
  ],
  ['messages were delivered again', { redelivered: 5, truth: { hasSubscriberFailed: true } }],
  [
    'wills fired',
    {
      profile: { connect: { will: { topic: '{topicRoot}/{runId}/{deviceId}/will' } } },
      wills: 3,
      truth: { wills: 3 },
    },
  ],
  ['others published on the same topics', { unrelated: 1, truth: { unrelated: 1 } }],
  ['acknowledgements were lost', { fateOf: (_, n) => ({ acked: n % 10 !== 0 }) }],
  [
    'echoes were lost',
    {
      profile: echo,
      fateOf: (_, n) => ({ echoed: n % 10 !== 0, taken: n % 25 !== 1 }),
      sums: ({ taken }) => ({ 'PublishOut.Success': taken, 'PublishOut.Throttle': 0 }),
    },
  ],
  [
    'echoes came while devices were away',
    {
      profile: echo,
      fateOf: (_, n) => ({ echoed: n % 10 !== 0 }),
      record: (result) => ({ ...result, devices: { ...result.devices, reconnects: 1 } }),
      sums: ({ devicesConnected }) => ({ 'PublishOut.Throttle': 0, 'Connect.Success': devicesConnected + 8 }),
    },
  ],
];
