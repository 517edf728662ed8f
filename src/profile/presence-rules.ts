import * as z from 'zod';
import type { InputError } from '../shared/errors.ts';
import type { LoadProfile, RunProfile } from './load-profile.ts';
import { isIdle } from './load-shapes/resolved-load.ts';

export const observeSetting = z
  .enum(['presence'])
  .optional()
  .meta({
    description:
      'What the devices of the group observe. presence: the life-cycle events that AWS IoT Core publishes when the run’s other devices connect and disconnect, counted against their own counts. They are idle, and share the events.',
    examples: ['presence'],
  });

/** Subscriptions of one shared group at most, at AWS IoT Core. */
const mostObservers = 100;

/** What a group that observes may not do besides. */
export function checkObserve(profile: LoadProfile): InputError[] {
  const { observe, connect, devices, lifecycle, echo, slices } = profile;
  if (observe === undefined) return [];
  const errors: InputError[] = [];
  const add = (path: string, message: string, hint: string): void => {
    errors.push({ path, message, hint });
  };
  if (connect.protocol === 'https')
    add('observe', 'has no meaning over https, where no device subscribes', 'set connect.protocol to "mqtt"');
  if (!isIdle(profile))
    add('observe', 'is for devices that do nothing else', 'set idle to true, with a duration');
  if (lifecycle !== undefined)
    add('lifecycle', 'is for other devices than those that observe', 'remove it, or observe');
  if (echo.fraction > 0) add('echo.fraction', 'is for other devices than those that observe', 'set it to 0');
  if (devices > mostObservers)
    add(
      'devices',
      `is ${devices}, and at most ${mostObservers} share the events`,
      `give 1 to ${mostObservers}`,
    );
  if ((slices.devicesPerSlice ?? devices) < devices)
    add('slices.devicesPerSlice', 'divides those that observe', `set it to ${devices} or more`);
  return errors;
}

/** What an observing group means for the others. */
export function checkObserved({
  groups,
  ...flat
}: RunProfile & Partial<Pick<LoadProfile, 'observe'>>): InputError[] {
  if (groups === undefined) {
    if (flat.observe === undefined) return [];
    const hint = 'give two groups: one that is observed, and one with "observe": "presence"';
    return [{ path: 'observe', message: 'finds no other devices to observe', hint }];
  }
  const [first, ...others] = groups.filter(({ observe }) => observe !== undefined);
  if (first === undefined) return [];
  const errors = others.map(({ name }) => ({
    path: `groups.${name}.observe`,
    message: `is set of ${first.name} as well`,
    hint: 'let one group observe, with as many devices as it takes',
  }));
  const isObserved = groups.some(
    ({ observe, connect }) => observe === undefined && connect.protocol === 'mqtt',
  );
  if (isObserved) return errors;
  const message = 'finds no other devices that connect over mqtt';
  return [
    { path: `groups.${first.name}.observe`, message, hint: 'give a group that is observed' },
    ...errors,
  ];
}
