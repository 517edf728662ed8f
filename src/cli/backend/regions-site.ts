import { availableParallelism } from 'node:os';
import path from 'node:path';
import { embeddedColdStart } from '../../embedded/process/embedded-limits.ts';
import { prepareHiddenDirectory, prepareRunsDirectory } from '../../embedded/s3/runs-storage.ts';
import type { AccountView } from '../../plan/account.ts';
import { type ColdStart, makePlan } from '../../plan/make-plan.ts';
import type { Plan } from '../../plan/plan.ts';
import { parseProfile } from '../../targets/parse-profile.ts';
import { readConditions } from '../../worker/run-conditions.ts';
import { embeddedAccountOf } from '../options/quota-flags.ts';
import type { EmbeddedRegion } from '../options/region-flags.ts';
import type { DraftOptions } from '../run/draft-run.ts';
import { readHostFacts } from '../run/draft-run.ts';
import { embeddedReportArguments } from '../runs/report-file.ts';
import { openRunDirectory } from '../runs/run-directory.ts';
import type { OpenRequest, RunSite } from './backend.ts';
import type { EmbeddedOptions } from './embedded-backend.ts';
import { uniteBackends } from './regions-backend.ts';

/** Directory of the run store of one Region's embedded AWS. */
export function regionDirectory(runsDirectory: string, region: string): string {
  return path.join(runsDirectory, '.regions', region);
}

export interface EmbeddedRegionsOptions extends Omit<EmbeddedOptions, 'quotas' | 'faults'> {
  readonly regions: readonly EmbeddedRegion[];
  readonly deployment: DraftOptions['deployment'];
}

/** An embedded AWS for each Region, with quotas, faults and a clock of its own; all on this machine. */
export function makeEmbeddedRegionsSite({
  regions,
  deployment,
  ...options
}: EmbeddedRegionsOptions): RunSite {
  const { runsDirectory } = options;
  const facts = Object.fromEntries(
    regions.map(({ name, quotas }): [string, { readonly account: AccountView }] => [
      name,
      { account: { ...embeddedAccountOf(quotas), region: name } },
    ]),
  );
  const draft: DraftOptions = {
    account: embeddedAccountOf(regions[0]?.quotas),
    deployment,
    host: readHostFacts(),
    regionFacts: facts,
  };
  const argumentsOf = (runId: string) => embeddedReportArguments(runId, runsDirectory);
  return {
    draft,
    rows: [['Regions', `${regions.map(({ name }) => name).join(', ')}: an embedded AWS for each`]],
    facts: { regions: regions.map(({ name }) => name).join(',') },
    checkTarget: async () => undefined,
    signingOf: async () => undefined,
    async open(request) {
      prepareRunsDirectory(runsDirectory);
      prepareHiddenDirectory(runsDirectory, '.regions');
      const backends = await openAll(regions, options, request);
      return uniteBackends(backends, {
        plan: (runId, input) =>
          planRun({
            runId,
            input,
            draft,
            coldStart: {
              leadMs: embeddedColdStart.leadMs * regions.length,
              environmentsPerSecond: availableParallelism() * embeddedColdStart.environmentsPerSecondPerCore,
            },
          }),
        store: openRunDirectory(runsDirectory),
        argumentsOf,
      });
    },
    argumentsOf,
    whereItIs: (runId) =>
      `what slices had stored by then lies in ${regionDirectory(runsDirectory, '*')}${path.sep}${runId}`,
  };
}

/** Where one of them cannot start, none is left. */
async function openAll(
  regions: readonly EmbeddedRegion[],
  options: Omit<EmbeddedOptions, 'quotas' | 'faults'>,
  request: OpenRequest,
) {
  const { startEmbeddedBackend } = await import('./embedded-backend.ts');
  const starting = regions.map(async ({ name, quotas, faults }) => ({
    name,
    backend: await startEmbeddedBackend(
      { ...options, runsDirectory: regionDirectory(options.runsDirectory, name), quotas, faults },
      { ...request, say: (line) => request.say(`${name}: ${line}`) },
    ),
  }));
  const settled = await Promise.allSettled(starting);
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    for (const result of settled) if (result.status === 'fulfilled') await result.value.backend.close();
    throw failed.reason;
  }
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

interface RegionsRun {
  readonly runId: string;
  /** The load profile in the user's form. */
  readonly input: unknown;
  readonly draft: DraftOptions;
  readonly coldStart: ColdStart;
}

/** The plan that all Regions get, as of now. @throws InvalidInputError, RefusedByPreflightError */
export function planRun({ runId, input, draft, coldStart }: RegionsRun): Plan {
  const profile = parseProfile(input);
  const { account, deployment, topicFilter, ruleName, regionFacts } = draft;
  return makePlan({
    runId,
    profile,
    now: Date.now(),
    coldStart,
    deployment,
    regionFacts,
    ...(account && { account }),
    ...(topicFilter !== undefined && { topicFilter }),
    ...(ruleName !== undefined && { ruleName }),
    conditions: readConditions(profile, account?.isCharged !== true),
  });
}
