import { type AccountView, accountOf, limitSlices } from './account.ts';
import type { DeploymentParameters } from './deployment.ts';
import type { RegionFacts } from './regions.ts';

/** What is known of the account and the stack, or of those of each Region. */
interface KnownStacks {
  readonly account?: AccountView | undefined;
  readonly deployment?: DeploymentParameters | undefined;
  readonly regionFacts?: RegionFacts | undefined;
}

/**
 * With the time limit that the stack gives its functions, where that is less than Lambda's. Of the stacks of several Regions it is the least
 * one, because a run has the same legs in all of them.
 */
export function withinStacks<Known extends KnownStacks>(known: Known): Known {
  const { account, deployment, regionFacts = {} } = known;
  const stacks = [deployment, ...Object.values(regionFacts).map((facts) => facts.deployment)];
  const limits = stacks.flatMap((stack) => stack?.sliceSeconds ?? []);
  if (limits.length === 0) return known;
  const seconds = Math.min(...limits);
  const ofRegions = Object.entries(regionFacts).map(([name, facts]) => [
    name,
    { ...facts, ...(facts.account && { account: limitSlices(facts.account, seconds) }) },
  ]);
  return {
    ...known,
    account: limitSlices(accountOf({ ...(account && { account }) }), seconds),
    ...(known.regionFacts && { regionFacts: Object.fromEntries(ofRegions) }),
  };
}
