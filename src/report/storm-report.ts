import type { LatencySummary } from '../measure/latency-summary.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import { peaksOf } from '../measure/stepped-series.ts';
import type { InFlightCounts, RunConnects, RunStorm } from '../measure/storm-totals.ts';
import { isSameMove } from '../plan/failovers.ts';
import type { Plan } from '../plan/plan.ts';
import { forecastStorms, type StormForecast } from '../plan/storm-forecast.ts';
import { devicesUntilRecovered } from '../plan/storms.ts';
import type { DisconnectKind, RegionMove } from '../profile/planned-action.ts';
import { sumBy } from '../shared/counts.ts';
import { formatClock, formatCount, formatElapsed, formatPlural, formatRate } from '../shared/format.ts';

/** Disconnects of a run, and how its devices came back. */
export interface StormsReport {
  /** In the order of time. */
  readonly list: readonly StormReport[];
  /** The longest of the storms' own; null where one of them has none. */
  readonly timeToRecoverSeconds: number | null;
  /** Attempts to connect over the whole run, and those that succeeded. */
  readonly connects: RunConnects;
}

export interface StormReport {
  /** The device group; absent where the profile has none. */
  readonly group?: string;
  /** After publishing began. */
  readonly atSeconds: number;
  readonly how: DisconnectKind;
  /** Of a failover: from which Region its devices moved, and where they were back. */
  readonly moves?: RegionMove;
  /** Of a failover: messages that were in flight when their device lost its connection, and those of them that were received. */
  readonly inFlight?: InFlightCounts;
  /** Devices that it was for, and those of them that it found connected. */
  readonly devices: number;
  readonly disconnected: number;
  /** Devices that were connected again, and attempts of all of them until then. */
  readonly recovered: number;
  readonly attempts: number;
  /** Null where no device was connected again. */
  readonly attemptsPerSuccess: number | null;
  /** Until 99 % of all devices of the group were connected; null: they were not before the run ended. */
  readonly timeToRecoverSeconds: number | null;
  /** The same, as the plan and the actions of the run forecast it. */
  readonly forecastSeconds?: number | null;
  /** From the disconnect until a device was connected again. */
  readonly reconnectMs: LatencySummary;
  /** Messages of its devices that were due before the device was back: sent after that, or dropped because it was not. */
  readonly delayed: number;
  readonly dropped: number;
}

/** @returns undefined where no device was disconnected by an action */
export function stormsReportOf(
  plan: Plan,
  { storms, connects, actions }: Pick<RunLedger, 'storms' | 'connects' | 'actions'>,
): StormsReport | undefined {
  if (storms === undefined) return undefined;
  const forecasts = forecastStorms(plan, actions);
  const list = storms.map((each) => stormReportOf(plan, each, forecasts));
  const times = list.map(({ timeToRecoverSeconds }) => timeToRecoverSeconds);
  return {
    list,
    timeToRecoverSeconds: times.reduce<number | null>(
      (longest, each) => (longest === null || each === null ? null : Math.max(longest, each)),
      0,
    ),
    connects: connects ?? { startSecond: 0, offered: [], granted: [] },
  };
}

function stormReportOf(
  plan: Plan,
  { storm, disconnected, attempts, recovery, delayed, dropped, inFlight }: RunStorm,
  forecasts: readonly StormForecast[],
): StormReport {
  const { group } = storm.group;
  const forecast = forecasts.find(
    ({ storm: planned }) =>
      planned.at === storm.at &&
      planned.group.number === storm.group.number &&
      isSameMove(planned.moves, storm.moves),
  );
  return {
    ...(group === undefined ? {} : { group }),
    atSeconds: (storm.at - plan.timeline.publishAt) / 1_000,
    how: storm.how,
    ...(storm.moves && { moves: storm.moves }),
    ...(inFlight && { inFlight }),
    devices: storm.devices,
    disconnected,
    recovered: recovery.count,
    attempts,
    attemptsPerSuccess: recovery.count === 0 ? null : attempts / recovery.count,
    timeToRecoverSeconds: timeToRecoverOf(storm, recovery),
    ...(forecast && { forecastSeconds: forecast.recoverySeconds }),
    reconnectMs: recovery.summary(),
    delayed,
    dropped,
  };
}

/** The instant at which the last of the devices that it takes was back: a percentile of those that were. */
function timeToRecoverOf(storm: RunStorm['storm'], recovery: RunStorm['recovery']): number | null {
  const needed = devicesUntilRecovered(storm);
  if (needed === 0) return 0;
  if (recovery.count < needed) return null;
  return recovery.percentileAt((100 * needed) / recovery.count) / 1_000;
}

/** Of the table of storms, beside its first column. */
export const stormHeadings = [
  'devices',
  'connected',
  'back',
  'attempts',
  'p50',
  'p99',
  'max',
  '99 % back',
  'forecast',
] as const;

/** `0:30 meters, drop` or `0:30 meters, to us-east-1`, and a cell for each heading. */
export function stormRows({ list }: StormsReport): string[][] {
  return list.map((each) => {
    const { p50, p99, max } = each.reconnectMs;
    const times = each.recovered === 0 ? ['–', '–', '–'] : [p50, p99, max].map(formatElapsed);
    return [
      `${formatClock(each.atSeconds * 1_000)} ${each.group ?? 'all'}, ${each.moves === undefined ? each.how : `to ${each.moves.to}`}`,
      formatCount(each.devices),
      formatCount(each.disconnected),
      formatCount(each.recovered),
      each.attemptsPerSuccess === null ? '–' : formatRate(each.attemptsPerSuccess),
      ...times,
      secondsText(each.timeToRecoverSeconds),
      secondsText(each.forecastSeconds),
    ];
  });
}

function secondsText(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? '–' : formatElapsed(seconds * 1_000);
}

/**
 * What to know of storms beside the table, a sentence each.
 * @param publishAt when publishing began, epoch milliseconds
 */
export function describeStorms({ list, connects }: StormsReport, publishAt: number): string[] {
  const sum = (of: (storm: StormReport) => number) => list.reduce((total, each) => total + of(each), 0);
  const firstSecond = Math.floor((publishAt + (list[0]?.atSeconds ?? 0) * 1_000) / 1_000);
  const { startSecond, secondsPerStep = 1 } = connects;
  const firstStep = Math.max(0, Math.floor((firstSecond - startSecond) / secondsPerStep));
  const mostOf = (which: 'offered' | 'granted') => {
    const counts = peaksOf(connects, which).slice(firstStep);
    return formatCount(counts.reduce((most, count) => Math.max(most, count), 0));
  };
  const open = list.filter(({ timeToRecoverSeconds }) => timeToRecoverSeconds === null).length;
  const failovers = list.flatMap(({ inFlight }) => inFlight ?? []);
  const unacknowledged = sumBy(failovers, (each) => each.unacknowledged);
  const received = sumBy(failovers, (each) => each.received);
  return [
    'Attempts are those of a device until it was back; p50, p99 and max are from the disconnect to the next connection.',
    ...(open === 0
      ? []
      : [`${formatPlural(open, 'storm')} without 99 % of the devices back before the run ended.`]),
    `Connects a second from the first storm on, at most: ${mostOf('offered')} offered, ${mostOf('granted')} granted.`,
    `Messages of these devices: ${formatCount(sum(({ delayed }) => delayed))} sent late once the device was back, ${formatCount(sum(({ dropped }) => dropped))} dropped while it was not.`,
    ...(failovers.length === 0
      ? []
      : [
          'The next connection of a device that moved is in the other Region.',
          `In flight when devices moved: ${formatPlural(unacknowledged, 'message')} without an acknowledgement, of which ${formatCount(received)} arrived and ${formatCount(unacknowledged - received)} did not.`,
        ]),
  ];
}
