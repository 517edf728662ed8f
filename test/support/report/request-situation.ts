import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { histogramOf } from '../measure/run-fixture.ts';
import { all, endedIn, oneGroup, withNetwork } from './network-situations.ts';
import type { NamedSituation } from './true-run.ts';

const slices = [0, 1, 2, 3];
/** The plan of `playTrueRun` has 2,100 messages. */
const messagesEach = 525;
const isAcked = (slice: number, n: number) => (n * 7 + slice) % 10 !== 0;

/** Of what is not acknowledged one half is redirected, and the connection of the other half closes. */
function countsOf(slice: number) {
  const acked = Array.from({ length: messagesEach }, (_, n) => n).filter((n) => isAcked(slice, n)).length;
  const redirected = Math.floor((messagesEach - acked) / 2);
  return { acked, redirected, unanswered: messagesEach - acked - redirected };
}

const connectionsEach = 100;
const timesOf = (samples: number) => histogramOf(Array.from({ length: samples }, (_, i) => 5 + (i % 90)));

function withRequests(result: SliceResult): SliceResult {
  const { acked, redirected, unanswered } = countsOf(result.slice);
  return {
    ...result,
    messages: { ...result.messages, failed: redirected, unacknowledged: unanswered },
    failedBy: { 'HTTP 302': redirected },
    requests: {
      connections: connectionsEach,
      bytesOut: 250_000,
      bytesIn: 100_000,
      statuses: { 200: timesOf(acked), 302: timesOf(redirected) },
      perSecond: {},
      unansweredBy: { ECONNRESET: unanswered },
    },
  };
}

/** A run that loads a web service: no observer sees its messages. */
export const requestSituation: NamedSituation = [
  'a web service was loaded, redirected some requests and closed connections',
  {
    profile: {
      groups: { browsers: {} },
      target: 'http://127.0.0.1:8080/readings',
      connect: { protocol: 'https' },
      http: { method: 'PUT' },
      thresholds: { dropped_messages: ['count==0'], lost_messages: [] },
    },
    plan: { target: { kind: 'http', url: 'http://127.0.0.1:8080/readings' } },
    fateOf: (slice, n) => ({ acked: isAcked(slice, n) }),
    record: withRequests,
    isCloudWatchSilent: true,
    truth: {
      requests: {
        statuses: {
          200: sumBy(slices, (slice) => countsOf(slice).acked),
          302: sumBy(slices, (slice) => countsOf(slice).redirected),
        },
        connections: slices.length * connectionsEach,
      },
    },
  },
];

const [, requested] = requestSituation;

/** Its report says which part of the response time is the network's. */
export const requestsThroughNetwork: NamedSituation = [
  'a web service was loaded through a network with delay',
  {
    ...requested,
    profile: { ...requested.profile, network: { delay: '40ms' } },
    record: (result) => withNetwork(withRequests(result)),
    truth: {
      ...requested.truth,
      networks: { browsers: { settings: 'from the start delay 40ms', ...oneGroup } },
      networkEnded: endedIn(all),
    },
  },
];
