import { type Command, Option } from 'commander';
import { embeddedLimits } from '../../embedded/process/embedded-limits.ts';
import type { AccountView } from '../../plan/account.ts';
import { type InputError, InvalidInputError } from '../../shared/errors.ts';
import { suggestFrom } from '../../shared/nearest.ts';
import {
  accountLimitsOf,
  type Quota,
  type QuotaName,
  type QuotaPreset,
  quotas,
} from '../../targets/aws-iot/quotas.ts';

/** The short name of each quota in `--quota`, for those of embedded AWS that flags may set. */
const shortNames: Readonly<Record<QuotaName, string | undefined>> = {
  publishInPerSecond: 'publishIn',
  publishOutPerSecond: 'publishOut',
  connectsPerSecond: 'connects',
  connectsPerSecondPerClientId: 'connectsPerClientId',
  concurrentConnections: 'connections',
  publishesPerSecondPerConnection: 'publishesPerConnection',
  bytesPerSecondPerConnection: 'bytesPerConnection',
  unacknowledgedPerClient: 'unacknowledgedIn',
  unacknowledgedOutPerClient: 'unacknowledgedOut',
  queuedMessagesPerSecond: 'queued',
  storedMessagesPerSecondPerClient: 'storedPerClient',
  subscribesPerSecond: 'subscribes',
  subscriptionsPerConnection: 'subscriptionsPerConnection',
  subscriptionsPerSubscribe: 'filtersPerSubscribe',
  sharedSubscriptionsPerGroup: 'sharedSubscriptionsPerGroup',
  ruleEvaluationsPerSecond: 'ruleEvaluations',
  retainedPublishesPerSecond: 'retained',
  retainedPublishesPerSecondPerTopic: 'retainedPerTopic',
  lambdaConcurrency: 'lambdaConcurrency',
  lambdaSeconds: undefined,
  fileDescriptors: undefined,
  mapChildren: undefined,
  statePayloadBytes: undefined,
};

const quotaByShortName: ReadonlyMap<string, QuotaName> = new Map(
  (Object.keys(shortNames) as QuotaName[]).flatMap((quota) => {
    const name = shortNames[quota];
    return name === undefined ? [] : [[name, quota]];
  }),
);

/** In the form in which commander parses them. */
export interface QuotaFlags {
  readonly quota?: readonly string[];
  readonly regionQuotas?: QuotaPreset;
}

/** What embedded AWS is to enforce in place of its defaults. */
export interface EmbeddedQuotas {
  readonly limits: Readonly<Partial<Record<QuotaName, number>>>;
}

export function addQuotaFlags(command: Command): Command {
  return command
    .optionsGroup('Quotas of embedded AWS:')
    .addOption(
      new Option('--region-quotas <preset>', 'quotas of a large Region, or of a small one').choices([
        'default',
        'small',
      ] satisfies QuotaPreset[]),
    )
    .addOption(
      new Option('--quota <name=limit>', `one quota, repeatable: ${[...quotaByShortName.keys()].join(', ')}`)
        .argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text])
        .default(undefined),
    )
    .optionsGroup('Options:');
}

/** @throws InvalidInputError with every error */
export function embeddedQuotasOf({ quota = [], regionQuotas }: QuotaFlags): EmbeddedQuotas {
  const errors: InputError[] = [];
  const limits = quotasOfPreset(regionQuotas);
  for (const text of quota) {
    const [name = '', ...values] = text.split('=');
    const value = values.join('=');
    const limit = Number(value);
    const quotaName = quotaByShortName.get(name);
    if (quotaName === undefined) {
      errors.push({
        path: `--quota ${text}`,
        message: 'is not known',
        hint: suggestFrom(name, [...quotaByShortName.keys()], 'known'),
      });
    } else if (value === '' || !Number.isFinite(limit) || limit <= 0) {
      errors.push({
        path: `--quota ${text}`,
        message: 'needs a number above 0',
        hint: `--quota ${name}=2000`,
      });
    } else {
      limits[quotaName] = limit;
    }
  }
  if (errors.length > 0) throw new InvalidInputError('The command line', errors);
  return { limits };
}

/**
 * The account of an embedded AWS with these quotas: its limits are known before it starts. It costs nothing.
 */
export function embeddedAccountOf({ limits }: EmbeddedQuotas = { limits: {} }): AccountView {
  const live = (Object.keys(quotas) as QuotaName[]).filter((name) => quotas[name].adjustable);
  return { limits: embeddedLimits(limits), live, isCharged: false };
}

/** The account as these quotas make it, for a plan of a run on AWS; undefined without any. */
export function accountOfQuotas({ limits }: EmbeddedQuotas): AccountView | undefined {
  const live = Object.keys(limits) as QuotaName[];
  if (live.length === 0) return undefined;
  return { limits: accountLimitsOf('default', limits), live, isCharged: true };
}

/** What embedded AWS enforces of one Region, where nothing else is said. */
export function quotasOfPreset(preset: QuotaPreset | undefined): Partial<Record<QuotaName, number>> {
  return preset === 'small' ? smallRegionLimits() : {};
}

/** Only what differs there: Lambda's concurrency is a matter of this machine's memory. */
function smallRegionLimits(): Partial<Record<QuotaName, number>> {
  const entries = Object.entries(quotas) as [QuotaName, Quota][];
  return Object.fromEntries(
    entries.flatMap(([name, { smallRegionLimit }]) =>
      smallRegionLimit === undefined ? [] : [[name, smallRegionLimit]],
    ),
  );
}
