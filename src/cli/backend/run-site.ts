import path from 'node:path';
import { describeCeilings } from '../../plan/ceilings.ts';
import type { DeploymentParameters } from '../../plan/deployment.ts';
import { groupProfilesOf, groupsOf } from '../../plan/groups.ts';
import { draftPlan } from '../../plan/make-plan.ts';
import type { RegionShare } from '../../profile/region-shares.ts';
import { InvalidInputError } from '../../shared/errors.ts';
import { parseProfile, wantedTargetOf } from '../../targets/parse-profile.ts';
import { type EmulationFlags, embeddedDeploymentOf, emulationOf } from '../options/emulation-flags.ts';
import { type FaultFlag, faultSettingsOf } from '../options/fault-flag.ts';
import { kernelNetworkOf, type NetemFlag } from '../options/netem-flag.ts';
import { embeddedAccountOf, embeddedQuotasOf, type QuotaFlags } from '../options/quota-flags.ts';
import { embeddedRegionsOf, type RegionFlags } from '../options/region-flags.ts';
import { isStage, type Stage, type StageFlags } from '../options/stage-flags.ts';
import { readHostFacts } from '../run/draft-run.ts';
import type { RunLoad } from '../run/live-page.ts';
import { embeddedReportArguments } from '../runs/report-file.ts';
import type { RunSite, Signing } from './backend.ts';
import type { EmbeddedOptions } from './embedded-backend.ts';

/** The flags of `run` that say where. */
export interface SiteFlags extends StageFlags, QuotaFlags, EmulationFlags, FaultFlag, NetemFlag, RegionFlags {
  readonly runs: string;
  readonly ui?: boolean;
  /** False: `--no-target-check`. */
  readonly targetCheck?: boolean;
}

/**
 * Where `run` runs a load profile. What it takes to run is loaded when it is opened: `plan` and `--help` need none of it.
 * @param regions of the profile, where it has several
 * @throws InvalidInputError for flags that have no meaning there, and what keeps from a stack
 */
export async function findRunSite(flags: SiteFlags, regions?: readonly RegionShare[]): Promise<RunSite> {
  if (isStage(flags)) return regions === undefined ? stackSite(flags) : stacksSite(flags, regions);
  return regions === undefined ? embeddedSite(flags) : embeddedRegionsSite(flags, regions);
}

/** Runs load tests there. What it takes to follow one is loaded here. */
export async function loadOn(site: RunSite): Promise<RunLoad> {
  const { runToReport } = await import('../run/follow-run.ts');
  return (request) => runToReport(site, request);
}

/** Runs load tests on embedded AWS as it is without flags. */
export async function loadEmbedded(runsDirectory: string): Promise<RunLoad> {
  return loadOn(makeEmbeddedSite({ runsDirectory }));
}

async function embeddedSite({ runs: runsDirectory, ...flags }: SiteFlags): Promise<RunSite> {
  embeddedRegionsOf([], flags);
  return makeEmbeddedSite({
    runsDirectory,
    quotas: embeddedQuotasOf(flags),
    checksTarget: flags.targetCheck !== false,
    emulation: emulationOf(flags),
    deployment: embeddedDeploymentOf(flags),
    ...(await faultSettingsOf(flags)),
    ...(await kernelNetworkOf(flags)),
  });
}

async function embeddedRegionsSite(
  { runs: runsDirectory, ...flags }: SiteFlags,
  regions: readonly RegionShare[],
): Promise<RunSite> {
  const hint = 'leave it out: it is of a run in one Region';
  const errors = [
    ...(flags.ui === true ? [{ path: '--ui', message: 'shows a run in one Region', hint }] : []),
    ...(flags.netem === undefined
      ? []
      : [{ path: '--netem', message: 'has the addresses of one embedded AWS', hint }]),
  ];
  if (errors.length > 0) throw new InvalidInputError('The command line', errors);
  const { faults } = await faultSettingsOf(flags);
  const { makeEmbeddedRegionsSite } = await import('./regions-site.ts');
  return makeEmbeddedRegionsSite({
    runsDirectory,
    regions: embeddedRegionsOf(
      regions.map(({ name }) => name),
      flags,
      faults,
    ),
    emulation: emulationOf(flags),
    deployment: embeddedDeploymentOf(flags),
  });
}

export interface EmbeddedSiteOptions extends EmbeddedOptions {
  /** What its stack is, where that differs from the default. */
  readonly deployment?: DeploymentParameters;
  /** Whether a target that the profile names is connected to before anything is started. Default: true. */
  readonly checksTarget?: boolean;
}

export function makeEmbeddedSite({
  deployment,
  checksTarget = true,
  ...options
}: EmbeddedSiteOptions): RunSite {
  const { runsDirectory, quotas, kernelNetwork } = options;
  return {
    draft: { account: embeddedAccountOf(quotas), deployment, host: readHostFacts(), kernelNetwork },
    rows: [],
    facts: {},
    checkTarget: async (runId, input) => (checksTarget ? checkNamedTarget(runId, input) : undefined),
    signingOf,
    async open(request) {
      const { startEmbeddedBackend } = await import('./embedded-backend.ts');
      return startEmbeddedBackend(options, request);
    },
    argumentsOf: (runId) => embeddedReportArguments(runId, runsDirectory),
    whereItIs: (runId) => `what slices had stored by then lies in ${path.join(runsDirectory, runId)}`,
  };
}

/** Checks that devices can connect to the target that a profile names. @param input a profile that has been checked */
async function checkNamedTarget(runId: string, input: unknown): Promise<void> {
  const profile = parseProfile(input);
  const target = wantedTargetOf(profile);
  if (target === undefined) return;
  const { checkTarget } = await import('../../worker/check-target.ts');
  const { plan } = draftPlan({ runId, profile, now: Date.now(), target });
  await checkTarget({ groups: groupsOf(plan), target, variables: process.env });
}

async function signingOf(input: unknown): Promise<Signing | undefined> {
  const signings = groupProfilesOf(parseProfile(input)).flatMap(({ http }) => http?.signing ?? []);
  if (signings.length === 0) return undefined;
  const { findSigning } = await import('../../worker/find-signing.ts');
  return findSigning(signings);
}

async function stackSite(flags: SiteFlags & Stage): Promise<RunSite> {
  refuseEmbeddedFlags(flags);
  const { openStack } = await import('./stack-backend.ts');
  const { stack, backend, ...open } = await openStack(flags, flags.runs);
  const endpoint = await open.endpoint();
  const account = await open.account(endpoint);
  const { name, region, accountId, topicFilter, ruleName, deployment } = stack;
  const ceilings = deployment?.ceilings && describeCeilings(deployment.ceilings);
  const { argumentsOf } = backend;
  return {
    // A stack that does not say what its rule reads is not judged by it.
    draft: {
      account,
      ownHost: endpoint,
      topicFilter: topicFilter ?? '#',
      deployment,
      ...(ruleName === undefined ? {} : { ruleName }),
    },
    rows: [
      ['stack', `${name} in ${region}`],
      ['account', `${accountId}${account.isCharged ? ', which pays for it' : ''}`],
      ['endpoint', endpoint],
      ...(ceilings === undefined ? [] : [['ceilings', ceilings] as const]),
    ],
    facts: { stack: name, region, accountId, endpoint, ...(ceilings !== undefined && { ceilings }) },
    // Slices reach it from where they run, which may be another network than this one.
    checkTarget: async () => undefined,
    signingOf: async () => undefined,
    open: async () => backend,
    argumentsOf,
    whereItIs: (runId) =>
      `the run was asked to stop and reports without this process: npx stampede report ${argumentsOf(runId)}`,
  };
}

async function stacksSite(flags: SiteFlags & Stage, regions: readonly RegionShare[]): Promise<RunSite> {
  refuseEmbeddedFlags(flags);
  const { makeStackRegionsSite } = await import('./stack-regions-site.ts');
  return makeStackRegionsSite(flags, regions, flags.runs);
}

type EmbeddedFlags = Omit<SiteFlags, keyof StageFlags | 'runs' | 'targetCheck'>;

/** Flags that only embedded AWS has, as they are written. */
const embeddedFlags: Readonly<Record<keyof EmbeddedFlags, string>> = {
  quota: '--quota',
  regionQuotas: '--region-quotas',
  throttleAnswer: '--throttle-answer',
  deniedPublish: '--denied-publish',
  deniedSubscribe: '--denied-subscribe',
  subscriber: '--subscriber',
  payloads: '--payloads',
  streamShards: '--stream-shards',
  param: '--param',
  faults: '--faults',
  netem: '--netem',
  in: '--in',
  ui: '--ui',
};

function refuseEmbeddedFlags(flags: EmbeddedFlags): void {
  const given = (Object.keys(embeddedFlags) as (keyof EmbeddedFlags)[])
    .filter((name) => flags[name] !== undefined)
    .map((name) => embeddedFlags[name]);
  if (given.length === 0) return;
  throw new InvalidInputError(
    'The command line',
    given.map((path_) => ({
      path: path_,
      message: 'is of embedded AWS',
      hint: 'leave it out with --stage: AWS has quotas and faults of its own, and no network namespaces',
    })),
  );
}
