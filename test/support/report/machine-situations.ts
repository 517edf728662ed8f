import { noMessages, type SliceResult } from '../../../src/measure/slice-result.ts';
import { histogramOf } from '../measure/run-fixture.ts';
import { ofSecondSlice } from './stop-situations.ts';
import type { NamedSituation, Situation } from './true-run.ts';

// What kept devices from connecting or messages from leaving, and clocks.

const echo = { echo: { fraction: 1 } };
const https = { connect: { protocol: 'https' } };

const withGenerator =
  (health: Partial<SliceResult['generator']>): NonNullable<Situation['record']> =>
  (result) => ({ ...result, generator: { ...result.generator, ...health } });
/** Every message of a slice left so late. */
const withLag =
  (lagMs: number, health: Partial<SliceResult['generator']> = {}): NonNullable<Situation['record']> =>
  (result) => ({
    ...withGenerator(health)(result),
    latencies: { ...result.latencies, send_lag: histogramOf(Array.from({ length: 500 }, () => lagMs)) },
  });
const notConnected: Situation['fateOf'] = (_, n) =>
  n % 8 === 1 ? { sent: false, dropped: 'not-connected' } : {};
const withFailedConnects =
  (reason: string, health: Partial<SliceResult['generator']> = {}): NonNullable<Situation['record']> =>
  (result) => ({
    ...withGenerator(health)(result),
    devices: { ...result.devices, connectFailed: 3 },
    connectFailedBy: { [reason]: 3 },
  });
const emfile = 'EMFILE (this process may open no more files)';

export const connects: readonly NamedSituation[] = [
  [
    'the endpoint refused connects while the generator was strained',
    {
      fateOf: notConnected,
      record: withFailedConnects('ServerUnavailable', { eventLoopDelayP99Ms: 50, eventLoopDelayMaxMs: 60 }),
      truth: { connectsHinderedBy: ['endpoint'], connectsGivenUp: 12 },
    },
  ],
  [
    'a quota refused connects',
    {
      fateOf: notConnected,
      record: withFailedConnects('QuotaExceeded'),
      sums: () => ({ 'Connect.Throttle': 12 }),
      truth: { connectsHinderedBy: ['quota'], connectsGivenUp: 12 },
    },
  ],
  [
    'the machine had no descriptors for connections',
    {
      fateOf: notConnected,
      record: withFailedConnects(emfile),
      truth: { connectsHinderedBy: ['machine'], connectsGivenUp: 12, isGeneratorBusy: true },
    },
  ],
  [
    'the service let devices in that had given up',
    {
      record: withFailedConnects('no CONNACK in time'),
      sums: ({ devicesConnected }) => ({ 'Connect.Success': devicesConnected + 4 + 12 }),
      truth: { connectsHinderedBy: ['endpoint'], connectsGivenUp: 12 },
    },
  ],
  [
    'control channels connected again',
    {
      record: (result) => ({ ...result, controlConnects: 2 }),
      sums: ({ devicesConnected }) => ({ 'Connect.Success': devicesConnected + 8 }),
    },
  ],
  [
    'control channels got no answer',
    {
      record: (result) => ({ ...result, controlConnects: 0 }),
      sums: ({ devicesConnected }) => ({ 'Connect.Success': devicesConnected + 3 }),
    },
  ],
  [
    'no device of a slice connected',
    {
      fateOf: (slice) => (slice === 1 ? { sent: false, dropped: 'not-connected' } : {}),
      record: ofSecondSlice((result) => ({
        ...result,
        outcome: 'failed',
        reason: 'no device connected: ECONNREFUSED',
        devices: { planned: 100, connected: 0, connectFailed: 100, reconnects: 0 },
        connectFailedBy: { ECONNREFUSED: 100 },
        messages: noMessages,
        streams: [{ intended: 0, sent: [] }],
        droppedBy: {},
      })),
      sums: () => ({ 'Connect.Success': 304 }),
      truth: { devicesConnected: 300, connectsHinderedBy: ['endpoint'], connectsGivenUp: 100 },
    },
  ],
];

export const machines: readonly NamedSituation[] = [
  ['the generator took a third of a vCPU', { record: withGenerator({ peakCpuShare: 0.3 }) }],
  ['the generator was at its limit', { record: withGenerator({ peakCpuShare: 0.95 }) }],
  [
    'the generator was late',
    { record: withLag(50, { peakCpuShare: 0.95 }), truth: { isGeneratorBusy: true } },
  ],
  [
    'a slice was late',
    {
      record: ofSecondSlice(withLag(500, { startLagMs: 500 })),
      truth: { isGeneratorBusy: true },
    },
  ],
  [
    'acknowledgements were outstanding',
    { fateOf: (_, n) => (n % 9 === 0 ? { sent: false, dropped: 'backlog' } : {}) },
  ],
  [
    'the machine had no descriptors for requests',
    {
      profile: https,
      fateOf: (_, n) => (n === 7 ? { sent: false, dropped: 'not-connected' } : {}),
      record: withFailedConnects(emfile),
      truth: { connectsHinderedBy: ['machine'], isGeneratorBusy: true },
    },
  ],
  [
    'the endpoint accepted no connections for requests',
    {
      profile: https,
      fateOf: notConnected,
      record: withFailedConnects('ECONNREFUSED'),
      truth: { connectsHinderedBy: ['endpoint'] },
    },
  ],
];

const apart = [-50, 50, -50, 50];

export const clocks: readonly NamedSituation[] = [
  ['clocks were apart', { profile: echo, truth: { clocksAheadMs: apart } }],
  ['clocks were apart and nothing echoed', { truth: { clocksAheadMs: [-50, 0, 0, 0] } }],
  ['all clocks were behind', { profile: echo, truth: { clocksAheadMs: [-50, -50, -50, -50] } }],
  ['all clocks were ahead', { profile: echo, truth: { clocksAheadMs: [50, 50, 50, 50] } }],
  ['a clock was set on a busy machine', { record: withGenerator({ clockBracketMs: 0.4 }) }],
  [
    'connects took more than an hour',
    {
      record: (result) => ({
        ...result,
        latencies: { ...result.latencies, connect: histogramOf([3_700_000]) },
      }),
    },
  ],
  [
    'nothing was measured of a threshold',
    { isCloudWatchSilent: true, profile: { thresholds: { 'cloudwatch.PublishIn.Throttle': ['count==0'] } } },
  ],
];
