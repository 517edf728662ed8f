import type { RegionShare } from '../profile/region-shares.ts';
import { sumBy } from '../shared/counts.ts';
import type { InputError } from '../shared/errors.ts';
import { formatCount, formatPlural } from '../shared/format.ts';
import { groupsOf, settingOf } from './groups.ts';
import type { GroupPlan, Plan, RegionPlan, SliceSplit } from './plan.ts';
import { between, type PlanProblem, within } from './plan-problem.ts';
import { shareOf } from './slices.ts';

/** How far the devices of a Region may be from its share, of all devices of a group: otherwise the group has more slices. */
const tolerance = 0.01;

/** Slices beyond those that a group needs by itself, at most, so that they can be divided. */
const mostMoreSlices = 20;

/** How many of `count` slices each Region has: ⌊count·share⌋, and the largest remainders have one more each. */
export function divideSlices(count: number, regions: readonly RegionShare[]): readonly number[] {
  const exact = regions.map(({ share }) => count * share);
  const whole = exact.map(Math.floor);
  const left = count - sumBy(whole, (each) => each);
  const byRemainder = regions
    .map((_, i) => i)
    .toSorted((a, b) => exact[b]! - whole[b]! - (exact[a]! - whole[a]!) || a - b);
  for (const i of byRemainder.slice(0, left)) whole[i]! += 1;
  return whole;
}

/**
 * Slices of a group of which each Region can have its share of the devices, within a hundredth of them: a slice and all its devices are in one
 * Region. As few as do, and of no number of them up to 20 more the one that comes nearest.
 * @param isGiven the profile says how many devices are in a slice
 */
export function splitForRegions(
  { count, devicesPerSlice }: SliceSplit,
  devices: number,
  { regions, isGiven }: { readonly regions: readonly RegionShare[] | undefined; readonly isGiven: boolean },
): SliceSplit {
  if (regions === undefined || isGiven) return { count, devicesPerSlice };
  const furthestOf = (slices: number) =>
    Math.max(...divideSlices(slices, regions).map((own, i) => Math.abs(own / slices - regions[i]!.share)));
  const most = Math.min(devices, count + mostMoreSlices);
  let best = count;
  for (let slices = count; slices <= most && furthestOf(best) > tolerance; slices++)
    if (furthestOf(slices) < furthestOf(best)) best = slices;
  return { count: best, devicesPerSlice: Math.ceil(devices / best) };
}

/** By name of a Region: what its devices load, and what its account and its stack allow. */
export type RegionFacts = Readonly<Record<string, Pick<RegionPlan, 'target' | 'account' | 'deployment'>>>;

/** Regions of a plan with their slices: of each group a contiguous range, one Region after the other in the profile's order. */
export function planRegions(plan: Plan, facts: RegionFacts = {}): readonly RegionPlan[] | undefined {
  const { regions } = plan.profile;
  if (regions === undefined) return undefined;
  const groups = groupsOf(plan);
  const counts = groups.map(({ slices }) => divideSlices(slices.count, regions));
  return regions.map(({ name }, i) => ({
    name,
    slices: groups.map(({ firstSlice }, g) => ({
      from: firstSlice + sumBy(counts[g]!.slice(0, i), (count) => count),
      count: counts[g]![i]!,
    })),
    ...facts[name],
  }));
}

/** Undefined: the run takes place in one Region. @throws {RangeError} for a slice that the plan does not have */
export function regionOfSlice(plan: Plan, slice: number): RegionPlan | undefined {
  if (plan.regions === undefined) return undefined;
  const region = plan.regions.find((each) => hasSlice(each, slice));
  if (region === undefined)
    throw new RangeError(`slice ${slice} of a plan with ${plan.slices.count} slices in Regions`);
  return region;
}

function hasSlice({ slices }: RegionPlan, slice: number): boolean {
  return slices.some(({ from, count }) => slice >= from && slice < from + count);
}

/** The Region that a copy of a plan is of; undefined: the plan is of all its slices. */
export function ownRegionOf({ regions, region }: Pick<Plan, 'regions' | 'region'>): RegionPlan | undefined {
  return region === undefined ? undefined : regions?.find(({ name }) => name === region);
}

/** The slices that publish in the plan's own Region, in order; without one, all. */
export function slicesHere(plan: Plan): readonly number[] {
  return groupsOf(plan)
    .flatMap((group) => slicesOfGroupHere(plan, group))
    .toSorted((a, b) => a - b);
}

/** The same of one of its groups. */
export function slicesOfGroupHere(
  plan: Pick<Plan, 'regions' | 'region'>,
  group: GroupPlan,
): readonly number[] {
  const { firstSlice, slices } = group;
  const own = ownRegionOf(plan);
  const numbers = Array.from({ length: slices.count }, (_, i) => firstSlice + i);
  return own === undefined ? numbers : numbers.filter((slice) => hasSlice(own, slice));
}

/** Devices of all groups in a Region. */
export function devicesIn(plan: Plan, region: RegionPlan): number {
  return sumBy(groupsOf(plan), (group) => devicesOfGroupIn(group, region));
}

export function devicesOfGroupIn(group: GroupPlan, { slices }: RegionPlan): number {
  const isOwn = (slice: number) => slice >= group.firstSlice && slice < group.firstSlice + group.slices.count;
  return sumBy(
    slices.filter(({ from, count }) => count > 0 && isOwn(from)),
    ({ from, count }) => {
      const first = shareOf(group, from).firstDevice;
      const last = shareOf(group, from + count - 1);
      return last.firstDevice + last.devices - first;
    },
  );
}

/** Regions in which a group would have no device. */
export function checkRegionSlices(plan: Plan): InputError[] {
  const groups = groupsOf(plan);
  return (plan.regions ?? []).flatMap(({ name, slices }) =>
    slices.flatMap(({ count }, g) => {
      const group = groups[g]!;
      if (count > 0) return [];
      const of = group.group === undefined ? '' : ` of group ${group.group}`;
      const smaller =
        group.slices.devicesPerSlice > 1
          ? `, or set ${settingOf(group, 'slices.devicesPerSlice')} lower`
          : '';
      return [
        {
          path: `regions.${name}`,
          message: `would have none of the ${formatPlural(group.slices.count, 'slice')}${of}, each of which is in one Region`,
          hint: `give it a larger share or more devices (${formatCount(group.profile.devices)} now)${smaller}`,
        },
      ];
    }),
  );
}

/** Of a plan that was read back: its Regions have each slice once. */
export function checkStoredRegions(plan: Plan): PlanProblem[] {
  const { regions, region, profile } = plan;
  const names = profile.regions?.map(({ name }) => name);
  if (regions === undefined)
    return names === undefined && region === undefined
      ? []
      : [{ path: 'regions', message: 'is missing, and the profile or the plan names Regions' }];
  const problems: PlanProblem[] = [
    ...(names !== undefined && names.join() === regions.map(({ name }) => name).join()
      ? []
      : [{ path: 'regions', message: 'has other Regions than the profile' }]),
    ...(profile.regions ?? []).flatMap(({ share }, i) => between(`profile.regions[${i}].share`, share, 0, 1)),
    ...(region === undefined || names?.includes(region)
      ? []
      : [{ path: 'region', message: `is ${region}, which is none of the plan's Regions` }]),
  ];
  const groups = groupsOf(plan);
  for (const [g, { firstSlice, slices }] of groups.entries()) {
    let next = firstSlice;
    for (const [i, each] of regions.entries()) {
      const path = `regions[${i}].slices[${g}]`;
      const range = each.slices[g];
      if (range === undefined || each.slices.length !== groups.length)
        return [...problems, { path: `regions[${i}].slices`, message: 'must have a range for each group' }];
      const ofRange = [
        ...within(`${path}.from`, range.from, next, next),
        ...within(`${path}.count`, range.count, 0, firstSlice + slices.count - next),
      ];
      if (ofRange.length > 0) return [...problems, ...ofRange];
      next += range.count;
    }
    problems.push(...within('regions', next, firstSlice + slices.count, firstSlice + slices.count));
  }
  return problems;
}
