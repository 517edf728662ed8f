import type { Random } from '../../shared/random.ts';

/** How long something takes more than it must, in milliseconds. A number is fixed; 0 is no delay at all. */
export type Delay =
  | number
  | { readonly uniform: { readonly minMs: number; readonly maxMs: number } }
  /** What comes out below 0 counts as 0. */
  | { readonly normal: { readonly meanMs: number; readonly deviationMs: number } }
  /** The long tail that services have: half of all take longer than the median, one in a hundred longer than p99. */
  | { readonly lognormal: { readonly medianMs: number; readonly p99Ms: number } };

/** Standard normal's 99th percentile. */
const z99 = 2.326_347_874;

/** The longest that a timer takes, 24.8 days: what a long tail draws past it would come at once. */
const maxDelayMs = 2 ** 31 - 1;

/** @returns a delay in whole milliseconds, for the service's clock has no finer ones */
export function drawDelayMs(delay: Delay, random: Random): number {
  const drawn = typeof delay === 'number' ? delay : draw(delay, random);
  return Math.min(Math.max(0, Math.round(drawn)), maxDelayMs);
}

function draw(delay: Exclude<Delay, number>, random: Random): number {
  if ('uniform' in delay) {
    const { minMs, maxMs } = delay.uniform;
    return minMs + (maxMs - minMs) * random();
  }
  if ('normal' in delay) {
    const { meanMs, deviationMs } = delay.normal;
    return meanMs + deviationMs * gaussian(random);
  }
  const { medianMs, p99Ms } = delay.lognormal;
  // ln X is normal: its mean is ln median, and its deviation what puts p99 where it is.
  return medianMs * Math.exp((Math.log(p99Ms / medianMs) / z99) * gaussian(random));
}

/** By Box and Muller: √(−2 ln u) · cos 2πv, with u in (0, 1]. */
function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
