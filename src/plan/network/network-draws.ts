import type { NetworkConditions } from '../../profile/network-presets.ts';
import { type Draws, drawTime } from '../../profile/time-distribution.ts';
import { PositionalRandom } from '../../shared/random.ts';

/** Payloads use lane 0 and up of the same seed. */
const networkLane = 0x6e65;

/** Random draws for one device's packets in one direction: the same seed gives the same draws in the same order. */
export class NetworkDraws {
  readonly #random: PositionalRandom;
  readonly #draws: Draws;
  /** The last delay's quantile, as a value of the standard normal distribution. */
  #last: number | undefined;

  /** @param deviceIndex over the whole run @param direction 0: from the device, 1: to it, 2: of its connection */
  constructor(seed: number, deviceIndex: number, direction: 0 | 1 | 2) {
    this.#random = new PositionalRandom(seed);
    this.#random.seek(deviceIndex, direction, networkLane);
    this.#draws = { uniform: () => this.#random.next(), gaussian: () => this.#random.nextGaussian() };
  }

  /** In [0, 1). */
  uniform(): number {
    return this.#random.next();
  }

  happens(share: number | undefined): boolean {
    return share !== undefined && share > 0 && this.#random.next() < share;
  }

  /**
   * One way, milliseconds. Correlated delays are those of a Gaussian copula: zₙ = ρ zₙ₋₁ + √(1 − ρ²) ε, and the delay is the quantile
   * Φ(zₙ) of its distribution, so that the distribution is the same whatever ρ is.
   */
  delayMs({ delay, correlation = 0 }: NetworkConditions): number {
    if (delay === undefined) return 0;
    if (correlation === 0 || delay.kind === 'constant') return Math.max(0, drawTime(delay, this.#draws));
    const fresh = this.#random.nextGaussian();
    const z =
      this.#last === undefined ? fresh : correlation * this.#last + Math.sqrt(1 - correlation ** 2) * fresh;
    this.#last = z;
    const quantile = { uniform: () => standardNormalCdf(z), gaussian: () => z };
    return Math.max(0, drawTime(delay, quantile));
  }

  /** Milliseconds until an event of a Poisson process with this many events a minute. */
  waitMs(perMinute: number): number {
    return (-Math.log(1 - this.#random.next()) * 60_000) / perMinute;
  }
}

/** Φ, to 1.5·10⁻⁷: Abramowitz and Stegun, 7.1.26. Below 1, so that a quantile is finite. */
export function standardNormalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (poly * Math.exp(-x * x)) / 2;
  return Math.min(z > 0 ? 1 - tail : tail, 1 - 2 ** -53);
}
