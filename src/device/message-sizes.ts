import type { MessageSettings } from '../profile/load-profile.ts';
import { drawSize } from '../profile/size-distribution.ts';
import { PositionalRandom } from '../shared/random.ts';

/** Sets sizes apart from the values in the payload of the same message. */
const sizeLane = 0x737a;

/** The size that message k of a device is padded to: same seed, same sizes. */
export function makeMessageSizes(
  { sizeBytes, sizes }: Pick<MessageSettings, 'sizeBytes' | 'sizes'>,
  seed: number,
): (deviceIndex: number, k: number) => number {
  if (sizes === undefined) return () => sizeBytes;
  const random = new PositionalRandom(seed);
  const uniform = () => random.next();
  const gaussian = () => random.nextGaussian();
  return (deviceIndex, k) => {
    random.seek(deviceIndex, k, sizeLane);
    return drawSize({ sizeBytes, sizes }, uniform, gaussian);
  };
}
