import type { Command } from 'commander';
import { parseFaultSettings } from '../../profile/fault-schema.ts';
import type { FaultSettings } from '../../profile/service-faults.ts';
import { type InputError, InvalidInputError, messageOf } from '../../shared/errors.ts';
import { parseJsonText } from '../../shared/json-text.ts';
import { suggestFrom } from '../../shared/nearest.ts';
import { sizeOfRegion } from '../../targets/aws-iot/default-limits.ts';
import { type EmbeddedQuotas, embeddedQuotasOf, type QuotaFlags, quotasOfPreset } from './quota-flags.ts';

/** In the form in which commander parses it. */
export interface RegionFlags {
  /** `eu-west-1:connects=100`, `us-east-1:faults={"clockOffsetMs":80}` */
  readonly in?: readonly string[];
}

/** What the embedded AWS of one Region is. */
export interface EmbeddedRegion {
  readonly name: string;
  readonly quotas: EmbeddedQuotas;
  readonly faults: Partial<FaultSettings>;
}

export function addRegionFlags(command: Command): Command {
  return command.option(
    '--in <region:name=value>',
    'of a profile with several Regions, what one embedded AWS has of its own, repeatable: a quota, as of --quota ' +
      '(eu-west-1:connects=100), or faults, its clock among them (us-east-1:faults={"clockOffsetMs":80})',
    (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
  );
}

/**
 * The embedded AWS of each Region of a profile: what holds for all by the other flags, the quotas of its size, then its own.
 * @param faults of all
 * @throws InvalidInputError with every error
 */
export function embeddedRegionsOf(
  names: readonly string[],
  { in: given = [], ...flags }: RegionFlags & QuotaFlags,
  faults: Partial<FaultSettings> = {},
): readonly EmbeddedRegion[] {
  const errors: InputError[] = [];
  const own = names.map((name) => ({ name, quota: [] as string[], faults: { ...faults } }));
  for (const text of given) {
    const [, name = '', setting = '', value = ''] = /^([^:=]*):([^=]*)=(.*)$/s.exec(text) ?? [];
    const region = own.find((each) => each.name === name);
    const path = `--in ${text}`;
    if (region === undefined) {
      const hint =
        names.length === 0
          ? 'the profile has no regions'
          : suggestFrom(name, names, 'region:name=value; the Regions are');
      errors.push({ path, message: 'names no Region of the profile', hint });
    } else if (setting === 'faults') {
      try {
        Object.assign(region.faults, parseFaultSettings(parseJsonText(value, path)));
      } catch (error) {
        if (error instanceof InvalidInputError)
          errors.push(...error.errors.map((each) => ({ ...each, path: `--in ${name}:faults ${each.path}` })));
        else errors.push({ path, message: messageOf(error), hint: `${name}:faults={"clockOffsetMs":80}` });
      }
    } else region.quota.push(`${setting}=${value}`);
  }
  /** @param flag that they were given by, which their errors name */
  const limitsOf = (quota: readonly string[], flag: string): EmbeddedQuotas['limits'] => {
    try {
      return embeddedQuotasOf({ quota }).limits;
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      const named = (text: string) => text.replace(/^--quota /, flag);
      errors.push(
        ...error.errors.map(({ path, message, hint = '' }) => ({
          path: named(path),
          message,
          hint: named(hint),
        })),
      );
      return {};
    }
  };
  const ofAll = limitsOf(flags.quota ?? [], '--quota ');
  const regions = own.map(({ name, quota, faults: ofRegion }): EmbeddedRegion => {
    const bySize = quotasOfPreset(
      flags.regionQuotas ?? (sizeOfRegion(name) === 'large' ? 'default' : 'small'),
    );
    const limits = { ...bySize, ...ofAll, ...limitsOf(quota, `--in ${name}:`) };
    return { name, quotas: { limits }, faults: ofRegion };
  });
  if (errors.length > 0) throw new InvalidInputError('The command line', errors);
  return regions;
}
