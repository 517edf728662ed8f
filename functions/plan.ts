import { SQSClient } from '@aws-sdk/client-sqs';
import { readAccountLimits } from '../src/aws/account-limits.ts';
import { makeRunStore } from '../src/aws/bucket.ts';
import { clearTokenNote } from '../src/aws/clear-token.ts';
import { makeExecutions, olderThan } from '../src/aws/executions.ts';
import { findTarget } from '../src/aws/iot-endpoint.ts';
import { makeQueueSource } from '../src/aws/queue-backlog.ts';
import { accountAt } from '../src/plan/account.ts';
import { refuseConcurrency } from '../src/plan/ceilings.ts';
import { type FanOut, fanOutOf } from '../src/plan/fan-out.ts';
import { makePlan } from '../src/plan/make-plan.ts';
import type { Plan } from '../src/plan/plan.ts';
import { enforceLimits } from '../src/plan/preflight.ts';
import { RefusedByPreflightError } from '../src/plan/refusals.ts';
import { type InputError, InvalidInputError } from '../src/shared/errors.ts';
import { parseProfile, wantedTargetOf } from '../src/targets/parse-profile.ts';
import { traitsOf } from '../src/targets/traits-of.ts';
import { coldStartOf } from '../src/worker/cold-start.ts';
import { readEnvironment } from '../src/worker/environment.ts';
import { findLag, findLeftovers } from '../src/worker/leftovers.ts';
import { withPayloadSamples } from '../src/worker/payload-functions.ts';
import { resolveTarget } from '../src/worker/resolve-target.ts';
import { readConditions } from '../src/worker/run-conditions.ts';

const startedAfterMs = performance.now();
const environment = readEnvironment(process.env);
const influxNote = clearTokenNote(environment.influx?.url);
const store = makeRunStore(environment.runBucket);
const { arrivals: arrivalsUrl } = environment.queues;
const queue = arrivalsUrl && { url: arrivalsUrl, source: makeQueueSource(arrivalsUrl, new SQSClient({})) };

/** The event from the state machine: the execution's name and its input, the load profile as the user wrote it. */
export interface PlanFunctionRequest {
  readonly runId: string;
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
  const given = parseProfile(profile);
  const parsed = await withPayloadSamples(given, environment.payloadModules);
  const wanted = wantedTargetOf(parsed);
  const target = await resolveTarget({ wanted, environment, allowedHosts: parsed.allowedHosts });
  const control = wanted && (await findTarget(environment));
  const own = control ?? target;
  const isCharged = traitsOf(own).isCharged(own);
  const account = accountAt(target, { ...(await readAccountLimits(environment.region)), isCharged });
  const plan = makePlan({
    runId,
    profile: parsed,
    now: Date.now(),
    coldStart: coldStartOf(environment, startedAfterMs),
    topicFilter: environment.topicFilter,
    ruleName: environment.ruleName,
    deployment: environment.deployment,
    target,
    control,
    account,
    conditions: readConditions(parsed, !account.isCharged, environment.kernelNetwork),
  });
  refuseWithoutRegion(plan);
  if (stateMachineArn !== undefined) await enforceConcurrency(runId, stateMachineArn);
  enforceLimits(plan, await findUnread(plan));
  await store.putPlan(plan);
  if (influxNote !== undefined) console.warn(influxNote);
  return fanOutOf(plan);
}

/** @throws InvalidInputError for a profile of several Regions, of which one execution could only run a part */
function refuseWithoutRegion({ regions, region }: Plan): void {
  if (regions === undefined || region !== undefined) return;
  const hint = '`npx stampede run PROFILE --stage STAGE` starts one in each Region';
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
