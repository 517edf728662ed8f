import type { LoadProfile } from '../profile/load-profile.ts';
import { sumBy } from '../shared/counts.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import { kindProfilesOf } from './kinds.ts';

/**
 * By how much the busiest second of some groups together may be above the peak of their rates, each group's messages times its
 * weight; 0 where nothing is due at random. Of t seconds with a mean of λ none has more than λ + z√λ + (z² − 1) ÷ 6 messages in some nine
 * of ten runs, with z = √(2 ln t), beyond which a normal deviate is with a probability of 0.4 ÷ (z · t). The last term is the skewness
 * of a Poisson distribution (Cornish and Fisher).
 */
export function randomExcess(
  profiles: readonly LoadProfile[],
  weightOf: (profile: LoadProfile) => number = () => 1,
): number {
  const random = profiles.flatMap((profile) =>
    kindProfilesOf(profile)
      .filter(isRandom)
      .map((kind) => ({ ...makeArrivalRate(kind), weight: weightOf(profile) })),
  );
  if (random.length === 0) return 0;
  const seconds = Math.max(2, ...random.map(({ durationMs }) => durationMs / 1_000));
  const z = Math.sqrt(2 * Math.log(seconds));
  const variance = sumBy(random, ({ peakPerSecond, weight }) => peakPerSecond * weight * weight);
  const mostWeight = Math.max(...random.map(({ weight }) => weight));
  return z * Math.sqrt(variance) + (mostWeight * (z * z - 1)) / 6;
}

/** Whether a second of it may have more messages than its rate says. */
function isRandom({ pattern }: LoadProfile): boolean {
  if (pattern?.kind === 'burst') return pattern.together?.isRandom === true;
  return pattern?.kind === 'poisson' || (pattern?.kind === 'pulse' && pattern.isRandom);
}
