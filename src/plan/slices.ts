import type { LoadProfile } from '../profile/load-profile.ts';
import { maxDevicesPerSlice } from '../shared/run-bounds.ts';
import { type AccountLimits, accountLimitsOf } from '../targets/aws-iot/quotas.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import type { Deployment } from './deployment.ts';
import type { Plan, Slice } from './plan.ts';

/**
 * What one slice should have to do at most, on one vCPU with room to stay punctual: the slow client (device-sdk)
 * spends about 45 µs on a QoS 1 message and a few milliseconds on a TLS handshake.
 */
const comfortable = { devices: 500, publishesPerSecond: 5_000, connectsPerSecond: 250 } as const;

/**
 * How many slices, and the most devices in one. A profile that says `devicesPerSlice` gets it; otherwise as few slices
 * as are comfortable, up to 900 devices each (a Lambda's 1,024 file descriptors) where Lambda's concurrency, the stack's reserved one or a share of the account's, would
 * not hold them all at 500.
 */
export function splitIntoSlices(
  profile: LoadProfile,
  limits: AccountLimits = accountLimitsOf('default'),
  { publishConcurrency }: Pick<Deployment, 'publishConcurrency'> = {},
): { readonly count: number; readonly devicesPerSlice: number } {
  const concurrency = publishConcurrency ?? Math.floor(limits.lambdaConcurrency * profile.limits.quotaShare);
  const count = Math.min(profile.devices, wantedSlices(profile, concurrency));
  return { count, devicesPerSlice: Math.ceil(profile.devices / count) };
}

function wantedSlices(profile: LoadProfile, concurrency: number): number {
  const { devices, connect, slices } = profile;
  if (slices.devicesPerSlice !== undefined) return Math.ceil(devices / slices.devicesPerSlice);
  const { peakPerSecond } = makeArrivalRate(profile);
  const byDevices = Math.max(
    Math.min(Math.ceil(devices / comfortable.devices), Math.max(concurrency, 1)),
    Math.ceil(devices / maxDevicesPerSlice),
  );
  const byRate = Math.ceil(peakPerSecond / comfortable.publishesPerSecond);
  const connectsPerSecond = Math.min(connect.ratePerSecond, devices);
  const byConnects =
    connect.protocol === 'mqtt' ? Math.ceil(connectsPerSecond / comfortable.connectsPerSecond) : 1;
  return Math.max(byDevices, byRate, byConnects);
}

/**
 * A slice's own share, from the plan and its number alone. With B(s) = ⌊D·s/S⌋ the first device of slice s, devices
 * are B(s+1) − B(s), so that slices differ by one device at most, and messages are ⌊M·B(s+1)/D⌋ − ⌊M·B(s)/D⌋. Both
 * telescope: the shares sum to D and M exactly.
 */
export function sliceOf(plan: Plan, slice: number): Slice {
  if (!Number.isInteger(slice) || slice < 0 || slice >= plan.slices.count) {
    throw new RangeError(`slice ${slice} of a plan with ${plan.slices.count} slices`);
  }
  const firstDevice = firstDeviceOf(plan, slice);
  const next = firstDeviceOf(plan, slice + 1);
  return {
    slice,
    firstDevice,
    devices: next - firstDevice,
    messages: messagesBefore(plan, next) - messagesBefore(plan, firstDevice),
  };
}

function firstDeviceOf(plan: Plan, slice: number): number {
  return Math.floor((plan.profile.devices * slice) / plan.slices.count);
}

/**
 * ⌊M·B/D⌋ without leaving the integers a double holds: with M = qD + r it is qB + ⌊rB/D⌋, and rB < D² stays below
 * 2⁵³ for any D up to 94 million.
 */
function messagesBefore(plan: Plan, device: number): number {
  const { devices } = plan.profile;
  const each = Math.floor(plan.load.messages / devices);
  const rest = plan.load.messages % devices;
  return each * device + Math.floor((rest * device) / devices);
}
