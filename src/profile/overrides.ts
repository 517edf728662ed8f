import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import { nearestOf } from '../shared/nearest.ts';
import { loadPaths, loadShapeIn } from './load-shapes/load-shapes.ts';
import {
  type ProfileOption,
  profileOptions,
  searchOptions,
  setAt,
  variablePrefix,
} from './profile-options.ts';

/** One value given outside the file. */
export interface Override {
  /** How the user gave it, as errors name it: `--rate` or `STAMPEDE_RATE`. */
  readonly source: string;
  readonly option: ProfileOption;
  readonly text: string;
}

const allOptions: readonly ProfileOption[] = [...profileOptions, ...searchOptions];

/** The later of two for one setting wins: `[...overridesFromEnvironment(env), ...overridesFromFlags(flags)]`. */
export type ProfileOverrides = readonly Override[];

/** Variables that begin as ours and are none: a mistyped one would change nothing, without a word. */
export function checkVariables(env: Readonly<Record<string, string | undefined>>): InputError[] {
  const known = [...profileOptions.flatMap(({ variable }) => variable ?? []), ...otherVariables];
  return Object.keys(env)
    .filter((name) => name.startsWith(variablePrefix) && !known.includes(name))
    .map((name) => {
      // The prefix that all share would make every name look near.
      const nearest = nearestOf(
        name.slice(variablePrefix.length),
        known.map((variable) => variable.slice(variablePrefix.length)),
      );
      const hint =
        nearest === undefined
          ? `unset it; the variables are: ${known.join(', ')}`
          : `did you mean ${variablePrefix}${nearest}?`;
      return { path: name, message: 'is not a variable of Stampede', hint };
    });
}

/** What else the command line reads from its environment. */
const otherVariables = ['STAMPEDE_DEBUG'];

/** An empty variable counts as one that is not set. */
export function overridesFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): ProfileOverrides {
  return profileOptions.flatMap((option) => {
    const { variable = '' } = option;
    const given = env[variable];
    return given === undefined || given === '' ? [] : [{ source: variable, option, text: given }];
  });
}

/** @param values by flag in camel case, as commander's `opts()` gives them: `{ devices: '100', connectRate: '50' }` */
export function overridesFromFlags(values: Readonly<Record<string, unknown>>): ProfileOverrides {
  return allOptions.flatMap((option) => {
    const key = option.flag.slice(2).replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const given = values[key];
    return given === undefined ? [] : [{ source: option.flag, option, text: String(given) }];
  });
}

/** `--force`: the same profile, with limits that are reported but not enforced. Other input is returned unchanged. */
export function withoutEnforcement(input: unknown): unknown {
  if (!isObject(input) || !(input.limits === undefined || isObject(input.limits))) return input;
  const forced = { ...input, limits: { ...input.limits, enforce: false } };
  if (!(input.overrides === undefined || Array.isArray(input.overrides))) return forced;
  return { ...forced, overrides: [...(input.overrides ?? []), '--force'] };
}

/** The command `search`: a profile that says nothing of a search has one whose settings are all to come from flags. */
export function withSearch(input: unknown): unknown {
  return isObject(input) && input.search === undefined ? { ...input, search: {} } : input;
}

export interface OverriddenProfile {
  /** The user's form with the overrides in it: what an execution gets as its input. The argument is left as it was. */
  readonly input: unknown;
  /** Values that could not be read, each at its flag or variable. */
  readonly errors: readonly InputError[];
  /** By setting, the flag or variable that gave it. */
  readonly sources: ReadonlyMap<string, string>;
}

export function applyOverrides(input: unknown, overrides: ProfileOverrides): OverriddenProfile {
  const sources = new Map<string, string>();
  const errors: InputError[] = [];
  if (!isObject(input)) return { input, errors, sources };
  const profile = structuredClone(input);
  for (const option of allOptions) {
    const override = overrides.findLast((candidate) => candidate.option === option);
    if (override === undefined) continue;
    const value = option.parse(override.text);
    if (value === undefined) {
      errors.push({
        path: override.source,
        message: `must be ${option.expects}${option.isSecret === true ? '' : `, not "${override.text}"`}`,
        hint: `${option.flag} ${option.argument}: ${option.help}`,
      });
      continue;
    }
    const refusal = isObject(profile.groups)
      ? overrideGroups(profile.groups, option, override)
      : refuseShape(profile, option, override);
    if (refusal !== undefined) {
      errors.push(refusal);
      continue;
    }
    const changed = option.apply?.(profile, value) ?? setAt(profile, option.path, value);
    for (const path of changed) sources.set(path, override.source);
    record(profile, override);
  }
  return { input: profile, errors, sources };
}

/**
 * A flag or a variable also replaces the setting of each group: it is removed there, and set at the top.
 * @returns the error of a flag for the whole load, because a total does not say what each group should do
 */
function overrideGroups(
  groups: JsonObject,
  { flag, path }: ProfileOption,
  { source }: Override,
): InputError | undefined {
  if (ofWholeLoad.includes(flag)) {
    const hint = 'give devices, rates and durations in each group';
    return { path: source, message: 'has no meaning for a profile with groups', hint };
  }
  for (const group of Object.values(groups)) removeAt(group, path);
  return undefined;
}

const ofWholeLoad = ['--devices', '--rate', '--duration', '--users', '--spawn-per-second'];

/** Of a flag that would turn the load into one of another shape. */
function refuseShape(
  profile: JsonObject,
  { onlyFor }: ProfileOption,
  { source }: Override,
): InputError | undefined {
  const hasLoad = loadPaths.some((path) => path !== 'duration' && profile[path] !== undefined);
  if (onlyFor === undefined || !hasLoad || loadShapeIn(profile).name === onlyFor) return undefined;
  return {
    path: source,
    message: 'has no meaning for a load with a rate, which is not decided by users',
    hint: 'give --rate, or users in the profile (docs/load-shapes.md)',
  };
}

function removeAt(group: unknown, path: string): void {
  const [key, inner] = path.split('.') as [string, string | undefined];
  if (!isObject(group)) return;
  const settings = group[key];
  if (inner === undefined) delete group[key];
  else if (isObject(settings)) delete settings[inner];
}

/** In the execution's input, so that the report can say what replaced the file's settings. */
function record(profile: JsonObject, { source, option, text: given }: Override): void {
  const entry = source.startsWith('--')
    ? [source, ...(option.argument === '' ? [] : [given])].join(' ')
    : `${source}=${given}`;
  const { overrides = [] } = profile;
  if (Array.isArray(overrides)) profile.overrides = [...overrides, entry];
}
