import { sumBy } from '../shared/counts.ts';
import { formatDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { formatPlural } from '../shared/format.ts';
import { maxSlices } from '../shared/run-bounds.ts';
import type { AccountLimits } from '../targets/aws-iot/quotas.ts';
import { accountOf } from './account.ts';
import { checkCeilingOfLegs, checkLegs } from './check-legs.ts';
import { type CostEstimate, priceRun } from './cost.ts';
import { deploymentOf } from './deployment.ts';
import { forecastUsage } from './forecast-usage.ts';
import { groupsOf, settingOf } from './groups.ts';
import { legSplitOf } from './legs.ts';
import { checkPaceOfConnects } from './pace-of-connects.ts';
import type { GroupPlan, Plan } from './plan.ts';
import { RefusedByPreflightError } from './refusals.ts';
import { refuseCeilings } from './refuse-ceilings.ts';
import { refuseKernelNetwork } from './refuse-kernel-network.ts';
import { errorsInRegions, viewsOf } from './region-views.ts';
import { connectDurationMs } from './schedule.ts';
import { busiestSearch, forecastSearch, loadSettingOf } from './search/search-forecast.ts';
import { checkLingering, checkWebConnections } from './slice-connections.ts';
import { subscriberSlicesOf } from './subscribers.ts';

/** Limits that no profile lifts: the stack's ceilings, Lambda's 900 s, the children of a Distributed Map, and what a slice can do. */
export function wallsOf(plan: Plan, limits: AccountLimits): readonly InputError[] {
  const cost = forecastCost(plan);
  return [
    ...refuseCeilings(busiestSearch(plan), cost),
    ...checkLegs(plan, limits, cost),
    ...checkLambdaTime(plan, limits),
    ...checkSlices(plan),
    ...groupsOf(plan).flatMap((group) => [...checkWebConnections(group), ...checkLingering(group)]),
    ...checkPaceOfConnects(plan),
    ...refuseKernelNetwork(plan, plan.conditions?.host.kernelNetwork),
  ];
}

function forecastCost(plan: Plan): CostEstimate {
  const busiest = busiestSearch(plan);
  return priceRun(busiest, forecastUsage(busiest, deploymentOf(plan)));
}

/** Of a run with one leg: a slice's Lambda may begin as soon as the plan is made, and must live until its deadline. */
function checkLambdaTime(plan: Plan, limits: AccountLimits): InputError[] {
  const { timeline } = plan;
  if (legSplitOf(plan).count > 1) return [];
  const lambdaMs = limits.lambdaSeconds * 1_000;
  const overMs = timeline.deadlineAt - timeline.createdAt - lambdaMs;
  if (overMs <= 0) return [];
  const connectMs = timeline.publishAt - timeline.startAt;
  const publishMs = timeline.publishEndAt - timeline.publishAt;
  const search = forecastSearch(plan);
  const parts = `${spoken(timeline.startAt - timeline.createdAt)} to start, ${spoken(connectMs)} to connect, ${spoken(publishMs)} to publish, ${spoken(timeline.deadlineAt - timeline.publishEndAt)} to drain and end`;
  const [slowest] = groupsOf(plan).toSorted(
    (a, b) => connectDurationMs(b.profile) - connectDurationMs(a.profile),
  ) as [GroupPlan];
  const rateSetting = settingOf(slowest, 'connect.ratePerSecond');
  const connectsFaster =
    connectMs > publishMs
      ? `raise ${rateSetting} above ${slowest.profile.connect.ratePerSecond} (the account is planned with ${limits.connectsPerSecond} a second), or `
      : '';
  return [
    {
      path:
        connectMs > publishMs
          ? rateSetting
          : plan.profile.search?.kind === 'objective'
            ? 'search.for'
            : loadSettingOf(plan),
      message: `a slice would live ${spoken(lambdaMs + overMs)} (${parts}), and a Lambda ends at ${spoken(lambdaMs)}`,
      hint:
        search === undefined
          ? `${connectsFaster}shorten the run by ${spoken(overMs)}`
          : `${connectsFaster}shorten the search by ${spoken(overMs)}: it has up to ${formatPlural(search.mostHolds, 'step')} of ${spoken(search.stepSeconds * 1_000)} each; bring search.from and search.to nearer together, or give a larger precision, a shorter hold or settle, or a shorter publish.ackTimeout`,
    },
  ];
}

function spoken(ms: number): string {
  return formatDuration(Math.ceil(ms / 1_000) * 1_000);
}

function checkSlices(plan: Plan): InputError[] {
  const { slices, profile } = plan;
  const subscribers = subscriberSlicesOf(plan);
  if (slices.count + subscribers <= maxSlices) return [];
  const beside = subscribers === 0 ? '' : ` and ${subscribers} that subscribe`;
  return [
    {
      path: 'slices.devicesPerSlice',
      message: `${formatPlural(slices.count, 'slice')}${beside}, and a Distributed Map runs ${maxSlices} children`,
      hint: `give a slice at least ${formatPlural(Math.ceil(profile.devices / (maxSlices - subscribers)), 'device')}`,
    },
  ];
}

/** Each Region has a stack and an execution of its own. @param limits of the account, where a Region's own are not known */
export function wallsOfRegions(plan: Plan, limits: AccountLimits): readonly InputError[] {
  if (plan.regions === undefined) return wallsOf(plan, limits);
  const views = viewsOf(plan);
  const totalUsd = sumBy(views, (view) => forecastCost(view).totalUsd);
  return [
    ...errorsInRegions(views, (view) =>
      // The profile's ceiling is one of the whole run.
      wallsOf(view, view.account?.limits ?? limits).filter(({ path }) => path !== 'limits.maxCostUsd'),
    ),
    ...checkCeilingOfLegs(plan, { totalUsd }),
  ];
}

/** Of a plan that was made elsewhere, what its own Region's account and stack do not allow. @throws RefusedByPreflightError */
export function enforceWalls(plan: Plan): void {
  const walls = wallsOfRegions(plan, accountOf(plan).limits);
  if (walls.length > 0) throw new RefusedByPreflightError(walls, { canForce: false });
}
