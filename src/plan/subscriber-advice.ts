import { formatUsd } from '../shared/format.ts';
import { prices } from '../targets/aws-iot/prices.ts';
import { costLines, priceUsage } from './cost.ts';
import type { Deployment } from './deployment.ts';
import { forecastUsage } from './forecast-usage.ts';
import type { Plan } from './plan.ts';
import { messagesReadPerSecond } from './queue-readers.ts';
import { recordsTakenPerSecond, type StreamCapacity, shardsFor } from './stream-reading.ts';

/** Which subscriber suits a plan: what each costs, and what each takes. */
export interface SubscriberAdvice {
  readonly deployed: Deployment['subscriber'];
  readonly recommended: 'queue' | 'stream';
  readonly queue: SubscriberForecast;
  /** With the shards of the stack, or with as many as the plan needs where it has none. */
  readonly stream: SubscriberForecast & { readonly capacity: StreamCapacity };
  /** How long the stream may lie idle, all in all, until it has cost what it saves in this run. */
  readonly idleHours: number;
}

export interface SubscriberForecast {
  /** Of the run: everything between the rule and the arrival windows. */
  readonly usd: number;
  /** An hour in which nothing runs. */
  readonly idleUsdPerHour: number;
  /** That it is sure to take: of the queue, at the slowest pace of its readers. */
  readonly messagesPerSecond: number;
  /** Whether the plan’s peak is within that. */
  readonly isEnough: boolean;
}

/** A stream that pays within less is not worth the trouble of removing it after the run. */
const worthwhileIdleHours = 1;

/**
 * Recommends the one that keeps up; of two that do, the stream where it costs less even if it lies idle for an hour beside
 * the run, else the queue.
 */
export function adviseSubscriber(plan: Plan, deployment: Deployment): SubscriberAdvice {
  const { peakPerSecond } = plan.load;
  const capacity: StreamCapacity =
    deployment.subscriber === 'stream'
      ? deployment.stream
      : { mode: 'provisioned', shards: shardsFor(peakPerSecond) };
  const forecast = (
    subscriber: 'queue' | 'stream',
    messagesPerSecond: number,
    idleUsdPerHour: number,
  ): SubscriberForecast => ({
    usd: subscriberUsd(plan, { ...deployment, subscriber, stream: capacity }),
    idleUsdPerHour,
    messagesPerSecond,
    isEnough: peakPerSecond <= messagesPerSecond,
  });
  const queue = forecast('queue', messagesReadPerSecond(deployment.arrivals, 'slowest'), 0);
  const stream = {
    ...forecast('stream', recordsTakenPerSecond(capacity), idleUsdPerHour(capacity)),
    capacity,
  };
  const idleHours = Math.max(0, (queue.usd - stream.usd) / stream.idleUsdPerHour);
  const isStream = stream.isEnough && (!queue.isEnough || idleHours >= worthwhileIdleHours);
  return {
    deployed: deployment.subscriber,
    recommended: isStream ? 'stream' : 'queue',
    queue,
    stream,
    idleHours,
  };
}

/** What a stream costs in an hour in which nothing is put. */
export function idleUsdPerHour(capacity: StreamCapacity): number {
  return capacity.mode === 'provisioned'
    ? capacity.shards * prices.kinesisShardHour
    : prices.kinesisOnDemandHour;
}

/** Between the rule and the arrival windows: each batch is an invocation, and a window to store. */
function subscriberUsd(plan: Plan, deployment: Deployment): number {
  const usage = forecastUsage(plan, deployment);
  const batches = usage.lambda['measure-latency']?.invocations ?? 0;
  return priceUsage(usage).lines.reduce(
    (sum, { line, usd }) => sum + (costLines[line].isOfSubscriber ? usd : 0),
    batches * (prices.lambdaRequest + prices.s3Put),
  );
}

/** The advice as lines of at most some 100 characters. */
export function describeSubscriber(advice: SubscriberAdvice): string[] {
  const { deployed, recommended, queue, stream, idleHours } = advice;
  const used = deployed === 'stream' ? stream : queue;
  const first =
    deployed === 'direct'
      ? 'The rule invokes measure-latency itself (subscriber=direct), for small tests only.'
      : `The rule sends to a ${deployed}: ${formatUsd(used.usd)} of this cost and ${formatUsd(used.idleUsdPerHour)} an hour while nothing runs.`;
  if (recommended === deployed) return [first];
  const other = advice[recommended];
  const why =
    !used.isEnough && deployed !== 'direct' ? 'is sure to keep up with this rate' : 'suits this rate';
  const price = `${formatUsd(other.usd)} in place of it, and ${formatUsd(other.idleUsdPerHour)} an hour while nothing runs`;
  if (recommended === 'queue') return [first, `The queue ${why}: ${price} (--param subscriber=queue).`];
  const shards =
    stream.capacity.mode === 'provisioned' ? ` --param streamShards=${stream.capacity.shards}` : '';
  return [
    first,
    `A stream ${why}: ${price}.`,
    ...(idleHours >= 1
      ? [`It saves money if it is removed within ${Math.floor(idleHours)} h after the run.`]
      : []),
    `It is deployed with --param subscriber=stream${shards}.`,
  ];
}
