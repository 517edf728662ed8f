import { mix32, PositionalRandom } from '../shared/random.ts';

/** Which devices of a group something happens to. */
export interface DeviceChoice {
  /** Devices of the group, or of the part that is simulated. */
  readonly devices: number;
  readonly share: number;
  readonly seed: number;
  /** Distinguishes one choice from another of the same seed. */
  readonly salt: number;
}

/** ⌊D · share⌉ */
export function chosenCount({ devices, share }: Pick<DeviceChoice, 'devices' | 'share'>): number {
  return Math.round(devices * share);
}

const rounds = 6;

/**
 * Whether a device is chosen, by its index in the group. Device d is chosen if π(d) < ⌊D · share⌉, where π is a permutation of the D
 * devices that seed and salt decide: the choice of each slice is a pure function of its own devices, and over all slices it
 * sums to exactly that count, without a list of all devices.
 *
 * π is a Feistel network over the smallest 4ᵏ ≥ D, walked until it is back below D.
 * @see https://doi.org/10.1007/3-540-45760-7_9 (Black and Rogaway, "Ciphers with arbitrary finite domains")
 */
export function makeDeviceChoice(choice: DeviceChoice): (device: number) => boolean {
  const { devices, seed, salt } = choice;
  const chosen = chosenCount(choice);
  const halfBits = Math.max(1, Math.ceil(Math.log2(Math.max(2, devices)) / 2));
  const mask = 2 ** halfBits - 1;
  const random = new PositionalRandom(seed);
  random.seek(salt, 0, choiceLane);
  const keys = Array.from({ length: rounds }, () => random.nextUint32());
  const permute = (index: number): number => {
    let left = index >>> halfBits;
    let right = index & mask;
    for (const key of keys) [left, right] = [right, left ^ (mix32(right ^ key) & mask)];
    return ((left << halfBits) | right) >>> 0;
  };
  return (device) => {
    let place = permute(device);
    while (place >= devices) place = permute(place);
    return place < chosen;
  };
}

/** Payloads use lane 0 and up of the same seed. */
const choiceLane = 0x5707;
