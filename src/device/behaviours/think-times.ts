import { drawTime, type ThinkTime } from '../../profile/time-distribution.ts';
import { PositionalRandom } from '../../shared/random.ts';

/** Sets think times apart from the values in the payload of the same message. */
const thinkLane = 0x7468;

/** How long a device thinks after its message k, milliseconds: same seed, same times. */
export function makeThinkTimes(time: ThinkTime, seed: number): (deviceIndex: number, k: number) => number {
  if (time.kind === 'constant') return () => time.ms;
  const random = new PositionalRandom(seed);
  const draws = { uniform: () => random.next(), gaussian: () => random.nextGaussian() };
  return (deviceIndex, k) => {
    random.seek(deviceIndex, k, thinkLane);
    return Math.max(0, drawTime(time, draws));
  };
}
