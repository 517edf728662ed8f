import { sumBy } from '../shared/counts.ts';
import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import type { LoadProfile } from './load-profile.ts';
import { maxRegions, type RegionShare, regionPattern } from './region-shares.ts';

/** Shares are written as decimals, of which ten tenths need not be 1. */
const tolerance = 1e-6;

/**
 * What is wrong with the Regions of a profile, and what of the rest cannot take place in several.
 * @param form as the user wrote it
 */
export function checkRegions(profile: LoadProfile, form: JsonObject): InputError[] {
  const { regions } = profile;
  if (regions === undefined || !isObject(form.regions)) return [];
  // What is of the wrong shape has an error of its own, and is not among the Regions.
  if (regions.length !== Object.keys(form.regions).length) return refuseInRegions(profile);
  const ofEach = regions.flatMap(checkRegion);
  return [
    ...ofEach,
    ...checkNumber(regions),
    ...(ofEach.length > 0 ? [] : checkSum(regions)),
    ...refuseInRegions(profile),
  ];
}

function checkRegion({ name, share }: RegionShare): InputError[] {
  const path = `regions.${name}`;
  const errors: InputError[] = [];
  if (!regionPattern.test(name))
    errors.push({
      path,
      message: 'is no name of a Region',
      hint: 'as AWS names it, such as "eu-west-1"',
    });
  if (!(share > 0))
    errors.push({ path, message: `must be above 0, not ${share}`, hint: 'remove a Region without devices' });
  return errors;
}

function checkNumber({ length }: readonly RegionShare[]): InputError[] {
  if (length >= 2 && length <= maxRegions) return [];
  const hint = length < 2 ? 'for one Region leave regions out, and give --region' : 'leave some out';
  const message = `must have 2 to ${maxRegions} Regions, not ${length}`;
  return [{ path: 'regions', message, hint }];
}

function checkSum(regions: readonly RegionShare[]): InputError[] {
  const sum = sumBy(regions, ({ share }) => share);
  if (Math.abs(sum - 1) <= tolerance) return [];
  return [
    {
      path: 'regions',
      message: `has shares that sum to ${Number(sum.toFixed(6))}`,
      hint: 'shares of all devices sum to 1',
    },
  ];
}

/** What needs to see all Regions at once, or reaches from one into another. */
function refuseInRegions(profile: LoadProfile): InputError[] {
  const groups = profile.groups ?? [profile];
  const isSome = (has: (group: (typeof groups)[number]) => boolean) => groups.some(has);
  const aborting = Object.entries(profile.thresholds)
    .filter(([, list]) => list.some(({ abortOnFail }) => abortOnFail))
    .map(([metric]): [boolean, string, string] => [
      true,
      `thresholds.${metric}`,
      'a threshold that ends the run, which each Region would judge by itself,',
    ]);
  const found: [has: boolean, path: string, what: string][] = [
    [profile.target !== undefined, 'target', 'one target'],
    [profile.search !== undefined, 'search', 'a search'],
    [profile.observers?.includes('subscriber') === true, 'observers', 'slices that subscribe'],
    [isSome(({ command }) => command !== undefined), 'from', 'a backend'],
    [isSome(({ observe }) => observe !== undefined), 'observe', 'observers of presence'],
    ...aborting,
  ];
  return found
    .filter(([has]) => has)
    .map(([, path, what]) => ({
      path,
      message: `${what} cannot be in several Regions`,
      hint: 'remove it, or run the profile in one Region, without regions',
    }));
}
