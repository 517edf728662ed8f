import type { GroupSettings, Lifecycle, TimeRange } from '../profile/load-profile.ts';
import { PositionalRandom } from '../shared/random.ts';

/** A stretch in which a device is awake, milliseconds after the devices of the run begin to connect; the first may begin before that. */
export interface AwakeStretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Payloads use lane 0 and up of the same seed. */
const lifecycleLane = 0x51ee;

/**
 * A device's stretches, without an end: cycle k is awake and then asleep, for times that seed, device and k decide. Devices begin at
 * any point of their first cycle, each as likely, so that their connects are spread from the start.
 * @param device index over the run
 */
export function* awakeStretches(
  { awake, asleep }: Lifecycle,
  seed: number,
  device: number,
): Generator<AwakeStretch, never> {
  const random = new PositionalRandom(seed);
  let fromMs = 0;
  for (let k = 0; ; k++) {
    random.seek(device, k, lifecycleLane);
    const awakeMs = drawFrom(awake, random);
    const asleepMs = drawFrom(asleep, random);
    if (k === 0) fromMs = -random.next() * (awakeMs + asleepMs);
    yield { fromMs, toMs: fromMs + awakeMs };
    fromMs += awakeMs + asleepMs;
  }
}

function drawFrom({ leastMs, mostMs }: TimeRange, random: PositionalRandom): number {
  return leastMs + (mostMs - leastMs) * random.next();
}

/** The longest that a message waits because its device sleeps; 0 for a group whose devices stay awake. */
export function longestSleepMs({ lifecycle }: Pick<GroupSettings, 'lifecycle'>): number {
  return lifecycle?.asleep.mostMs ?? 0;
}

/** Of the devices of a group at any time: the share that is awake, and how many wake in a second; undefined: they stay awake. */
export function wakingOf({
  lifecycle,
  devices,
}: Pick<GroupSettings, 'lifecycle' | 'devices'>):
  | { readonly awakeShare: number; readonly wakesPerSecond: number }
  | undefined {
  if (lifecycle === undefined) return undefined;
  const meanMs = ({ leastMs, mostMs }: TimeRange) => (leastMs + mostMs) / 2;
  const cycleMs = meanMs(lifecycle.awake) + meanMs(lifecycle.asleep);
  return { awakeShare: meanMs(lifecycle.awake) / cycleMs, wakesPerSecond: (devices / cycleMs) * 1_000 };
}

/** How often devices of a group wake in a time, milliseconds: on average, rounded. */
export function wakesOf(profile: Pick<GroupSettings, 'lifecycle' | 'devices'>, lastsMs: number): number {
  return Math.round(((wakingOf(profile)?.wakesPerSecond ?? 0) * lastsMs) / 1_000);
}

/** A mean with three standard deviations of a Poisson distribution, which a count hardly ever exceeds. */
function withThreeDeviations(mean: number): number {
  return mean + 3 * Math.sqrt(mean);
}

/** Devices of a group that wake in one second, at most; as many fall asleep. */
export function mostWakesPerSecond(profile: Pick<GroupSettings, 'lifecycle' | 'devices'>): number {
  return Math.min(profile.devices, withThreeDeviations(wakingOf(profile)?.wakesPerSecond ?? 0));
}

/** Devices of a group that are awake at once, at most. */
export function mostAwake(profile: Pick<GroupSettings, 'lifecycle' | 'devices'>): number {
  const waking = wakingOf(profile);
  if (waking === undefined) return profile.devices;
  return Math.min(profile.devices, Math.ceil(withThreeDeviations(profile.devices * waking.awakeShare)));
}

/** Connects of a group in its busiest second: while those that begin awake connect at the profile's rate, others wake. */
export function busiestConnects(profile: Pick<GroupSettings, 'lifecycle' | 'devices' | 'connect'>): number {
  const first = Math.min(profile.connect.ratePerSecond, profile.devices);
  const waking = wakingOf(profile);
  if (waking === undefined) return first;
  return Math.min(profile.devices, first * waking.awakeShare + withThreeDeviations(waking.wakesPerSecond));
}
