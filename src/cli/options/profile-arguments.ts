import path from 'node:path';
import { type Command, Option } from 'commander';
import type { LoadProfile } from '../../profile/load-profile.ts';
import {
  applyOverrides,
  checkVariables,
  overridesFromEnvironment,
  overridesFromFlags,
  type ProfileOverrides,
  withoutEnforcement,
  withSearch,
} from '../../profile/overrides.ts';
import { profileOptions, searchOptions } from '../../profile/profile-options.ts';
import { parseProfile } from '../../targets/parse-profile.ts';
import { withPayloadSamples } from '../../worker/payload-functions.ts';
import { withAbsolutePath, withAbsolutePaths } from './credential-paths.ts';
import { readProfileFile } from './profile-file.ts';
import { withModulePaths } from './profile-includes.ts';
import { isStage, type StageFlags } from './stage-flags.ts';

/** A load profile as given on the command line. */
export interface GivenProfile {
  /** In the user's form, overrides applied: the input of an execution. */
  readonly input: unknown;
  readonly profile: LoadProfile;
}

/**
 * Adds PROFILE and a flag for every setting that can be overridden.
 * @param defaultProfile where PROFILE may be left out
 */
export function addProfileArguments(command: Command, defaultProfile?: string): Command {
  command.argument(
    defaultProfile === undefined ? '<profile>' : '[profile]',
    'path of a load profile (JSON, comments allowed), or - for standard input; examples are in profiles/',
    defaultProfile,
  );
  command.optionsGroup('Override the profile:');
  for (const { flag, argument, help } of profileOptions)
    command.addOption(new Option(`${flag} ${argument}`.trimEnd(), help));
  command.optionsGroup('Options:');
  return command.addHelpText(
    'after',
    '\nEach override is also a variable (--connect-rate: STAMPEDE_CONNECT_RATE).\n' +
      'A flag wins over a variable, a variable over the file.',
  );
}

/** Adds a flag for every setting of a search. */
export function addSearchFlags(command: Command): Command {
  command.optionsGroup('Search:');
  for (const { flag, argument, help } of searchOptions)
    command.addOption(new Option(`${flag} ${argument}`, help));
  return command.optionsGroup('Options:');
}

/**
 * @param flags commander's options
 * @param isSearch the profile is to have a search, from the file or from flags
 * @throws ProfileNotReadableError
 * @throws InvalidInputError with every error of file, flags and variables
 */
export async function readGivenProfile(
  file: string,
  flags: Readonly<Record<string, unknown>>,
  isSearch = false,
): Promise<GivenProfile> {
  const { value, errors } = await readProfileFile(file);
  const directory = file === '-' ? process.cwd() : path.dirname(file);
  // On AWS modules come with the layers of the stack, where the plan function checks them.
  const isHere = !isStage(flags as StageFlags);
  const located = withAbsolutePaths(isHere ? withModulePaths(value, directory) : value, directory);
  const searched = isSearch ? withSearch(located) : located;
  const written = flags.force === true ? withoutEnforcement(searched) : searched;
  const overrides: ProfileOverrides = [
    ...overridesFromEnvironment(process.env),
    ...overridesFromFlags(flags),
  ].map(withAbsolutePath);
  const found = [...errors, ...checkVariables(process.env)];
  const profile = parseProfile(written, overrides, found);
  return {
    input: applyOverrides(written, overrides).input,
    profile: isHere ? await withPayloadSamples(profile) : profile,
  };
}
