import type { InputError } from '../shared/errors.ts';
import { type AnyQuotaName, type QuotaName, runnerQuotaNames } from '../targets/aws-iot/quotas.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { accountOf, isChargedRun } from './account.ts';
import { subscriberConcurrency } from './arrival-reading.ts';
import { type CostEstimate, priceRun } from './cost.ts';
import { type Deployment, deploymentOf, unreservedConcurrency } from './deployment.ts';
import { broadcastAssumptions } from './downlink-load.ts';
import { assumptions, forecastUsage } from './forecast-usage.ts';
import { groupsOf, slicesByFunction } from './groups.ts';
import { legsAtOnce } from './legs.ts';
import { isReadByRule } from './observers.ts';
import { peaksOf, quotaAssumptionsOf, randomAssumptions } from './peaks.ts';
import type { Plan } from './plan.ts';
import { messagesReadPerSecond, readerAssumptions } from './queue-readers.ts';
import { bindingOf, forecastLimit, forecastQuota, type QuotaForecast } from './quota-forecast.ts';
import { refuseCost, refuseQuota } from './refusals.ts';
import { refuseSlopes } from './refuse-slopes.ts';
import { connectDurationMs } from './schedule.ts';
import { cautionOfBursts } from './search/burst-caution.ts';
import { forecastObjective, type ObjectiveForecast } from './search/objective/objective-forecast.ts';
import { busiestSearch, forecastSearch, type SearchForecast, searchOf } from './search/search-forecast.ts';
import { type StatePayload, statePayloads } from './state-payloads.ts';
import { catchUpAssumptions } from './stored-commands.ts';
import { forecastStorms, type StormForecast } from './storm-forecast.ts';
import { recordsTakenPerSecond } from './stream-reading.ts';
import { adviseSubscriber, type SubscriberAdvice } from './subscriber-advice.ts';
import { gbSecondsOf, type Usage } from './usage.ts';

/** Quotas of which the plan itself says, in more words, that nothing lifts them. */
const walls: ReadonlySet<AnyQuotaName> = new Set(['lambdaSeconds', 'mapChildren']);

/** What a plan comes to before it is run. */
export interface Preflight {
  readonly quotas: readonly QuotaForecast[];
  /** The quota with the least headroom: the first one reached if the load grows. */
  readonly binding: QuotaForecast;
  /** How use was counted where AWS's own words allow for more than one reading; a sentence each. */
  readonly quotaAssumptions: readonly string[];
  /** Of the timeline's disconnects; absent: there are none. A storm past a quota is not refused. */
  readonly storms?: readonly StormForecast[];
  /** What the plan's search comes to at most, as do all other figures of its preflight; absent: there is none. */
  readonly search?: SearchForecast;
  /** Of a plan that holds an objective; all other figures are those of its highest level. */
  readonly objective?: ObjectiveForecast;
  readonly time: TimeForecast;
  readonly lambda: LambdaForecast;
  readonly statePayloads: readonly StatePayload[];
  readonly cost: CostForecast;
  readonly subscriber: SubscriberAdvice;
  /** Why the plan must not run; empty where it may. */
  readonly refusals: readonly InputError[];
}

/** One after the other. */
export interface TimeForecast {
  /** Room for cold starts. */
  readonly startSeconds: number;
  /** All devices, at the profile's rate; 0 over HTTPS. */
  readonly connectSeconds: number;
  readonly publishSeconds: number;
  readonly drainSeconds: number;
  /** From the plan's making to the end of the drain. */
  readonly wholeSeconds: number;
}

export interface LambdaForecast {
  /** Each runs one slice. */
  readonly slices: number;
  readonly memoryMbPerSlice: number;
  /** Slices and measure-latency at once. */
  readonly concurrency: number;
  /** Of all functions. */
  readonly invocations: number;
  readonly gbSeconds: number;
}

export interface CostForecast extends CostEstimate {
  /** False: the target is on loopback, and the figures say what the same run would cost on AWS. */
  readonly isCharged: boolean;
  readonly usage: Usage;
  /** The assumptions, one sentence each. */
  readonly assumptions: readonly string[];
}

/**
 * The planned peak of every quota against the account's limits in the plan; time, Lambdas, payloads and
 * money.
 */
export function preflight(planned: Plan, deployment: Deployment = deploymentOf(planned)): Preflight {
  const plan = busiestSearch(planned);
  const objective = forecastObjective(planned);
  const { limits, live } = accountOf(plan);
  const isRead = new Set(live);
  // What is read from the account is without what functions have reserved.
  const lambdaConcurrency = isRead.has('lambdaConcurrency')
    ? limits.lambdaConcurrency
    : unreservedConcurrency(limits.lambdaConcurrency, deployment);
  const { quotaShare } = plan.profile.limits;
  const basis = { limits: { ...limits, lambdaConcurrency }, live: isRead, quotaShare };
  const { quotas } = traitsOf(plan.target);
  const readByRule = isReadByRule(plan);
  const counted = new Set<AnyQuotaName>([...quotas, ...runnerQuotaNames]);
  const peaks = Object.entries(peaksOf(plan, deployment)) as [QuotaName, number | undefined][];
  const forecasts = [
    ...peaks.flatMap(([name, peak]) =>
      peak === undefined || !counted.has(name) ? [] : [forecastQuota(name, peak, basis)],
    ),
    ...forecastReservation(plan, deployment),
    ...(readByRule ? forecastReaders(plan, deployment) : []),
  ];
  const usage = forecastUsage(plan, deployment);
  const storms = forecastStorms(plan);
  const cost = { ...priceRun(plan, usage), isCharged: isChargedRun(plan), usage, assumptions };
  return {
    quotas: forecasts,
    binding: bindingOf(forecasts),
    quotaAssumptions: [
      ...(quotas.length === 0 ? [] : quotaAssumptionsOf(plan)),
      ...randomAssumptions(plan),
      ...(quotas.length === 0 ? [] : [...broadcastAssumptions(plan), ...catchUpAssumptions(plan)]),
      ...(readByRule && deployment.subscriber === 'queue' ? readerAssumptions(deployment.arrivals) : []),
    ],
    ...(storms.length > 0 && { storms }),
    ...forecastOfSearch(planned, forecasts),
    ...(objective && { objective }),
    time: forecastTime(plan),
    lambda: forecastLambda(plan, usage, deployment),
    statePayloads: statePayloads(plan),
    cost,
    subscriber: adviseSubscriber(plan, deployment),
    refusals: [
      ...forecasts
        .filter(({ quota, withinAllowed }) => !withinAllowed && !walls.has(quota))
        .map((each) => refuseQuota(each, plan)),
      // In a rehearsal too: it is refused for what the run on AWS would cost, before it is run there.
      ...refuseCost(plan, cost),
      ...refuseSlopes(plan),
    ],
  };
}

/** @param quotas at the highest level */
function forecastOfSearch(plan: Plan, quotas: readonly QuotaForecast[]): Pick<Preflight, 'search'> {
  const settings = searchOf(plan);
  const forecast = forecastSearch(plan);
  if (settings === undefined || forecast === undefined) return {};
  return { search: { ...forecast, cautions: [...cautionOfBursts(settings, quotas), ...forecast.cautions] } };
}

/** A slice past the reservation is throttled until another ends: it would start late, or not at all. */
function forecastReservation(plan: Plan, deployment: Deployment): QuotaForecast[] {
  const { publishConcurrency: limit } = deployment;
  if (limit === undefined) return [];
  const { quotaShare } = plan.profile.limits;
  return [
    forecastLimit('publishConcurrency', plan.slices.count * legsAtOnce(plan), {
      limit,
      isLive: true,
      quotaShare,
    }),
  ];
}

/**
 * What the queue's readers have to keep up with: a load that they cannot read in time fills the queue. Or what the stream's
 * shards take: what they refuse goes to the rule's error queue.
 */
function forecastReaders({ load, profile }: Plan, deployment: Deployment): QuotaForecast[] {
  const { subscriber, arrivals, stream } = deployment;
  if (subscriber === 'direct') return [];
  const { quotaShare } = profile.limits;
  if (subscriber === 'stream') {
    const taken = { limit: recordsTakenPerSecond(stream), isLive: true, quotaShare };
    return [forecastLimit('streamRecordsPerSecond', load.peakPerSecond, taken)];
  }
  const limit = messagesReadPerSecond(arrivals, 'slowest');
  return [forecastLimit('queueReadsPerSecond', load.peakPerSecond, { limit, isLive: true, quotaShare })];
}

function forecastTime(plan: Plan): TimeForecast {
  const { timeline } = plan;
  const seconds = (from: number, to: number) => (to - from) / 1_000;
  return {
    startSeconds: seconds(timeline.createdAt, timeline.startAt),
    connectSeconds: Math.max(...groupsOf(plan).map(({ profile }) => connectDurationMs(profile))) / 1_000,
    publishSeconds: seconds(timeline.publishAt, timeline.publishEndAt),
    drainSeconds: seconds(timeline.publishEndAt, timeline.drainEndAt),
    wholeSeconds: seconds(timeline.createdAt, timeline.drainEndAt),
  };
}

function forecastLambda(plan: Plan, { lambda }: Usage, deployment: Deployment): LambdaForecast {
  const { slices } = plan;
  const used = Object.values(lambda);
  return {
    slices: slices.count,
    memoryMbPerSlice: Math.max(...slicesByFunction(plan).map(({ name }) => deployment.memoryMb[name])),
    concurrency: slices.count * legsAtOnce(plan) + subscriberConcurrency(plan, deployment),
    invocations: used.reduce((sum, { invocations }) => sum + invocations, 0),
    gbSeconds: used.reduce((sum, each) => sum + gbSecondsOf(each), 0),
  };
}
