import type { SearchRange } from '../../profile/search.ts';
import { takenWithinMs } from '../taken-devices.ts';

/** From the change of a level until all of its load is there: devices that are more than between steps connect first. */
export function rampMs({ from, connectsPerSecond }: SearchRange, level: number): number {
  return connectsPerSecond === undefined ? 0 : takenWithinMs(level - from, connectsPerSecond);
}
