import type { ArrivalPattern, LoadProfile } from '../profile/load-profile.ts';
import { burstPerSecond } from '../profile/load-shapes/arrival-pattern.ts';
import { sumBy } from '../shared/counts.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import { kindProfilesOf } from './kinds.ts';

/**
 * By how much the busiest second of some groups together may be above the peak of their rates, each group's messages times its
 * weight; 0 where nothing is due at random. Of t seconds with a mean of λ and a variance of σ² none has more than λ + zσ + w(z² − 1) ÷ 6
 * messages in some nine of ten runs, with z = √(2 ln t), beyond which a normal deviate is with a probability of 0.4 ÷ (z · t). The last
 * term is for skewness (Cornish and Fisher): w is the most that comes at once, 1 of Poisson arrivals.
 */
export function randomExcess(
  profiles: readonly LoadProfile[],
  weightOf: (profile: LoadProfile) => number = () => 1,
): number {
  const random = profiles.flatMap((profile) =>
    kindProfilesOf(profile).flatMap((kind) => {
      const spread = spreadOf(kind.pattern);
      return spread === undefined ? [] : [{ ...makeArrivalRate(kind), ...spread, weight: weightOf(profile) }];
    }),
  );
  if (random.length === 0) return 0;
  const seconds = Math.max(2, ...random.map(({ durationMs }) => durationMs / 1_000));
  const z = Math.sqrt(2 * Math.log(seconds));
  const variance = sumBy(
    random,
    ({ peakPerSecond, variancePerMessage, weight }) => peakPerSecond * variancePerMessage * weight * weight,
  );
  const mostAtOnce = Math.max(...random.map(({ atOnce, weight }) => atOnce * weight));
  return z * Math.sqrt(variance) + (mostAtOnce * (z * z - 1)) / 6;
}

/** How the number of messages in a second varies. */
interface Spread {
  /** Variance of the number, divided by its mean. */
  readonly variancePerMessage: number;
  /** Messages that one random time brings into a second, at most. */
  readonly atOnce: number;
}

/**
 * Undefined: no second has more messages than the rate says. Bursts at random times bring up to m messages into a second each: a
 * compound Poisson distribution, whose variance is at most m times its mean.
 */
function spreadOf(pattern: ArrivalPattern | undefined): Spread | undefined {
  switch (pattern?.kind) {
    case undefined:
      return undefined;
    case 'poisson':
      return { variancePerMessage: 1, atOnce: 1 };
    case 'jitter':
      return { variancePerMessage: varianceOfJitter(pattern.spreadMs / 1_000), atOnce: 1 };
    case 'pulse':
      return pattern.isRandom ? { variancePerMessage: 1, atOnce: 1 } : undefined;
    case 'burst': {
      if (pattern.together?.isRandom !== true) return undefined;
      const atOnce = burstPerSecond(pattern);
      return { variancePerMessage: atOnce, atOnce };
    }
  }
}

/**
 * A message that is up to s ÷ 2 seconds from its turn is in a given second with a probability p, which depends on its turn. The number
 * in the second is a sum of Bernoulli variables: its variance, per message, is ∫ p(1 − p) over the turns. That p is a trapezoid, with
 * edges min(1, s) long: s ÷ 3 up to one second, and 1 − 1 ÷ s + 1 ÷ 3s² above it.
 */
export function varianceOfJitter(s: number): number {
  return s < 1 ? s / 3 : 1 - 1 / s + 1 / (3 * s * s);
}
