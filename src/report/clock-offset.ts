import type { SliceClock } from '../measure/slice-clocks.ts';
import { stampResolutionMs } from '../measure/stamped-latency.ts';
import { formatElapsed, formatPlural } from '../shared/format.ts';
import type { ClockOffset, ProvenOffset } from './clock-model.ts';
import type { Report } from './report-model.ts';

/** Derives the run's bounds from those of its slices. */
export function clockOffsetOf(
  clocks: readonly SliceClock[],
  resolutionMs: number = stampResolutionMs,
): ClockOffset {
  const uppers = clocks.map(({ slice, atMostMs }) => ({ slice, ms: atMostMs }));
  const lowers = clocks.flatMap(({ slice, atLeastMs }) =>
    atLeastMs === null ? [] : [{ slice, ms: atLeastMs }],
  );
  const upper = largest(uppers);
  const lower = lowers.length === clocks.length ? largest(lowers.map(negated)) : undefined;
  return {
    stampResolutionMs: resolutionMs,
    atMostMs: upper?.ms ?? null,
    atMostSlice: upper?.slice ?? null,
    atLeastMs: lower === undefined ? null : 0 - lower.ms,
    atLeastSlice: lower?.slice ?? null,
    slicesWithoutAtLeast: clocks.length - lowers.length,
    // θ is less than its upper bound: one of 0 proves as much.
    behind: provenBy(uppers.filter(({ ms }) => ms <= 0).map(negated)),
    ahead: provenBy(lowers.filter(({ ms }) => ms > 0)),
  };
}

/** Sentences on the resolution of stamps, and on clocks where a difference is proven. Empty where nothing arrived. */
export function describeClockOffset({
  clockOffset,
  generator,
}: Pick<Report, 'clockOffset' | 'generator'>): string[] {
  const { stampResolutionMs: resolutionMs, atMostMs, atMostSlice, atLeastMs, atLeastSlice } = clockOffset;
  const { behind, ahead } = clockOffset;
  if (atMostMs === null) return [];
  const resolution =
    resolutionMs === 0
      ? `end_to_end_latency and transit end at the clock of the subscriber’s slice, and begin at that of the slice that sends${describeBracket(generator.clockBracketMs)}.`
      : 'end_to_end_latency, rule_latency and transit end at a stamp in whole milliseconds: a sample is right to ±1 ms' +
        `${describeBracket(generator.clockBracketMs)}.`;
  if (behind.slices + ahead.slices === 0) return [resolution];
  const bounds = [
    atMostMs > 0
      ? [`at most ${formatElapsed(atMostMs)} too high (slice ${atMostSlice})`]
      : [`at least ${formatElapsed(-atMostMs)} too low`],
    atLeastMs === null
      ? ['how much too low is not known without echoes of every slice']
      : atLeastMs < 0
        ? [`at most ${formatElapsed(-atLeastMs)} too low (slice ${atLeastSlice})`]
        : [`at least ${formatElapsed(atLeastMs)} too high`],
  ].flat();
  return [
    resolution,
    ...describeProven(behind, 'Stamps from before the message was sent prove', 'behind', 'too low'),
    ...describeProven(
      ahead,
      'Where a rule sees a message before a subscriber does, echoes prove',
      'ahead of',
      'too high',
    ),
    `Over all slices these three read ${bounds.join('; ')}.`,
  ];
}

function describeProven(
  { slices, byAtLeastMs, slice }: ProvenOffset,
  what: string,
  how: string,
  reads: string,
): string[] {
  if (byAtLeastMs === null) return [];
  return [
    `${what} that the service’s clocks are ${how} those of ${formatPlural(slices, 'slice')}, by at least ` +
      `${formatElapsed(byAtLeastMs)} in slice ${slice}: there these three read at least as much ${reads}.`,
  ];
}

/** Reported above this: a mean may be wrong by as much. */
const noteworthyBracketMs = 0.05;

/** How precise the send times of a slice on a busy machine are. No stamp is more precise. */
function describeBracket(clockBracketMs: number | null): string {
  if (clockBracketMs === null || clockBracketMs <= noteworthyBracketMs) return '';
  return `, or up to ${formatElapsed(clockBracketMs)} more too high, because the send times of a slice on a busy machine are no more precise`;
}

function provenBy(offsets: readonly { readonly slice: number; readonly ms: number }[]): ProvenOffset {
  const most = largest(offsets);
  return { slices: offsets.length, byAtLeastMs: most?.ms ?? null, slice: most?.slice ?? null };
}

interface SliceOffset {
  readonly slice: number;
  readonly ms: number;
}

function negated({ slice, ms }: SliceOffset): SliceOffset {
  return { slice, ms: 0 - ms };
}

function largest(offsets: readonly SliceOffset[]): SliceOffset | undefined {
  let most: SliceOffset | undefined;
  for (const offset of offsets) if (most === undefined || offset.ms > most.ms) most = offset;
  return most;
}
