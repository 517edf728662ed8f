import type { SliceResult, StormResult } from '../../../src/measure/slice-result.ts';
import { histogramOf, planOf } from '../measure/run-fixture.ts';
import type { NamedSituation } from './true-run.ts';

/** Of any run with as many devices as `playTrueRun` has. */
const { publishAt } = planOf({ devices: 400, slices: { devicesPerSlice: 100 } }).timeline;
const slices = [0, 1, 2, 3];

/** A slice's part of a storm: its devices came back 40 ms after one another. */
interface Part {
  readonly atSeconds: number;
  readonly devices: number;
  readonly back: number;
}

/** One of the slice's devices had no connection. */
const disconnectedOf = ({ devices }: Part) => devices - 1;
const backAfterMs = (slice: number, i: number) => 700 + slice * 10 + i * 40;
const timesOf = ({ back }: Part, slice: number) =>
  Array.from({ length: back }, (_, i) => backAfterMs(slice, i));

function stormOf(part: Part, slice: number): StormResult {
  const { atSeconds, devices } = part;
  return {
    at: publishAt + atSeconds * 1_000,
    devices,
    disconnected: disconnectedOf(part),
    attempts: 2 * devices + slice,
    recovery: histogramOf(timesOf(part, slice)),
    delayed: 5 + slice,
    dropped: slice,
  };
}

const seconds = { offered: [60, 75, 20], granted: [25, 30, 20] };

const busy = (result: SliceResult): SliceResult => ({
  ...result,
  generator: { ...result.generator, peakCpuShare: 0.95 },
});

/** One message in twenty waited for its device; the others left as late as this. */
export function withLateMessages(result: SliceResult, lagMs = 0.1): SliceResult {
  const { sent } = result.messages;
  const lags = Array.from({ length: sent }, (_, i) => (i % 20 === 7 ? 900 : lagMs));
  return {
    ...result,
    latencies: { ...result.latencies, send_lag: histogramOf(lags) },
    connectedSendLag: histogramOf(lags.filter((lag) => lag < 900)),
  };
}

function withStorms(partsOf: (slice: number) => readonly Part[]): (result: SliceResult) => SliceResult {
  return (result) => {
    const parts = partsOf(result.slice);
    if (parts.length === 0) return result;
    return {
      ...withLateMessages(result),
      storms: parts.map((part) => stormOf(part, result.slice)),
      connects: { startSecond: Math.floor(publishAt / 1_000) + 2, ...seconds },
    };
  };
}

/** What follows from the parts of these slices: one storm. */
function truthOf(label: string, groupDevices: number, parts: readonly (readonly [slice: number, Part])[]) {
  const sum = (of: (slice: number, part: Part) => number) =>
    parts.reduce((total, [slice, part]) => total + of(slice, part), 0);
  return {
    label,
    groupDevices,
    devices: sum((_, { devices }) => devices),
    disconnected: sum((_, part) => disconnectedOf(part)),
    attempts: sum((slice, { devices }) => 2 * devices + slice),
    delayed: sum((slice) => 5 + slice),
    dropped: sum((slice) => slice),
    backMs: parts.flatMap(([slice, part]) => timesOf(part, slice)).toSorted((a, b) => a - b),
  };
}

/** Messages of a slice that were in flight when its devices moved: every second one was lost with its connection. */
const inFlight = { from: 20, count: 10 };
const isInFlight = (n: number) => n >= inFlight.from && n < inFlight.from + inFlight.count;
const moves = { from: 'eu-west-1', to: 'us-east-1' };

/** Slices 0 and 1 are at home in eu-west-1. */
function withFailover(result: SliceResult): SliceResult {
  const isMoving = result.slice < 2;
  const part = isMoving ? half : { ...half, devices: 0, back: 0 };
  const storm = isMoving ? stormOf(part, result.slice) : { ...stormOf(part, 0), ...nothing };
  const unacknowledged = isMoving ? [[inFlight.from, inFlight.count]] : [];
  const connects = { startSecond: Math.floor(publishAt / 1_000) + 2, ...seconds };
  if (!isMoving) return { ...result, storms: [{ ...storm, moves, unacknowledged }], connects };
  const times = histogramOf(timesOf(part, result.slice));
  return {
    ...withLateMessages(result),
    latencies: { ...withLateMessages(result).latencies, failover_time: times },
    storms: [{ ...storm, moves, unacknowledged }],
    connects,
  };
}

const nothing = { disconnected: 0, attempts: 0, delayed: 0, dropped: 0 };

const half: Part = { atSeconds: 2, devices: 50, back: 50 };
const few: Part = { atSeconds: 3, devices: 100, back: 60 };
const all: Part = { atSeconds: 5, devices: 100, back: 99 };

export const stormSituations: readonly NamedSituation[] = [
  [
    'its devices slept in turn',
    { profile: { lifecycle: { awake: '4s', asleep: '2s' } }, record: (result) => withLateMessages(result) },
  ],
  [
    'its devices slept in turn, and the generator was late',
    {
      profile: { lifecycle: { awake: '4s', asleep: '2s' } },
      record: (result) => withLateMessages(busy(result), 40),
      truth: { isGeneratorBusy: true },
    },
  ],
  [
    'its devices connected for each message',
    { profile: { lifecycle: { connect: 'each-message' } }, record: (result) => withLateMessages(result) },
  ],
  [
    'its devices were replaced by new ones',
    { profile: { lifecycle: { churn: {} } }, record: (result) => withLateMessages(result) },
  ],
  [
    'its devices lost their connections and came back by themselves',
    {
      record: (result) => ({
        ...result,
        latencies: { ...result.latencies, reconnect: histogramOf(timesOf(half, result.slice)) },
        connects: { startSecond: Math.floor(publishAt / 1_000) + 2, ...seconds },
      }),
      truth: {
        connects: { offered: 4 * 75, granted: 4 * 30, attempts: 4 * 155, successes: 4 * 75 },
      },
    },
  ],
  [
    'its devices came from another leg',
    {
      record: (result) => ({
        ...result,
        latencies: { ...result.latencies, handover: histogramOf(timesOf(half, result.slice)) },
      }),
    },
  ],
  [
    'half of its devices were disconnected and came back',
    {
      profile: {
        timeline: [{ at: '2s', disconnect: { share: 0.5, how: 'drop' } }],
        thresholds: { time_to_recover: ['value<60'] },
      },
      record: withStorms(() => [half]),
      truth: {
        storms: [
          truthOf(
            '0:02 all, drop',
            400,
            slices.map((slice) => [slice, half] as const),
          ),
        ],
        connects: { offered: 4 * 75, granted: 4 * 30 },
      },
    },
  ],
  [
    'half of the devices in one Region moved to the other',
    {
      profile: {
        regions: { 'eu-west-1': 0.5, 'us-east-1': 0.5 },
        timeline: [{ at: '2s', failover: { share: 0.5, ...moves } }],
        thresholds: { failover_time: ['p(99)<60000'] },
      },
      fateOf: (slice, n) =>
        slice < 2 && isInFlight(n) ? { acked: false, ...(n % 2 === 0 && { copies: 0 }) } : {},
      record: withFailover,
      truth: {
        storms: [
          {
            ...truthOf('0:02 all, to us-east-1', 400, [
              [0, half],
              [1, half],
            ]),
            inFlight: { unacknowledged: 2 * inFlight.count, received: inFlight.count },
          },
        ],
        connects: { offered: 4 * 75, granted: 4 * 30 },
      },
    },
  ],
  [
    'one group was disconnected and did not come back in time, and the other did',
    {
      profile: {
        devices: undefined,
        stages: undefined,
        groups: {
          meters: { devices: 200, stages: [{ duration: '8s', target: 100 }] },
          trackers: { devices: 200, stages: [{ duration: '8s', target: 100 }] },
        },
        timeline: [
          { at: '3s', group: 'meters', disconnect: { how: 'silent' } },
          { at: '5s', group: 'trackers', disconnect: { how: 'clean' } },
        ],
        thresholds: { time_to_recover: ['value<60'] },
      },
      record: withStorms((slice) => (slice < 2 ? [few] : [all])),
      truth: {
        storms: [
          truthOf('0:03 meters, silent', 200, [
            [0, few],
            [1, few],
          ]),
          truthOf('0:05 trackers, clean', 200, [
            [2, all],
            [3, all],
          ]),
        ],
        connects: { offered: 4 * 75, granted: 4 * 30 },
      },
    },
  ],
];
