import { SQSClient } from '@aws-sdk/client-sqs';
import { readAccountLimits } from '../src/aws/account-limits.ts';
import { makeRunStore } from '../src/aws/bucket.ts';
import { clearTokenNote } from '../src/aws/clear-token.ts';
import { makeExecutions, olderThan } from '../src/aws/executions.ts';
import { findTarget } from '../src/aws/iot-endpoint.ts';
import { makeQueueSource } from '../src/aws/queue-backlog.ts';
import { accountAt, accountOf, limitSlices } from '../src/plan/account.ts';
import { refuseConcurrency } from '../src/plan/ceilings.ts';
import { refuseFailovers } from '../src/plan/failovers.ts';
import { type FanOut, fanOutOf } from '../src/plan/fan-out.ts';
import { wholeProfileOf } from '../src/plan/groups.ts';
import { makePlan } from '../src/plan/make-plan.ts';
import type { Plan } from '../src/plan/plan.ts';
import { RefusedByPreflightError } from '../src/plan/refusals.ts';
import { enforceLimits } from '../src/plan/run-preflight.ts';
import { enforceWalls } from '../src/plan/walls.ts';
import type { LoadProfile } from '../src/profile/load-profile.ts';
import { type InputError, InvalidInputError } from '../src/shared/errors.ts';
import { topicRootOf } from '../src/targets/aws-iot/match-topic-filter.ts';
import { parseProfile, wantedTargetOf } from '../src/targets/parse-profile.ts';
import type { Target } from '../src/targets/target.ts';
import { isLoopback } from '../src/targets/target-check.ts';
import { traitsOf } from '../src/targets/traits-of.ts';
import { coldStartOf } from '../src/worker/cold-start.ts';
import { readEnvironment } from '../src/worker/environment.ts';
import { findLag, findLeftovers } from '../src/worker/leftovers.ts';
import { withPayloadSamples } from '../src/worker/payload-functions.ts';
import { isRegionInput, readRegionInput } from '../src/worker/region-input.ts';
import { resolveTarget } from '../src/worker/resolve-target.ts';
import { readConditions } from '../src/worker/run-conditions.ts';

const startedAfterMs = performance.now();
const environment = readEnvironment(process.env);
const influxNote = clearTokenNote(environment.influx?.url);
const store = makeRunStore(environment.runBucket);
const { arrivals: arrivalsUrl } = environment.queues;
const queue = arrivalsUrl && { url: arrivalsUrl, source: makeQueueSource(arrivalsUrl, new SQSClient({})) };

/** The event from the state machine: the execution's name and its input. */
export interface PlanFunctionRequest {
  readonly runId: string;
  /** The load profile as the user wrote it; or what an execution gets that is one Region's part of a run (`RegionInput`). */
  readonly profile: unknown;
  /** Whose executions count against the stack's ceiling; absent: this is no execution (`sls invoke local`). */
  readonly stateMachineArn?: string;
}

/**
 * Load profile in, plan into the run store, slice numbers out.
 * @throws InvalidInputError
 * @throws RefusedByPreflightError, RefusedTargetError: in the execution `RefusedByPreflight`
 */
export async function handler({ runId, profile, stateMachineArn }: PlanFunctionRequest): Promise<FanOut> {
  const plan = isRegionInput(profile) ? await takeRegion(runId, profile) : await planProfile(runId, profile);
  refuseWithoutRegion(plan);
  const unreachable = refuseFailovers(plan);
  if (unreachable.length > 0) throw new InvalidInputError('The load profile', unreachable);
  if (stateMachineArn !== undefined) await enforceConcurrency(runId, stateMachineArn);
  enforceLimits(plan, await findUnread(plan));
  await store.putPlan(plan);
  if (influxNote !== undefined) console.warn(influxNote);
  return fanOutOf(plan);
}

async function planProfile(runId: string, profile: unknown): Promise<Plan> {
  const given = parseProfile(profile);
  const parsed = await withPayloadSamples(given, environment.payloadModules);
  const facts = await findFacts(parsed, wantedTargetOf(parsed));
  return makePlan({
    runId,
    profile: parsed,
    now: Date.now(),
    coldStart: coldStartOf(environment, parsed, startedAfterMs),
    topicFilter: environment.topicFilter,
    ruleName: environment.ruleName,
    ...facts,
  });
}

/**
 * The plan that all Regions have, with what is known of this one.
 * @throws RefusedByPreflightError for a part past a limit that nothing lifts, the ceilings of this stack among them
 */
async function takeRegion(runId: string, input: { readonly plan: unknown }): Promise<Plan> {
  const isEmulated = environment.iotEndpoints.some(({ host }) => isLoopback(host));
  const plan = await readRegionInput(input, runId, isEmulated ? undefined : environment.region);
  const facts = await findFacts(wholeProfileOf(plan), undefined);
  const { target, deployment, conditions } = facts;
  // All Regions have the legs that were planned, which fit into the functions of each stack.
  const account = limitSlices(facts.account, accountOf(plan).limits.lambdaSeconds);
  const regions = plan.regions?.map((each) =>
    each.name === plan.region ? { ...each, target, account, ...(deployment && { deployment }) } : each,
  );
  const own: Plan = {
    ...plan,
    target,
    account,
    ...(deployment && { deployment }),
    conditions,
    topicRoot: topicRootOf(environment.topicFilter),
    ...(plan.ruleName !== undefined &&
      environment.ruleName !== undefined && { ruleName: environment.ruleName }),
    ...(regions && { regions }),
  };
  enforceWalls(own);
  return own;
}

/** What the run loads and who pays, as it is where this function runs. */
async function findFacts(profile: LoadProfile, wanted: Target | undefined) {
  const target = await resolveTarget({ wanted, environment, allowedHosts: profile.allowedHosts });
  const control = wanted && (await findTarget(environment));
  const own = control ?? target;
  const isCharged = traitsOf(own).isCharged(own);
  const account = accountAt(target, { ...(await readAccountLimits(environment.region)), isCharged });
  const conditions = readConditions(profile, !account.isCharged, environment.kernelNetwork);
  return { target, control, account, conditions, deployment: environment.deployment };
}

/** @throws InvalidInputError for a profile of several Regions, of which one execution could only run a part */
function refuseWithoutRegion({ regions, region }: Plan): void {
  if (regions === undefined || region !== undefined) return;
  const hint = '`npx stampede run PROFILE` starts one in each Region';
  throw new InvalidInputError('The execution', [
    { path: 'regions', message: 'an execution runs in one Region', hint },
  ]);
}

/** Finds messages of earlier runs in the queue or the stream. */
async function findUnread(plan: Plan): Promise<readonly InputError[]> {
  if (!traitsOf(plan.target).observers.includes('rule')) return [];
  const { streamReader } = environment;
  if (queue) return findLeftovers(plan, queue);
  if (streamReader === undefined) return [];
  // Only this stack needs CloudWatch's client, which would lengthen the cold start of the others.
  const { readIteratorAge } = await import('../src/aws/iterator-age.ts');
  return findLag(plan, () => readIteratorAge(streamReader, plan.timeline.createdAt));
}

/** @throws RefusedByPreflightError where as many executions as the stack allows started before this one, and still run */
async function enforceConcurrency(runId: string, stateMachineArn: string): Promise<void> {
  const ceilings = environment.deployment?.ceilings;
  if (ceilings === undefined || ceilings.maxConcurrentExecutions === null) return;
  const running = await makeExecutions(stateMachineArn).running();
  const refusals = refuseConcurrency(ceilings, olderThan(runId, running));
  if (refusals.length > 0) throw new RefusedByPreflightError(refusals, { canForce: false });
}
