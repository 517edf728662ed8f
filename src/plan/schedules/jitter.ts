import { PositionalRandom } from '../../shared/random.ts';
import type { RegularTurns } from '../device-turns.ts';
import type { Reordering } from './reordered-schedule.ts';

/** Sets the draws apart from the values in payloads. */
const jitterLane = 0x6a69;

/** A stream of a slice, with the even turns of its messages. */
export interface EvenTurns {
  readonly messages: number;
  readonly devices: number;
  /** Index of the first device over the whole run. */
  readonly firstDevice: number;
  readonly seed: number;
  readonly stream: number;
  /** How long the stream lasts, and its highest rate. */
  readonly durationMs: number;
  readonly peakPerMs: number;
  readonly turnMs: (m: number) => number;
  readonly turns: RegularTurns;
}

/** A number in [0, 1) for message k of a device of the slice. */
export function makeDraws({
  seed,
  stream,
  firstDevice,
}: Pick<EvenTurns, 'seed' | 'stream' | 'firstDevice'>): (device: number, k: number) => number {
  const random = new PositionalRandom(seed);
  const lane = jitterLane + stream * 0x10000;
  return (device, k) => {
    random.seek(firstDevice + device, k, lane);
    return random.next();
  };
}

/**
 * Each message up to half of `spreadMs` before or after its turn, any time as likely. What would be due before the beginning or after
 * the end is reflected there, which leaves a constant rate constant up to both ends; the rate of any load is nowhere above its peak.
 *
 * `spreadMs` is at most the time between two turns of a device at the highest rate, so that its messages keep their order.
 */
export function jitter(even: EvenTurns, spreadMs: number): Reordering {
  const { messages, devices, durationMs, peakPerMs, turnMs, turns } = even;
  const draw = makeDraws(even);
  // A slice's own rate can be a little above its share of the group's, by the rounding of its messages.
  const spread = Math.min(spreadMs, (devices / peakPerMs) * (1 - 1e-9));
  return {
    messages,
    window: Math.ceil((spread / 2) * peakPerMs) + 1,
    turnMs,
    turns,
    dueMs: (m) => {
      const due = turnMs(m) + (draw(turns.deviceOf(m), turns.messageOf(m)) - 0.5) * spread;
      return due < 0 ? -due : due > durationMs ? 2 * durationMs - due : due;
    },
  };
}

/**
 * A message that is up to s ÷ 2 seconds from its turn is in a given second with a probability p, which depends on its turn. The number
 * in the second is a sum of Bernoulli variables: its variance, per message, is ∫ p(1 − p) over the turns. That p is a trapezoid, with
 * edges min(1, s) long: s ÷ 3 up to one second, and 1 − 1 ÷ s + 1 ÷ 3s² above it.
 */
export function varianceOfJitter(s: number): number {
  return s < 1 ? s / 3 : 1 - 1 / s + 1 / (3 * s * s);
}
