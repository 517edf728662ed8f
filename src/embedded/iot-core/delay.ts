import type { Delay } from '../../profile/service-faults.ts';
import { makeRandom, type Random } from '../../shared/random.ts';

/** Standard normal's 99th percentile. */
const z99 = 2.326_347_874;

/** The longest that a timer takes, 24.8 days: what a long tail draws past it would come at once. */
const maxDelayMs = 2 ** 31 - 1;

/** @returns a delay in whole milliseconds, for the service's clock has no finer ones */
export function drawDelayMs(delay: Delay, random: Random): number {
  return Math.min(Math.round(drawMs(delay, random)), maxDelayMs);
}

/** @returns milliseconds, 0 or more, fractions included */
export function drawMs(delay: Delay, random: Random): number {
  return typeof delay === 'number' ? delay : Math.max(0, draw(delay, random));
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
  // By inversion: −mean · ln u, with u in (0, 1].
  if ('exponential' in delay) return -delay.exponential.meanMs * Math.log(1 - random());
  const { medianMs, p99Ms } = delay.lognormal;
  // ln X is normal: its mean is ln median, and its deviation what puts p99 where it is.
  return medianMs * Math.exp((Math.log(p99Ms / medianMs) / z99) * gaussian(random));
}

/** By Box and Muller: √(−2 ln u) · cos 2πv, with u in (0, 1]. */
function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A stream for each kind of fault: one more of a kind does not move the others. 3 is the router's. */
export function faultStreamsOf(seed: number) {
  return {
    drops: makeRandom(seed, 1),
    acks: makeRandom(seed, 2),
    duplicates: makeRandom(seed, 4),
    deliveryDelays: makeRandom(seed, 5),
    ackDelays: makeRandom(seed, 6),
    refusals: makeRandom(seed, 7),
    disconnects: makeRandom(seed, 8),
    outboundDelays: makeRandom(seed, 9),
    serviceTimes: makeRandom(seed, 10),
  };
}
