/** Which device sends which publish of a slice's stream; no other code computes it. */
export interface DeviceTurns {
  /** The device that publish n is of, by its index within the slice. */
  readonly deviceOf: (n: number) => number;
  /** The publish's number within its device's place: 0, 1, 2, … */
  readonly messageOf: (n: number) => number;
  /** The next publish of the same device; past the stream's last one: there is none. */
  readonly nextOf: (n: number) => number;
  /** How many publishes the device of publish n has from n on, of those below `end`. */
  readonly countFrom: (n: number, end: number) => number;
  /**
   * Of the publishes 0 … n − 1, how many are of chosen devices.
   * @param chosenBefore of the slice's devices 0 … i − 1, how many are chosen
   */
  readonly countOf: (n: number, chosenBefore: (i: number) => number) => number;
  /** Of as many publishes in a row each device has at least one. */
  readonly roundLength: number;
}

/** Turns that are a formula: the way back from device and message is one too. */
export interface RegularTurns extends DeviceTurns {
  readonly numberOf: (device: number, message: number) => number;
}

/** Devices take turns, so publish n is message k of its device with n = k · devices + device, and no table is needed however many there are. */
export function makeDeviceTurns(devices: number): RegularTurns {
  return makeBurstTurns(devices, 1);
}

/**
 * Devices take turns, with `count` publishes each turn. With b = ⌊n ÷ count⌋ the turn and i its place in it, publish n is message
 * ⌊b ÷ devices⌋ · count + i of device b mod devices.
 */
export function makeBurstTurns(devices: number, count: number): RegularTurns {
  const perRound = devices * count;
  const turnOf = (n: number) => Math.floor(n / count);
  const deviceOf = (n: number) => turnOf(n) % devices;
  /** Of the publishes below `end`, those of the turn that begins with publish `first`, and of the same device's later ones. */
  const countTurns = (first: number, end: number) => {
    if (end <= first) return 0;
    const rounds = Math.floor((end - first) / perRound);
    return rounds * count + Math.min(end - first - rounds * perRound, count);
  };
  return {
    deviceOf,
    messageOf: (n) => Math.floor(n / perRound) * count + (n % count),
    nextOf: (n) => ((n + 1) % count === 0 ? n + 1 + perRound - count : n + 1),
    countFrom: (n, end) => {
      if (end <= n) return 0;
      const first = n - (n % count);
      return countTurns(first, end) - (n % count);
    },
    countOf: (n, chosenBefore) => {
      const device = deviceOf(n);
      const inTurn = n % count;
      const ofTurn = inTurn === 0 ? 0 : inTurn * (chosenBefore(device + 1) - chosenBefore(device));
      return count * (Math.floor(n / perRound) * chosenBefore(devices) + chosenBefore(device)) + ofTurn;
    },
    roundLength: perRound,
    numberOf: (device, message) =>
      (Math.floor(message / count) * devices + device) * count + (message % count),
  };
}

/**
 * Turns of any devices in any order.
 * @param deviceOf the device of each publish; it is kept, with 8 bytes a publish besides
 */
export function makeListedTurns(deviceOf: Uint32Array, devices: number): DeviceTurns {
  const count = deviceOf.length;
  const ordinals = new Uint32Array(count);
  const next = new Uint32Array(count).fill(count);
  const ofDevice = new Uint32Array(devices);
  const last = new Int32Array(devices).fill(-1);
  for (let n = 0; n < count; n++) {
    const device = deviceOf[n]!;
    ordinals[n] = ofDevice[device]!;
    ofDevice[device] = ofDevice[device]! + 1;
    if (last[device]! >= 0) next[last[device]!] = n;
    last[device] = n;
  }
  let chosen: { readonly before: (i: number) => number; readonly upTo: Uint32Array } | undefined;
  /** Of the publishes before each one, those of chosen devices. */
  const countChosen = (chosenBefore: (i: number) => number) => {
    const upTo = new Uint32Array(count + 1);
    for (let n = 0; n < count; n++) {
      const device = deviceOf[n]!;
      upTo[n + 1] = upTo[n]! + chosenBefore(device + 1) - chosenBefore(device);
    }
    return { before: chosenBefore, upTo };
  };
  return {
    deviceOf: (n) => deviceOf[n]!,
    messageOf: (n) => ordinals[n]!,
    nextOf: (n) => next[n]!,
    countFrom(n, end) {
      let from = 0;
      for (let at = n; at < Math.min(end, count); at = next[at]!) from++;
      return from;
    },
    countOf(n, chosenBefore) {
      if (chosen?.before !== chosenBefore) chosen = countChosen(chosenBefore);
      return chosen.upTo[Math.min(n, count)]!;
    },
    // Devices differ in how many of their messages are left: no part of the stream has one of each for sure.
    roundLength: Math.max(1, count),
  };
}
