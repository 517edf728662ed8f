import type { LoadProfile } from '../profile/load-profile.ts';
import { sumBy } from '../shared/counts.ts';
import type { AwakeStretch } from './lifecycle.ts';
import type { Slice } from './plan.ts';
import { connectSettleMs } from './schedule.ts';
import { makeActivity, type UserStretch } from './user-activity.ts';

/**
 * When the devices of a slice are taken in, by the steps of its group; milliseconds after publishing begins. With N(t) the devices that are
 * taken in, which rises to a step at the profile's rate of connects and falls to one at once, the device of rank r is taken in while N(t) > r.
 */
export interface TakenDevices {
  /** Stretches in which a device is to be connected. */
  connected(device: number): readonly AwakeStretch[];
  /** Stretches in which its messages are due: once it had time to connect. */
  sending(device: number): readonly AwakeStretch[];
}

export function makeTakenDevices(slice: Slice): TakenDevices {
  const { profile } = slice.group;
  const { activeFrom, activeUntil } = makeActivity(slice, takenStretchesOf(profile));
  const connected = (device: number): AwakeStretch[] => {
    const stretches: AwakeStretch[] = [];
    for (let fromMs = activeFrom(device, 0); fromMs < Number.POSITIVE_INFINITY; ) {
      const toMs = activeUntil(device, fromMs);
      stretches.push({ fromMs, toMs });
      fromMs = activeFrom(device, toMs);
    }
    return stretches;
  };
  return {
    connected,
    sending: (device) =>
      connected(device).map(({ fromMs, toMs }) => ({
        // Devices that are taken in from the beginning connect before.
        fromMs: fromMs === 0 ? 0 : Math.min(toMs, fromMs + connectSettleMs),
        toMs,
      })),
  };
}

/** How long so many more devices take from a step until all of them send. */
export function takenWithinMs(devices: number, connectsPerSecond: number): number {
  return devices <= 0 ? 0 : (devices * 1_000) / connectsPerSecond + connectSettleMs;
}

/**
 * How often devices of a group that were taken in before are taken in again, at most: every rise of N(t), less the devices that are taken in
 * for the first time. All of a group's devices are taken to be once.
 */
export function countTakenAgain({ deviceSteps = [], devices }: DeviceSteps): number {
  const [first] = deviceSteps;
  if (first === undefined) return 0;
  const beginning = first.atMs === 0 ? first.devices : devices;
  const levels = [beginning, ...deviceSteps.map((step) => step.devices)];
  const rises = sumBy(levels, (level, i) => Math.max(0, level - (levels[i - 1] ?? level)));
  return Math.max(0, rises - (devices - beginning));
}

/** When devices of a group are taken in after the beginning, at its rate of connects; milliseconds after publishing begins. */
export function risesOf(profile: LoadProfile): readonly Pick<UserStretch, 'fromMs' | 'toMs'>[] {
  return takenStretchesOf(profile).filter(({ startUsers, endUsers }) => endUsers > startUsers);
}

type DeviceSteps = Pick<LoadProfile, 'deviceSteps' | 'devices'>;

/** N(t): all devices until the first step. Devices stand where the type says users. */
export function takenStretchesOf({ deviceSteps = [], devices, connect, stages }: LoadProfile): UserStretch[] {
  const endMs = sumBy(stages, ({ durationMs }) => durationMs);
  const firstMs = Math.min(endMs, deviceSteps[0]?.atMs ?? endMs);
  const stretches: UserStretch[] = [];
  const add = (fromMs: number, toMs: number, startUsers: number, endUsers: number) => {
    if (toMs > fromMs) stretches.push({ fromMs, toMs, startUsers, endUsers });
  };
  add(0, firstMs, devices, devices);
  // What is planned from the beginning is connected by then.
  let taken = firstMs === 0 ? (deviceSteps[0]?.devices ?? devices) : devices;
  for (const [i, step] of deviceSteps.entries()) {
    const untilMs = Math.min(endMs, deviceSteps[i + 1]?.atMs ?? endMs);
    const perMs = connect.ratePerSecond / 1_000;
    const rise = Math.max(0, step.devices - taken);
    const reachedMs = Math.min(untilMs, step.atMs + rise / perMs);
    const reached =
      rise === 0 ? step.devices : Math.min(step.devices, taken + perMs * (reachedMs - step.atMs));
    if (rise > 0) add(step.atMs, reachedMs, taken, reached);
    add(reachedMs, untilMs, step.devices, step.devices);
    taken = reached;
  }
  return stretches;
}
