import type { ThinkTime } from '../../profile/load-profile.ts';
import { PositionalRandom } from '../../shared/random.ts';

/** Sets think times apart from the values in the payload of the same message. */
const thinkLane = 0x7468;

/** How long a device thinks after its message k, milliseconds: same seed, same times. */
export function makeThinkTimes(time: ThinkTime, seed: number): (deviceIndex: number, k: number) => number {
  const random = new PositionalRandom(seed);
  const drawn = (draw: () => number) => (deviceIndex: number, k: number) => {
    random.seek(deviceIndex, k, thinkLane);
    return Math.max(0, draw());
  };
  switch (time.kind) {
    case 'constant':
      return () => time.ms;
    case 'uniform':
      return drawn(() => time.minMs + (time.maxMs - time.minMs) * random.next());
    case 'exponential':
      return drawn(() => -time.meanMs * Math.log(1 - random.next()));
    case 'normal':
      return drawn(() => time.meanMs + time.sdMs * random.nextGaussian());
  }
}
