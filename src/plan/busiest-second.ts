import type { LoadProfile } from '../profile/load-profile.ts';
import { sumBy } from '../shared/counts.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import { kindProfilesOf } from './kinds.ts';
import { presentShare } from './lifecycle.ts';
import { spreadOf } from './schedules/arrival-kinds.ts';

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
      return spread === undefined
        ? []
        : [{ ...makeArrivalRate(kind), ...spread, share: presentShare(kind), weight: weightOf(profile) }];
    }),
  );
  if (random.length === 0) return 0;
  const seconds = Math.max(2, ...random.map(({ durationMs }) => durationMs / 1_000));
  const z = Math.sqrt(2 * Math.log(seconds));
  const variance = sumBy(
    random,
    ({ peakPerSecond, share, variancePerMessage, weight }) =>
      peakPerSecond * share * variancePerMessage * weight * weight,
  );
  const mostAtOnce = Math.max(...random.map(({ atOnce, weight }) => atOnce * weight));
  return z * Math.sqrt(variance) + (mostAtOnce * (z * z - 1)) / 6;
}
