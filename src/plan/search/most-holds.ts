import type { CapacitySearch } from '../../profile/search.ts';
import { searchMethods } from './methods.ts';

/** Void holds that a search tolerates. With one more, the generator is not good enough. */
export const mostVoids = 2;

/** Holds of a search in which no hold is void and none contradicts another, at most. */
export function undisturbedHolds(settings: CapacitySearch): number {
  return searchMethods[settings.method].mostLevels(settings) + 2 * (settings.confirm - 1);
}

/**
 * Holds of any search at most. The reserve is for void holds, and for noise near the knee: for two levels whose outcome is decided by
 * 2 · confirm − 1 holds, and for two more levels after an outcome has turned out to be the other one.
 */
export function mostHolds(settings: CapacitySearch): number {
  const { confirm } = settings;
  const forNoise = confirm === 1 ? 0 : 2 * (confirm - 1) + 2 * (2 * confirm - 1);
  return undisturbedHolds(settings) + mostVoids + forNoise;
}
