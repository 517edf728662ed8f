import { connectsEachMessage } from '../profile/lifecycle-kinds.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import { sumBy } from '../shared/counts.ts';
import { type AccountLimits, accountLimitsOf } from '../targets/aws-iot/quotas.ts';
import type { Deployment } from './deployment.ts';
import { groupOfSlice, intendedPeakOf } from './groups.ts';
import { kindsOf } from './kinds.ts';
import type { LoadAction } from './load-actions/load-action.ts';
import type { GroupPlan, Plan, Slice, SliceSplit } from './plan.ts';
import { makePlannedRate } from './planned-rate.ts';
import { mostReconnects } from './reconnect-turns.ts';
import { perTurnOf } from './schedules/arrival-kinds.ts';
import { slicesByConnections } from './slice-connections.ts';

/**
 * What one slice should have to do at most, on one vCPU with room to stay punctual: the slow client (device-sdk)
 * spends about 45 µs on a QoS 1 message and a few milliseconds on a TLS handshake.
 */
const comfortable = { devices: 500, publishesPerSecond: 5_000, connectsPerSecond: 250 } as const;

/** What bounds the slices that run at once. */
export interface ConcurrencyBounds {
  /** Default: AWS's own. */
  readonly limits?: AccountLimits;
  readonly deployment?: Pick<Deployment, 'publishConcurrency'> | undefined;
  /** Of that concurrency, what this group may take: 0–1. */
  readonly share?: number;
}

/**
 * How many slices, and the most devices in one. A profile that says `devicesPerSlice` gets it; otherwise as few slices
 * as are comfortable, up to 900 connections each (a Lambda's 1,024 file descriptors) where Lambda's concurrency, the stack's reserved one or a share of the account's, would
 * not hold them all at 500.
 */
export function splitIntoSlices(
  profile: LoadProfile,
  { limits = accountLimitsOf('default'), deployment, share = 1 }: ConcurrencyBounds = {},
): SliceSplit {
  const wholeConcurrency =
    deployment?.publishConcurrency ?? Math.floor(limits.lambdaConcurrency * profile.limits.quotaShare);
  const concurrency = Math.floor(wholeConcurrency * share);
  const count = Math.min(profile.devices, wantedSlices(profile, concurrency));
  return { count, devicesPerSlice: Math.ceil(profile.devices / count) };
}

function wantedSlices(profile: LoadProfile, concurrency: number): number {
  const { devices, connect, slices } = profile;
  if (slices.devicesPerSlice !== undefined) return Math.ceil(devices / slices.devicesPerSlice);
  const peakPerSecond = intendedPeakOf([profile]);
  const byConnections = slicesByConnections(profile);
  const byDevices = Math.min(Math.ceil(devices / comfortable.devices), Math.max(concurrency, 1));
  const byRate = Math.ceil(peakPerSecond / comfortable.publishesPerSecond);
  const connectsPerSecond = connectsEachMessage(profile)
    ? peakPerSecond
    : Math.max(Math.min(connect.ratePerSecond, devices), mostReconnects(profile));
  const byConnects =
    connect.protocol === 'mqtt' ? Math.ceil(connectsPerSecond / comfortable.connectsPerSecond) : 1;
  const comfortably = Math.max(byDevices, byRate, byConnects);
  return Math.max(Math.min(comfortably, byConnections.most), byConnections.least);
}

/**
 * A slice's own share of its group, from the plan and its number alone. With s counted from the group's first slice and
 * B(s) = ⌊D·s/S⌋ the first of the group's D devices in it, devices are B(s+1) − B(s), so that slices differ by one device at
 * most, and messages are ⌊M·B(s+1)/D⌋ − ⌊M·B(s)/D⌋, or as many whole bursts. Both telescope: the shares sum to the group's D and M exactly.
 */
export function sliceOf(plan: Plan, slice: number): Slice {
  return shareOf(groupOfSlice(planOfSlice(plan, slice), slice), slice);
}

/** A plan does not change, and groups of one are found again by it. */
const ownPlans = new WeakMap<readonly LoadAction[], Plan>();

function planOfSlice(plan: Plan, slice: number): Plan {
  const loadActions = plan.ownLoadActions?.[slice];
  if (loadActions === undefined) return plan;
  let own = ownPlans.get(loadActions);
  if (own === undefined) {
    own = { ...plan, loadActions };
    ownPlans.set(loadActions, own);
  }
  return own;
}

/** All slices of a group. */
export function sharesOf(group: GroupPlan): Slice[] {
  return Array.from({ length: group.slices.count }, (_, i) => shareOf(group, group.firstSlice + i));
}

/** @param slice one of the group's, numbered over the whole run */
export function shareOf(group: GroupPlan, slice: number): Slice {
  const first = firstDeviceOf(group, slice - group.firstSlice);
  const next = firstDeviceOf(group, slice - group.firstSlice + 1);
  return {
    slice,
    group,
    firstDevice: group.firstDevice + first,
    devices: next - first,
    messages: sumBy(kindsOf(group), (kind) => messagesBefore(kind, next) - messagesBefore(kind, first)),
  };
}

function firstDeviceOf({ profile, slices }: GroupPlan, slice: number): number {
  return Math.floor((profile.devices * slice) / slices.count);
}

/** Of M messages, those of the first B of D devices: ⌊M·B/D⌋; of M messages in bursts of c, c·⌊M/c·B/D⌋, so that no slice has a part of a burst. */
function messagesBefore({ profile, load }: GroupPlan, device: number): number {
  const { devices, pattern, rateSteps } = profile;
  // Steps change when messages are due, and how many of them; the shares are of what was planned without.
  const messages = rateSteps === undefined ? load.messages : Math.round(makePlannedRate(profile).messages);
  if (device === devices) return messages;
  const inBurst = perTurnOf(pattern);
  return inBurst * shareBefore(Math.floor(messages / inBurst), device, devices);
}

/**
 * ⌊M·B/D⌋ without leaving the integers a double holds: with M = qD + r it is qB + ⌊rB/D⌋, and rB < D² stays below
 * 2⁵³ for any D up to 94 million.
 */
function shareBefore(whole: number, device: number, devices: number): number {
  const each = Math.floor(whole / devices);
  const rest = whole % devices;
  return each * device + Math.floor((rest * device) / devices);
}
