import type { Failover, RegionMove } from '../profile/planned-action.ts';
import type { InputError } from '../shared/errors.ts';
import { chosenCount, makeDeviceChoice } from './device-choice.ts';
import type { GroupPlan, Plan, Slice } from './plan.ts';
import { regionOfSlice } from './regions.ts';
import { sharesOf } from './slices.ts';

/** A failover at its instant, epoch milliseconds. */
export interface FailoverAt extends Failover {
  readonly at: number;
}

/** Devices of a group whose slices run in one Region: they are there until a failover moves them. */
interface Home {
  readonly region: string;
  readonly devices: number;
  /** By slice: how many devices of the home are in the slices before it. */
  readonly before: ReadonlyMap<number, number>;
}

const known = new WeakMap<GroupPlan, readonly Home[]>();

function homesOf(plan: Plan, group: GroupPlan): readonly Home[] {
  let homes = known.get(group);
  if (homes === undefined) {
    const byRegion = Map.groupBy(sharesOf(group), ({ slice }) => regionOfSlice(plan, slice)?.name);
    homes = [...byRegion].flatMap(([region, slices]) =>
      region === undefined ? [] : [homeOf(region, slices)],
    );
    known.set(group, homes);
  }
  return homes;
}

function homeOf(region: string, slices: readonly Slice[]): Home {
  const before = new Map<number, number>();
  let devices = 0;
  for (const slice of slices) {
    before.set(slice.slice, devices);
    devices += slice.devices;
  }
  return { region, devices, before };
}

/**
 * Whether a failover is for a device, by its index among `devices` with one home: it moves if it is in the failover's Region then. Each
 * home is chosen from by itself, so that of a home whose devices are all there exactly the share moves.
 */
export function failoverChoice(
  { profile, timeline }: Pick<GroupPlan, 'profile' | 'timeline'>,
  { share, at }: Pick<FailoverAt, 'share' | 'at'>,
  devices: number,
): (device: number) => boolean {
  const salt = Math.round(at - timeline.publishAt);
  return makeDeviceChoice({ devices, share, seed: profile.seed, salt });
}

/** Devices of a slice, by their numbers in it, that move in a failover if they are in its Region then. */
export function failoverDevicesOf(
  plan: Plan,
  slice: Slice,
  failover: Pick<FailoverAt, 'share' | 'at'>,
): number[] {
  const home = homesOf(plan, slice.group).find(({ before }) => before.has(slice.slice));
  if (home === undefined) return [];
  const isChosen = failoverChoice(slice.group, failover, home.devices);
  const first = home.before.get(slice.slice)!;
  return Array.from({ length: slice.devices }, (_, device) => device).filter((device) =>
    isChosen(first + device),
  );
}

/**
 * How many devices of a group each failover moves.
 * @param failovers of the group, in the order in which they take effect
 */
export function countMoves(plan: Plan, group: GroupPlan, failovers: readonly FailoverAt[]): number[] {
  const counts = failovers.map(() => 0);
  for (const home of homesOf(plan, group))
    for (const [i, count] of countMovesOfHome(group, home, failovers).entries()) counts[i]! += count;
  return counts;
}

function countMovesOfHome(group: GroupPlan, home: Home, failovers: readonly FailoverAt[]): number[] {
  const { region, devices } = home;
  const [first, ...others] = failovers;
  if (first === undefined) return [];
  // One failover needs no look at each device.
  if (others.length === 0) return [first.from === region ? chosenCount({ devices, share: first.share }) : 0];
  const choices = failovers.map((failover) => failoverChoice(group, failover, devices));
  const counts = failovers.map(() => 0);
  for (let device = 0; device < devices; device++) {
    let at = region;
    for (const [i, { from, to }] of failovers.entries()) {
      if (at !== from || !choices[i]!(device)) continue;
      at = to;
      counts[i]!++;
    }
  }
  return counts;
}

/** Devices of a group in each Region before any failover. */
export function devicesAtHome(plan: Plan, group: GroupPlan): ReadonlyMap<string, number> {
  return new Map(homesOf(plan, group).map(({ region, devices }) => [region, devices]));
}

/** Why a plan cannot move devices: its slices connect only to endpoints that the plan names. */
export function refuseFailovers({ profile, regions = [] }: Plan): InputError[] {
  const isUnknown = (region: string) => regions.find(({ name }) => name === region)?.target === undefined;
  return (profile.timeline ?? []).flatMap(({ action }, i) => {
    if (action.kind !== 'failover') return [];
    return [action.from, action.to].filter(isUnknown).map((region) => ({
      path: `timeline[${i}].failover`,
      message: `cannot be carried out: the plan does not have the endpoint in ${region}`,
      hint: 'remove it: the plan and its forecast can have failovers, and runs cannot yet',
    }));
  });
}

/** @returns false where only one of them is a failover */
export function isSameMove(one: RegionMove | undefined, other: RegionMove | undefined): boolean {
  return one?.from === other?.from && one?.to === other?.to;
}
