import manifest from '../../../package.json' with { type: 'json' };
import { defaultDeployment } from '../../plan/deployment.ts';
import type { RegionFacts } from '../../plan/regions.ts';
import type { RegionShare } from '../../profile/region-shares.ts';
import { InvalidInputError } from '../../shared/errors.ts';
import { type Stage, stageArguments } from '../options/stage-flags.ts';
import type { DraftOptions } from '../run/draft-run.ts';
import { planIfAny } from '../run/plan-so-far.ts';
import { openRunDirectory } from '../runs/run-directory.ts';
import type { RunSite } from './backend.ts';
import { uniteFound } from './find-in-regions.ts';
import type { FoundRun } from './found-run.ts';
import { openRegionStacks } from './region-stacks.ts';
import { uniteBackends } from './regions-backend.ts';
import { planRun } from './regions-site.ts';
import { openStack } from './stack-backend.ts';

/** Between the starts of the first and the last execution, milliseconds: requests to services of several Regions. */
const startsWithinMs = 5_000;

/**
 * The stacks of a stage in all Regions of a profile.
 * @throws RegionsNotReadyError with every Region that is not ready; InvalidInputError for a Region in the flags
 */
export async function makeStackRegionsSite(
  flags: Stage,
  regions: readonly RegionShare[],
  runsDirectory: string,
): Promise<RunSite> {
  if (flags.region !== undefined)
    throw new InvalidInputError('The command line', [
      { path: '--region', message: 'names one Region, and the profile several', hint: 'leave it out' },
    ]);
  const names = regions.map(({ name }) => name);
  const stacks = await openRegionStacks(
    names,
    (region) => openStack({ ...flags, region }, runsDirectory),
    manifest.version,
  );
  const [first] = stacks as [(typeof stacks)[number]];
  const { topicFilter, ruleName, deployment } = first.open.stack;
  const facts: RegionFacts = Object.fromEntries(
    stacks.map(({ name, account, open: { stack } }) => [
      name,
      { account, ...(stack.deployment && { deployment: stack.deployment }) },
    ]),
  );
  const draft: DraftOptions = {
    account: first.account,
    ownHost: first.endpoint,
    topicFilter: topicFilter ?? '#',
    deployment,
    regionFacts: facts,
    ...(ruleName === undefined ? {} : { ruleName }),
  };
  // Any of its Regions leads to the others.
  const argumentsOf = (runId: string) => `${runId} ${stageArguments({ ...flags, region: first.name })}`;
  return {
    draft,
    rows: stacks.map(({ name, endpoint, account, open: { stack } }) => [
      name,
      `${stack.name}, account ${stack.accountId}${account.isCharged ? ', which pays for it' : ''}, ${endpoint}`,
    ]),
    facts: { stack: first.open.stack.name, regions: names.join(','), accountId: first.open.stack.accountId },
    checkTarget: async () => undefined,
    signingOf: async () => undefined,
    open: async () =>
      uniteBackends(
        stacks.map(({ name, open: { backend } }) => ({ name, backend })),
        {
          plan: (runId, input) =>
            planRun({
              runId,
              input,
              draft,
              coldStart: {
                ...defaultDeployment.coldStart,
                leadMs: defaultDeployment.coldStart.leadMs + startsWithinMs,
              },
            }),
          store: openRunDirectory(runsDirectory),
          argumentsOf,
        },
      ),
    argumentsOf,
    whereItIs: (runId) =>
      `the run was asked to stop in all Regions, and reports without this process: npx stampede report ${argumentsOf(runId)}`,
  };
}

/** A run that was found in one Region, with its parts in the others. @throws RegionsNotReadyError */
export async function withOtherRegions(
  found: FoundRun,
  flags: Stage,
  runsDirectory: string,
): Promise<FoundRun> {
  const { runId, backend } = found;
  const plan = await planIfAny(backend.record, runId);
  if (plan?.regions === undefined) return found;
  const stacks = await openRegionStacks(
    plan.regions.map(({ name }) => name),
    (region) => openStack({ ...flags, region }, runsDirectory),
    undefined,
  );
  const united = uniteFound(
    runId,
    stacks.map(({ name, open }) => ({ name, backend: open.backend })),
    runsDirectory,
    backend.argumentsOf,
  );
  return { runId, backend: united, execution: await united.executions.describe(runId) };
}
