import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type AccountView, accountAt, accountOf } from '../../plan/account.ts';
import { type DeploymentParameters, defaultDeployment } from '../../plan/deployment.ts';
import { forecastHost, type HostFacts, type HostForecast } from '../../plan/host.ts';
import { draftPlan } from '../../plan/make-plan.ts';
import type { Plan } from '../../plan/plan.ts';
import { RefusedByPreflightError } from '../../plan/refusals.ts';
import { refuseKernelNetwork } from '../../plan/refuse-kernel-network.ts';
import type { RegionFacts } from '../../plan/regions.ts';
import { preflightRun, type RunPreflight } from '../../plan/run-preflight.ts';
import type { KernelSetting } from '../../profile/kernel-network.ts';
import type { LoadProfile } from '../../profile/load-profile.ts';
import type { RegionShare } from '../../profile/region-shares.ts';
import { type InputError, InvalidInputError } from '../../shared/errors.ts';
import { makeRunId } from '../../shared/run-id.ts';
import { sizeOfRegion } from '../../targets/aws-iot/default-limits.ts';
import { accountLimitsOf } from '../../targets/aws-iot/quotas.ts';
import { wantedTargetOf } from '../../targets/parse-profile.ts';
import type { Target } from '../../targets/target.ts';
import { otherHostsOf, type ResolvedTarget } from '../../targets/target-check.ts';
import { traitsOf } from '../../targets/traits-of.ts';

/** What a run would be, before anything is started. The plan function makes the plan that counts, from the same code. */
export interface RunDraft {
  readonly plan: Plan;
  readonly preflight: RunPreflight;
  /** What forbids to run it at all: errors of the input, and limits that nothing lifts. */
  readonly errors: readonly InputError[];
  readonly walls: readonly InputError[];
  /** What a rehearsal needs of this machine; absent for a run on AWS. */
  readonly host: HostForecast | undefined;
}

/**
 * @throws InvalidInputError for errors of the input: exit code 2
 * @throws RefusedByPreflightError for what the account, the profile's limits or AWS do not allow: exit code 3
 */
export function checkDraft(draft: RunDraft): void {
  const { plan, errors, walls } = draft;
  if (errors.length > 0) throw new InvalidInputError('The plan', [...errors, ...walls]);
  const refusals = plan.profile.limits.enforce ? refusalsOf(draft) : [];
  if (walls.length > 0) throw new RefusedByPreflightError([...walls, ...refusals], { canForce: false });
  if (refusals.length > 0) throw new RefusedByPreflightError(refusals);
}

/** Why it must not run, unless it is forced to. */
export function refusalsOf({ preflight, host }: Pick<RunDraft, 'preflight' | 'host'>): readonly InputError[] {
  return [...preflight.refusals, ...(host?.refusals ?? [])];
}

export interface DraftOptions {
  /** The machine that the run is rehearsed on. */
  readonly host?: HostFacts;
  readonly now?: Date;
  /** 0–1 */
  readonly random?: number;
  /** What is known of the account; AWS's defaults otherwise. */
  readonly account?: AccountView | undefined;
  /** The stack's parameters, where they are known. */
  readonly deployment?: DeploymentParameters | undefined;
  /** The IoT endpoint of the account, which needs no permission to be loaded. */
  readonly ownHost?: string;
  /** What the IoT rule reads; a stack's own, where that is known, otherwise what it reads without parameters. */
  readonly topicFilter?: string;
  /** What the kernel of this machine makes of the devices' network; absent: slices make it all. */
  readonly kernelNetwork?: readonly KernelSetting[] | undefined;
  /** Name of that rule; a stack's own, where that is known, otherwise that of a rehearsal. */
  readonly ruleName?: string;
  /** Of a profile with several Regions: what is known of each. */
  readonly regionFacts?: RegionFacts | undefined;
}

export function draftRun(
  profile: LoadProfile,
  {
    now = new Date(),
    random = Math.random(),
    account,
    deployment,
    host,
    kernelNetwork,
    ownHost,
    topicFilter = defaultDeployment.topicFilter,
    ruleName = defaultDeployment.ruleName,
    regionFacts,
  }: DraftOptions = {},
): RunDraft {
  const runId = makeRunId(profile.name, now, random);
  const target = wantedTargetOf(profile);
  const { allowedHosts } = profile;
  const { plan, errors, walls } = draftPlan({
    runId,
    profile,
    now: now.getTime(),
    // As the stack is deployed, so that a plan looked at is the plan that would run on AWS.
    coldStart: defaultDeployment.coldStart,
    deployment,
    ...(account === undefined ? {} : { account: accountAt(target, account) }),
    target,
    topicFilter,
    ruleName,
    regionFacts: regionFacts ?? factsOf(profile.regions, account),
  });
  return {
    plan,
    errors,
    walls: [
      ...walls,
      ...refuseKernelNetwork(plan, kernelNetwork),
      ...refuseOtherHosts(target, { own: ownHost === undefined ? [] : [ownHost], allowedHosts }),
    ],
    preflight: preflightRun(plan),
    host: host && forecastHost(plan, host),
  };
}

/** AWS's defaults in each Region, and over them the limits that are known of the account. */
function factsOf(
  regions: readonly RegionShare[] | undefined,
  { limits, live, isCharged }: AccountView = accountOf({}),
): RegionFacts | undefined {
  const own = Object.fromEntries(live.map((name) => [name, limits[name]]));
  const facts = regions?.map(({ name }): [string, RegionFacts[string]] => {
    const ofSize = accountLimitsOf(sizeOfRegion(name) === 'large' ? 'default' : 'small', own);
    return [name, { account: { limits: ofSize, live, isCharged, region: name } }];
  });
  return facts && Object.fromEntries(facts);
}

/** Checked again by the plan function: here before anything is started. */
function refuseOtherHosts(target: Target | undefined, resolved: ResolvedTarget): InputError[] {
  if (target === undefined) return [];
  return otherHostsOf(traitsOf(target).hostsOf(target), resolved).map((host) => ({
    path: 'target',
    message: `${host} is neither loopback nor named in allowedHosts`,
    hint: `if it is yours to load, say so: --allow-host ${host}`,
  }));
}

/** This machine as a rehearsal finds it. */
export function readHostFacts(): HostFacts {
  return {
    descriptors: hardLimitOf(readLimits()),
    memoryBytes: process.availableMemory(),
    cores: availableParallelism(),
  };
}

/** proc_pid_limits; empty where there is none. */
function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

/** Node raises its soft limit to the hard one at its start. Unlimited, or not known: infinity. */
export function hardLimitOf(limits: string): number {
  const hard = /^Max open files +\S+ +(\d+)/m.exec(limits)?.[1];
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard);
}
