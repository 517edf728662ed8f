import { durationPattern, formatDuration, parseDuration } from '../shared/duration.ts';

/** `1s`, or `1s..2s`: any time between the two is as likely. */
export const durationOrRange = new RegExp(
  `${durationPattern.source.slice(0, -1)}(?:\\.\\.${durationPattern.source.slice(1, -1)})?$`,
);

/** A time as the user writes it, once the schema has let it through. */
export type TimeForm =
  | string
  | {
      readonly exponential?: string | undefined;
      readonly normal?: { readonly mean: string; readonly sd: string } | undefined;
    };

/** A time, or a distribution of times, milliseconds. What would be below 0 is 0. */
export type ThinkTime = { readonly kind: 'constant'; readonly ms: number } | RandomTime;

/** A distribution of times, milliseconds. */
export type RandomTime =
  | { readonly kind: 'uniform'; readonly minMs: number; readonly maxMs: number }
  | { readonly kind: 'exponential'; readonly meanMs: number }
  | { readonly kind: 'normal'; readonly meanMs: number; readonly sdMs: number };

/** Numbers that a time is drawn from. */
export interface Draws {
  /** In [0, 1). */
  readonly uniform: () => number;
  /** Standard normal. */
  readonly gaussian: () => number;
}

/** Draws a time, milliseconds; of a normal distribution it may be below 0. */
export function drawTime(time: ThinkTime, { uniform, gaussian }: Draws): number {
  switch (time.kind) {
    case 'constant':
      return time.ms;
    case 'uniform':
      return time.minMs + (time.maxMs - time.minMs) * uniform();
    case 'exponential':
      return -time.meanMs * Math.log(1 - uniform());
    case 'normal':
      return time.meanMs + time.sdMs * gaussian();
  }
}

/** Of a normal distribution the mean that it is given by: what is cut off at 0 adds a little. */
export function meanMsOf(time: ThinkTime): number {
  if (time.kind === 'constant') return time.ms;
  return time.kind === 'uniform' ? (time.minMs + time.maxMs) / 2 : time.meanMs;
}

/** Standard deviations that the mean of a normal distribution of gaps has at least: 1 gap in 30,000 is below 0, and is drawn again. */
export const leastDeviationsOfGap = 4;

/** A gap of a device, milliseconds: never below 0, and 0 only by a draw that is exactly 0. */
export function drawGap(gap: RandomTime, draws: Draws): number {
  for (;;) {
    const ms = drawTime(gap, draws);
    if (ms >= 0) return ms;
  }
}

/**
 * How long it takes from any instant to the next message of a device that has sent for a long time: the residual time of a renewal
 * process, whose density is the share of gaps that are longer, divided by their mean. It is a uniform part of a gap that is drawn by
 * its length: a gap is taken with a probability in proportion to it. With it the rate is constant from the start.
 */
export function drawFirstGap(gap: RandomTime, draws: Draws): number {
  // It has no memory.
  if (gap.kind === 'exponential') return drawGap(gap, draws);
  // A normal deviate is above 8 in one of 10¹⁵ draws.
  const longestMs = gap.kind === 'uniform' ? gap.maxMs : gap.meanMs + 8 * gap.sdMs;
  for (;;) {
    const ms = drawGap(gap, draws);
    if (draws.uniform() * longestMs < ms) return draws.uniform() * ms;
  }
}

/** The shortest gap that is to be expected, milliseconds. */
export function shortestGapMs(gap: RandomTime): number {
  if (gap.kind === 'exponential') return 0;
  return gap.kind === 'uniform' ? gap.minMs : Math.max(0, gap.meanMs - leastDeviationsOfGap * gap.sdMs);
}

export function resolveThinkTime(given: TimeForm): ThinkTime {
  const ms = (text: string) => parseDuration(text) ?? 0;
  if (typeof given === 'string') {
    const [least = '0s', most] = given.split('..');
    return most === undefined
      ? { kind: 'constant', ms: ms(least) }
      : { kind: 'uniform', minMs: ms(least), maxMs: ms(most) };
  }
  const { exponential, normal } = given;
  return normal === undefined
    ? { kind: 'exponential', meanMs: ms(exponential ?? '0s') }
    : { kind: 'normal', meanMs: ms(normal.mean), sdMs: ms(normal.sd) };
}

/** `1s`, `1s to 2s`, `exponential, mean 1s` */
export function describeTime(time: ThinkTime): string {
  switch (time.kind) {
    case 'constant':
      return formatDuration(time.ms);
    case 'uniform':
      return `${formatDuration(time.minMs)} to ${formatDuration(time.maxMs)}`;
    case 'exponential':
      return `exponential, mean ${formatDuration(time.meanMs)}`;
    case 'normal':
      return `normal, mean ${formatDuration(time.meanMs)}, sd ${formatDuration(time.sdMs)}`;
  }
}
