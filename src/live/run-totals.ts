import { publishCounters } from '../measure/message-counters.ts';
import type { PublishCounts } from '../measure/slice-result.ts';
import { ofEach } from '../shared/counts.ts';
import type { FleetTotals } from './live-fleet.ts';
import type { PartTotals } from './live-parts.ts';
import type { liveMeasurements } from './live-points.ts';
import type { CompleteCounts } from './run-in-progress.ts';

/** A run's counters so far, summed over its slices. Messages are those of devices: commands are in `fleet`. */
export interface RunTotals extends Omit<PublishCounts, 'intended'> {
  readonly connected: number;
  readonly connectFailed: number;
  readonly arrivals: number;
  /** Of what was reported so far, which is no one instant. Absent where the profile names neither groups nor kinds of message. */
  readonly parts?: PartTotals;
  /** Of commands and presence: of what was reported so far, as parts are. */
  readonly fleet?: FleetTotals;
  /** Absent until something arrived. */
  readonly endToEndP99Ms?: number;
  /** Sums of one instant, up to which all slices have reported; absent if the source has no such instant. */
  readonly complete?: CompleteCounts;
  /** Of a source without such sums; absent where no slice has users. */
  readonly users?: ActiveUsers;
}

/** Users that were active at the end of a second, of all slices that report. */
export interface ActiveUsers {
  readonly active: number;
  /** Epoch seconds: the first second after it. */
  readonly untilSecond: number;
}

/** Further sums of embedded AWS, which has every point. Zero where nothing was reported yet. */
export interface LiveTotals extends RunTotals {
  /** Those that have reported. */
  readonly slices: number;
  readonly intended: number;
  readonly reconnects: number;
}

/** Fields of publishes have the names of their counters. */
const fieldOfPublishes = ofEach(publishCounters, (name) => name) as {
  readonly [Name in (typeof publishCounters)[number]]: Name;
};

/** A total and the field of `stampede_slice` that it sums. */
export const fieldOfTotal = {
  connected: 'connects',
  connectFailed: 'connect_failed',
  reconnects: 'reconnects',
  ...fieldOfPublishes,
} as const satisfies Partial<
  Record<keyof LiveTotals, keyof (typeof liveMeasurements.stampede_slice)['fields']>
>;

export type SummedTotal = keyof typeof fieldOfTotal;
