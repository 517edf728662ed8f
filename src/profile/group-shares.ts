import { sumBy } from '../shared/counts.ts';
import type { InputError } from '../shared/errors.ts';
import type { JsonObject } from '../shared/json-path.ts';

type NamedGroup = readonly [name: string, own: JsonObject];

/** Shares are written as decimals, of which ten tenths need not be 1. */
const tolerance = 1e-6;

/** Errors of groups whose devices are given as shares of all devices. */
export function checkShares(groups: readonly NamedGroup[], { devices }: JsonObject): InputError[] {
  const sharing = groups.filter(([, { share }]) => share !== undefined);
  if (sharing.length === 0) return [];
  const errors = sharing.flatMap(([name, own]) => checkShare(`groups.${name}`, own));
  if (errors.length > 0) return errors;
  // A backend has no share of the devices.
  const others = groups.filter(([, { share, from }]) => share === undefined && from !== 'backend');
  if (others.length > 0) {
    const hint = 'give every group a share, or none';
    return others.map(([name]) => ({
      path: `groups.${name}.share`,
      message: 'is missing, and others have one',
      hint,
    }));
  }
  if (typeof devices !== 'number') {
    const hint = 'how many devices the groups share, such as 2000';
    return [{ path: 'devices', message: 'is missing', hint }];
  }
  const sum = sumBy(sharing, ([, { share }]) => Number(share));
  if (Math.abs(sum - 1) <= tolerance) return [];
  return [
    {
      path: 'groups',
      message: `has shares that sum to ${Number(sum.toFixed(6))}`,
      hint: 'shares of all devices sum to 1',
    },
  ];
}

function checkShare(path: string, { share, devices, users }: JsonObject): InputError[] {
  if (typeof share !== 'number' || !(share > 0) || share > 1) {
    const message = `must be a number above 0, at most 1, not ${JSON.stringify(share)}`;
    return [{ path: `${path}.share`, message, hint: 'the share of the devices at the top, such as 0.9' }];
  }
  const other = devices === undefined ? (users === undefined ? undefined : 'users') : 'devices';
  if (other === undefined) return [];
  const hint = `remove ${path}.share or ${path}.${other}`;
  return [{ path: `${path}.share`, message: `says how many devices, and ${other} does too`, hint }];
}

/** The groups with their devices: ⌊D·(s₁ + … + sᵢ)⌉ are in the first i groups, so that they sum to all devices D. */
export function divideDevices(groups: readonly NamedGroup[], { devices }: JsonObject): readonly NamedGroup[] {
  if (groups.every(([, { share }]) => share === undefined)) return groups;
  let shares = 0;
  let before = 0;
  return groups.map(([name, own]): NamedGroup => {
    // Of a backend, which has no share of the devices.
    if (own.share === undefined) return [name, own];
    shares += Number(own.share);
    const upTo = Math.round(Number(devices) * shares);
    const divided: JsonObject = { ...own, devices: upTo - before };
    before = upTo;
    return [name, divided];
  });
}
