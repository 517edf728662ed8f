import type { DirectionResult, NetworkResult } from '../../../src/measure/network-result.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { histogramOf } from '../measure/run-fixture.ts';
import { withLateMessages } from './storm-situations.ts';
import type { NamedSituation } from './true-run.ts';
import type { TrueDirection } from './truth.ts';

/** One direction of one slice: packets that each took a millisecond longer than the one before. */
function directionOf(slice: number, packets: number, leastMs: number): TrueDirection {
  return {
    packets,
    bytes: packets * 300 + slice,
    lost: 3 + slice,
    stalled: 2 * slice,
    duplicated: slice,
    corrupted: 1,
    delaysMs: Array.from({ length: packets }, (_, i) => leastMs + i),
  };
}

const upOf = (slice: number) => directionOf(slice, 200, 40 + slice);
const downOf = (slice: number) => ({ ...directionOf(slice, 150, 60 + slice), duplicated: 0 });
const endedOf = (slice: number) => ({ resets: slice + 1, corruptedConnections: 1, unreached: 4 });

function resultOf({ delaysMs, ...counts }: TrueDirection): DirectionResult {
  return { ...counts, delay: histogramOf(delaysMs) };
}

export const withNetwork = (result: SliceResult): SliceResult => ({
  ...result,
  network: networkOf(result.slice),
});

function networkOf(slice: number): NetworkResult {
  return { up: resultOf(upOf(slice)), down: resultOf(downOf(slice)), ...endedOf(slice) };
}

function sumOfSlices(of: (slice: number) => TrueDirection, slices: readonly number[]): TrueDirection {
  const sum = (name: Exclude<keyof TrueDirection, 'delaysMs'>) =>
    slices.reduce((total, slice) => total + of(slice)[name], 0);
  return {
    packets: sum('packets'),
    bytes: sum('bytes'),
    lost: sum('lost'),
    stalled: sum('stalled'),
    duplicated: sum('duplicated'),
    corrupted: sum('corrupted'),
    delaysMs: slices.flatMap((slice) => of(slice).delaysMs).toSorted((a, b) => a - b),
  };
}

export const endedIn = (slices: readonly number[]) => ({
  resets: slices.reduce((sum, slice) => sum + endedOf(slice).resets, 0),
  corruptedConnections: slices.length,
  unreached: 4 * slices.length,
});

export const all = [0, 1, 2, 3];
const kernelCounts = {
  up: { packets: 12_345, bytes: 3_210_000, dropped: 123 },
  down: { packets: 9_001, bytes: 654_000, dropped: 0 },
};
const cut = (_: number, n: number) => (n % 8 === 1 ? { sent: false, dropped: 'not-connected' as const } : {});

export const oneGroup = { up: sumOfSlices(upOf, all), down: sumOfSlices(downOf, all) };

export const networkSituations: readonly NamedSituation[] = [
  [
    'the network of its devices was bad, and messages were dropped for that',
    {
      fateOf: cut,
      profile: {
        network: {
          delay: '40ms',
          correlation: 0.2,
          bandwidth: '64kbit',
          loss: 0.01,
          stall: { everySeconds: 30, for: '2s' },
          reset: 0.5,
          duplicate: 0.01,
          corrupt: 0.001,
          outage: 0.1,
        },
      },
      record: withNetwork,
      truth: {
        networks: {
          'all devices': {
            settings:
              'from the start delay 40ms, correlation 0.2, 64kbit up, 64kbit down, loss 1 %, 2s of stall every 30 s, resets 0.5 a minute, duplicate 1 %, corrupt 0.1 %, outage 10 %',
            ...oneGroup,
          },
        },
        networkEnded: endedIn(all),
      },
    },
  ],
  [
    'the network of one group became bad, and the other had none',
    {
      profile: {
        devices: undefined,
        stages: undefined,
        groups: {
          meters: { devices: 200, stages: [{ duration: '8s', target: 100 }] },
          trackers: { devices: 200, stages: [{ duration: '8s', target: 100 }], network: 'lte' },
        },
        timeline: [
          { at: '2s', group: 'trackers', network: { delay: '200ms..400ms', loss: 0.05 } },
          { at: '5s', group: 'trackers', network: 'none' },
          ...Array.from({ length: 8 }, (_, i) => ({
            at: `${5_100 + i * 100}ms`,
            group: 'trackers',
            network: { delay: `${i + 1}ms` },
          })),
        ],
      },
      record: (result) => (result.slice < 2 ? result : withNetwork(withLateMessages(result))),
      truth: {
        networks: {
          trackers: {
            settings:
              'from the start lte (delay 35ms, 12mbit up, 12mbit down); from 0:02 delay 200ms to 400ms, 12mbit up, 12mbit down, loss 5 %; from 0:05 none; from 0:05 delay 1ms; from 0:05 delay 2ms; from 0:05 delay 3ms; from 0:05 delay 4ms; from 0:05 delay 5ms; 3 later changes in report.json',
            up: sumOfSlices(upOf, [2, 3]),
            down: sumOfSlices(downOf, [2, 3]),
          },
        },
        networkEnded: endedIn([2, 3]),
      },
    },
  ],
  [
    'the network of one group ended connections, and both groups had messages that were never sent',
    {
      profile: {
        devices: undefined,
        stages: undefined,
        groups: {
          meters: { devices: 200, stages: [{ duration: '8s', target: 100 }] },
          trackers: { devices: 200, stages: [{ duration: '8s', target: 100 }], network: 'lte' },
        },
      },
      fateOf: cut,
      record: (result) => (result.slice < 2 ? result : withNetwork(result)),
      truth: {
        networks: {
          trackers: {
            settings: 'from the start lte (delay 35ms, 12mbit up, 12mbit down)',
            up: sumOfSlices(upOf, [2, 3]),
            down: sumOfSlices(downOf, [2, 3]),
          },
        },
        networkEnded: endedIn([2, 3]),
      },
    },
  ],
  [
    'devices slept, and the network held them up',
    {
      profile: {
        lifecycle: { awake: '4s', asleep: '2s' },
        network: { delay: { exponential: '20ms' }, bandwidth: { up: '2mbit' } },
      },
      record: (result) => withNetwork(withLateMessages(result)),
      truth: {
        networks: {
          'all devices': { settings: 'from the start delay exponential, mean 20ms, 2mbit up', ...oneGroup },
        },
        networkEnded: endedIn(all),
      },
    },
  ],
  [
    'its network was to be bad, and no record of it was left',
    {
      profile: { network: { delay: { normal: { mean: '100ms', sd: '20ms' } } } },
      truth: {
        networks: {
          'all devices': { settings: 'from the start delay normal, mean 100ms, sd 20ms' },
        },
      },
    },
  ],
  [
    'the kernel made the network of its devices',
    {
      profile: { network: { bandwidth: '64kbit', delay: '40ms' } },
      plan: {
        conditions: {
          versions: { stampede: '0.1.0', node: '24.0.0', client: 'dense 0.1.0' },
          host: {
            os: 'Linux',
            architecture: 'x64',
            lambdaMemoryMb: 512,
            kernelNetwork: ['bandwidth', 'delay', 'correlation', 'loss', 'corrupt'],
          },
        },
      },
      truth: {
        networks: {
          'all devices': { settings: 'from the start delay 40ms, 64kbit up, 64kbit down' },
        },
        kernelNetwork: ['bandwidth', 'delay'],
        kernelCounts: { 'all devices': kernelCounts },
      },
      faults: { choices: {}, events: [], kernelPackets: [{ group: 0, ...kernelCounts }] },
    },
  ],
  [
    'the kernel made the network of its devices, but for their stalls',
    {
      profile: { network: { bandwidth: '64kbit', stall: { everySeconds: 30, for: '2s' } } },
      plan: {
        conditions: {
          versions: { stampede: '0.1.0', node: '24.0.0', client: 'dense 0.1.0' },
          host: { os: 'Linux', architecture: 'x64', lambdaMemoryMb: 512, kernelNetwork: ['bandwidth'] },
        },
      },
      record: withNetwork,
      truth: {
        networks: {
          'all devices': {
            settings: 'from the start 64kbit up, 64kbit down, 2s of stall every 30 s',
            ...oneGroup,
          },
        },
        networkEnded: endedIn(all),
        kernelNetwork: ['bandwidth'],
      },
    },
  ],
];
