/**
 * Which device sends which publish of a slice's stream; no other code computes it. They take turns, so publish n is message k
 * of its device with n = k · devices + device, and no table is needed however many there are.
 */
export interface DeviceTurns {
  /** The device that publish n is of, by its index within the slice. */
  readonly deviceOf: (n: number) => number;
  /** The publish's number within its device: 0, 1, 2, … */
  readonly messageOf: (n: number) => number;
  /** The next publish of the same device. */
  readonly nextOf: (n: number) => number;
  /** How many publishes the device of publish n has from n on, of those below `end`. */
  readonly countFrom: (n: number, end: number) => number;
}

export function makeDeviceTurns(devices: number): DeviceTurns {
  return {
    deviceOf: (n) => n % devices,
    messageOf: (n) => Math.floor(n / devices),
    nextOf: (n) => n + devices,
    countFrom: (n, end) => Math.max(0, Math.ceil((end - n) / devices)),
  };
}
