import { nameOfEncoding } from '../profile/encoding.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import { isIdle } from '../profile/load-shapes/resolved-load.ts';
import { sumBy } from '../shared/counts.ts';
import { type InputError, InvalidInputError } from '../shared/errors.ts';
import { runIdMaxLength } from '../shared/run-bounds.ts';
import { iotCoreLimits } from '../targets/aws-iot/iot-core-limits.ts';
import { topicRootOf } from '../targets/aws-iot/match-topic-filter.ts';
import { accountLimitsOf } from '../targets/aws-iot/quotas.ts';
import { checkProxy } from '../targets/device-proxy.ts';
import { endpointFor } from '../targets/mqtt-endpoint.ts';
import type { AwsIotTarget, Target } from '../targets/target.ts';
import { mqttEndpointsOf } from '../targets/traits-of.ts';
import type { AccountView } from './account.ts';
import { refuseFaults } from './actions/fault-action.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import type { PlanConditions } from './conditions.ts';
import { type DeploymentParameters, defaultDeployment } from './deployment.ts';
import {
  checkDeviceTopic,
  checkEchoTopic,
  checkRuleName,
  checkTopicLength,
  checkWillTopic,
  checkWillTopicLength,
} from './device-topic.ts';
import { checkCommandTopics } from './downlinks.ts';
import { deviceGroupsOf, groupProfilesOf, groupsOf, intendedPeakOf, settingOf } from './groups.ts';
import { type KindPlan, kindsOf, plannedLoadOf, usesBasicIngest } from './kinds.ts';
import { longestSleepMs } from './lifecycle.ts';
import { drainMsOf, isReadByRule } from './observers.ts';
import { type GroupPlan, identifyDevice, type Plan, type Timeline } from './plan.ts';
import { connectsAfterMs } from './presence.ts';
import { RefusedByPreflightError } from './refusals.ts';
import { checkRegionSlices, planRegions, type RegionFacts, splitForRegions } from './regions.ts';
import { connectDurationMs, connectsBeforehand, settleMsOfNetwork } from './schedule.ts';
import { searchMs } from './search/search-times.ts';
import { holdLevel } from './search/searched-profile.ts';
import { splitIntoSlices } from './slices.ts';
import { splitSubscribers } from './subscribers.ts';
import { wallsOfRegions } from './walls.ts';
import { withinStacks } from './within-stacks.ts';

export interface PlanRequest {
  /** The execution's name: 1–80 of `A–Z a–z 0–9 - _`. */
  readonly runId: string;
  readonly profile: LoadProfile;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Default: as the stack is deployed. */
  readonly coldStart?: ColdStart;
  readonly target?: Target | undefined;
  /** By name of a Region, where the profile has several: what is known of it. */
  readonly regionFacts?: RegionFacts | undefined;
  /** Where control messages are, if not at the target. */
  readonly control?: AwsIotTarget | undefined;
  /** Versions and host. */
  readonly conditions?: PlanConditions;
  /** What is known of the account; AWS's defaults otherwise. */
  readonly account?: AccountView | undefined;
  /** The stack's parameters, where they are known. */
  readonly deployment?: DeploymentParameters | undefined;
  /** What the IoT rule reads (`stampede/dev/#`): a topic outside it would make every message a lost one. Absent: not checked. */
  readonly topicFilter?: string;
  /** Name of that rule; only messages of Basic Ingest need it. */
  readonly ruleName?: string | undefined;
}

/** How soon every slice can be ready. */
export interface ColdStart {
  /** From the plan's making to the first slices' first line of code. */
  readonly leadMs: number;
  /** Execution environments that Lambda adds a second: 1,000 per 10 s per function. */
  readonly environmentsPerSecond: number;
}

/**
 * After the last thing a slice waits for: disconnecting its devices in order and writing its result, with a margin for
 * an event loop that is late.
 */
const deadlineMarginMs = 15_000;

/** Room for subscribers to connect and to be granted their filters before devices connect: TLS, CONNACK, SUBACK, and a margin. */
const subscribeMs = 2_000;

export interface DraftPlan {
  readonly plan: Plan;
  /** Errors of the input: a load that comes to no message, a topic that the rule does not read, a bad run id. */
  readonly errors: readonly InputError[];
  /** Limits that no profile lifts (`wallsOf`). */
  readonly walls: readonly InputError[];
}

/**
 * Makes the plan of a load profile.
 * @throws InvalidInputError with every error of the input
 * @throws RefusedByPreflightError for a run past a limit that nothing lifts
 */
export function makePlan(request: PlanRequest): Plan {
  const { plan, errors, walls } = draftPlan(request);
  if (errors.length > 0) throw new InvalidInputError('The plan', [...errors, ...walls]);
  if (walls.length > 0) throw new RefusedByPreflightError(walls, { canForce: false });
  return plan;
}

/** The plan, together with the errors that forbid running it. */
export function draftPlan(given: PlanRequest): DraftPlan {
  const request = withinStacks(given);
  const { search } = request.profile;
  if (search === undefined) return draftLoad(request);
  const during = (ms: number) =>
    draftLoad({ ...request, profile: holdLevel(request.profile, search.from, ms) }, search.to);
  if (search.kind === 'objective') return during(search.forMs);
  const { plan } = during(1_000);
  return during(
    searchMs(plan, search, (request.account?.limits ?? accountLimitsOf('default')).lambdaSeconds * 1_000),
  );
}

/** @param busiest the level that slices are to be able to send; absent: that of the profile */
function draftLoad(request: PlanRequest, busiest?: number): DraftPlan {
  const { profile, runId, account, deployment } = request;
  const limits = account?.limits ?? accountLimitsOf('default');
  const profiles = groupProfilesOf(profile);
  const busy = busiest === undefined ? profiles : groupProfilesOf(holdLevel(profile, busiest, 1_000));
  const groups = profiles.map((each, i) => ({
    load: plannedLoadOf(each),
    slices: splitForRegions(
      splitIntoSlices(busy[i]!, { limits, deployment, share: each.devices / profile.devices }),
      each.devices,
      { regions: profile.regions, isGiven: each.slices.devicesPerSlice !== undefined },
    ),
  }));
  const ofDevices = profiles.filter(({ command }) => command === undefined);
  const slices = {
    count: sumBy(groups, (group) => group.slices.count),
    devicesPerSlice: Math.max(...groups.map((group) => group.slices.devicesPerSlice)),
  };
  const publishing = {
    version: 1 as const,
    runId,
    profile,
    timeline: timelineOf(request, slices.count, profiles),
    load: {
      messages: sumBy(ofDevices, (each) => plannedLoadOf(each).messages),
      peakPerSecond: intendedPeakOf(ofDevices),
    },
    slices,
    ...(profile.groups === undefined ? {} : { groups }),
    topicRoot: topicRootOf(request.topicFilter ?? defaultDeployment.topicFilter),
    ...(request.ruleName !== undefined && usesBasicIngest(profiles) && { ruleName: request.ruleName }),
    ...(request.target === undefined ? {} : { target: request.target }),
    ...(request.control === undefined ? {} : { control: request.control }),
  };
  const subscribers = splitSubscribers(publishing);
  const regions = planRegions(publishing, request.regionFacts);
  const ofRegions = checkRegionSlices({ ...publishing, ...(regions && { regions }) });
  const plan: Plan = {
    ...publishing,
    ...(regions && ofRegions.length === 0 && { regions }),
    ...(subscribers && {
      subscribers,
      timeline: timelineOf(request, slices.count + subscribers.count, profiles, subscribeMs),
    }),
    ...(request.conditions === undefined ? {} : { conditions: request.conditions }),
    ...(account === undefined ? {} : { account }),
    ...(deployment === undefined ? {} : { deployment }),
  };
  return {
    plan,
    errors: [...errorsOf(plan, request), ...ofRegions],
    walls: wallsOfRegions(plan, limits),
  };
}

/**
 * All instants are whole milliseconds, rounded up, so that no phase is shorter than its purpose needs. Groups connect side
 * by side and begin to publish together.
 */
function timelineOf(
  request: PlanRequest,
  slices: number,
  groups: readonly LoadProfile[],
  subscribesMs = 0,
): Timeline {
  const { now, coldStart = defaultDeployment.coldStart } = request;
  const coldStartMs = coldStart.leadMs + (slices / coldStart.environmentsPerSecond) * 1_000;
  const connectMs = Math.max(
    ...groups.map((group) => connectsAfterMs(request.profile, group) + connectMsOf(group)),
  );
  const publishMs = Math.max(...groups.map((group) => makeArrivalRate(group).durationMs));
  const createdAt = Math.floor(now);
  const startAt = Math.ceil(now + coldStartMs + subscribesMs);
  const publishAt = startAt + Math.ceil(connectMs);
  const publishEndAt = publishAt + Math.ceil(publishMs);
  // What is due while its device sleeps is sent when it wakes.
  const lastSentAt = publishEndAt + Math.max(...groups.map(longestSleepMs));
  const drainEndAt = lastSentAt + Math.ceil(drainMsOf(request));
  const lastAckAt = lastSentAt + Math.max(...groups.map(({ publish }) => publish.ackTimeoutMs));
  return {
    createdAt,
    startAt,
    publishAt,
    publishEndAt,
    drainEndAt,
    deadlineAt: Math.ceil(Math.max(drainEndAt, lastAckAt)) + deadlineMarginMs,
  };
}

function connectMsOf(group: LoadProfile): number {
  return connectsBeforehand(group) ? connectDurationMs(group) + settleMsOfNetwork(group) : 0;
}

function errorsOf(plan: Plan, { topicFilter, ruleName }: PlanRequest): InputError[] {
  const groups = deviceGroupsOf(plan);
  return [
    ...checkRunId(plan.runId),
    ...groupsOf(plan).flatMap(checkMessages),
    ...groups.flatMap(kindsOf).flatMap(checkTopicLength),
    ...groups.flatMap(kindsOf).flatMap(checkEchoTopic),
    ...groups.flatMap(checkWillTopicLength),
    ...(topicFilter === undefined ? [] : checkCommandTopics(plan, topicFilter)),
    ...(ruleName === undefined ? groups.flatMap(kindsOf).flatMap(checkRuleName) : []),
    ...(topicFilter === undefined || !isReadByRule(plan)
      ? []
      : [
          ...groups.flatMap(kindsOf).flatMap((kind) => checkDeviceTopic(kind, topicFilter)),
          ...groups.flatMap((group) => checkWillTopic(group, topicFilter)),
        ]),
    ...checkPlannedFaults(plan),
    ...groups.flatMap((group) => checkProxied(plan, group)),
    ...(isReadByRule(plan) && plan.deployment?.payloads === 'json'
      ? groups.flatMap(kindsOf).flatMap(checkReadable)
      : []),
  ];
}

/** Of a draft without a target the endpoint is not known yet. */
function checkProxied(plan: Plan, group: GroupPlan): InputError[] {
  const { connect, network } = group.profile;
  if (connect.protocol !== 'mqtt') return [];
  const scheme = endpointFor(mqttEndpointsOf(plan.target), connect.auth)?.scheme;
  const connection = { client: connect.client, scheme, isShaped: network !== undefined };
  return checkProxy(connection, settingOf(group, 'connect.client'));
}

/** Of a draft without a target it is not known yet where it is to run, unless an account pays for it: then on AWS. */
function checkPlannedFaults(plan: Plan): InputError[] {
  if (plan.target === undefined && plan.account?.isCharged !== true) return [];
  return (plan.profile.timeline ?? []).flatMap(({ action }, i) =>
    action.kind === 'faults' ? refuseFaults(plan, `timeline[${i}].faults`) : [],
  );
}

/** A rule that reads the envelope in JSON objects alone takes other payloads for ones without an envelope. */
function checkReadable(kind: KindPlan): InputError[] {
  const { encoding } = kind.profile.publish;
  if (encoding === undefined) return [];
  const setting = kind.kind === undefined ? 'publish.encoding' : `messages.${kind.kind}.encoding`;
  return [
    {
      path: settingOf(kind, setting),
      message: `is ${nameOfEncoding(encoding)}, and the rule of this stack reads JSON objects alone: every message would count as lost`,
      hint: 'deploy with --param payloads=any; a rehearsal takes --payloads any',
    },
  ];
}

function checkRunId(runId: string): InputError[] {
  const longestClientId = identifyDevice(runId, 10 ** 8).clientId.length;
  if (
    /^[A-Za-z0-9_-]+$/.test(runId) &&
    runId.length <= runIdMaxLength &&
    longestClientId <= iotCoreLimits.clientIdBytes
  ) {
    return [];
  }
  return [
    {
      path: 'runId',
      message: `"${runId}" cannot be a run id`,
      hint: `name the execution with 1 to ${runIdMaxLength} letters, digits, - and _`,
    },
  ];
}

function checkMessages(group: GroupPlan): InputError[] {
  const { load } = group;
  if (isIdle(group.profile) || (load.messages >= 1 && Number.isSafeInteger(load.messages))) return [];
  return [
    {
      path: settingOf(group, 'stages'),
      message:
        load.messages < 1 ? 'the load comes to less than one message' : 'more messages than can be counted',
      hint: load.messages < 1 ? 'raise the rate or run longer' : 'lower the rate',
    },
  ];
}
