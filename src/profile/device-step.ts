import { maxDevicesPerSlice, maxSlices } from '../shared/run-bounds.ts';
import type { NoRate } from './rate-step.ts';

/** How many devices of a group are connected and send; the others wait. */
export interface DevicesChange {
  readonly devices: number;
}

/** A number of devices that holds from an instant, counted from the beginning of publishing, until the next step. */
export interface DeviceStep extends DevicesChange {
  readonly atMs: number;
}

/** Most devices that a run can have. */
export const mostDevices = maxSlices * maxDevicesPerSlice;

/** A number of devices as users write it. */
export function parseDevices(given: string): DevicesChange | NoRate {
  const change = devicesChangeOf({ count: /^\s*\d+\s*$/.test(given) ? Number(given) : undefined });
  if (change !== undefined) return change;
  return { message: `is no number of devices: ${given}`, hint: 'give a whole number, such as 500' };
}

/** Of a stored or announced action. Undefined: it is none. */
export function devicesChangeOf({
  count,
}: {
  readonly [setting: string]: unknown;
}): DevicesChange | undefined {
  const isCount = Number.isInteger(count) && (count as number) >= 0 && (count as number) <= mostDevices;
  return isCount ? { devices: count as number } : undefined;
}
