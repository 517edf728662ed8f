import { sumBy } from '../shared/counts.ts';
import type { Deployment } from './deployment.ts';
import { deviceGroupsOf } from './groups.ts';
import { isReadByRule } from './observers.ts';
import type { Plan } from './plan.ts';
import { forecastReading, measureSeconds, measureSecondsPerRecord, readersAt } from './queue-readers.ts';
import { forecastStreamReading } from './stream-reading.ts';
import { intendedOfGroup } from './streams.ts';

/** Messages that come by the IoT rule; none where the target has no such observer. */
export function arrivalsByRule(plan: Plan): number {
  return isReadByRule(plan) ? sumBy(deviceGroupsOf(plan), intendedOfGroup) : 0;
}

/** Invocations of measure-latency at once, at most: every reader of the queue, or of a shard, may be in one. */
export function subscriberConcurrency(plan: Plan, deployment: Deployment): number {
  if (arrivalsByRule(plan) === 0) return 0;
  const { peakPerSecond } = plan.load;
  if (deployment.subscriber === 'direct') {
    return Math.ceil(peakPerSecond * (measureSeconds + measureSecondsPerRecord));
  }
  if (deployment.subscriber === 'stream') return streamReading(plan, deployment).readers;
  return readersAt(peakPerSecond, deployment.arrivals, 'slowest');
}

/** Invocations of measure-latency. */
export function arrivalBatches(plan: Plan, deployment: Deployment): number {
  const arrivals = arrivalsByRule(plan);
  if (arrivals === 0) return 0;
  if (deployment.subscriber === 'direct') return arrivals;
  if (deployment.subscriber === 'stream') return streamReading(plan, deployment).batches;
  return forecastReading(readLoadOf(plan), deployment.arrivals, 'assumed').batches;
}

function streamReading(plan: Plan, { stream }: Deployment) {
  return forecastStreamReading(readLoadOf(plan), stream);
}

function readLoadOf(plan: Plan) {
  const { publishAt, publishEndAt } = plan.timeline;
  return { ...plan.load, messages: arrivalsByRule(plan), seconds: (publishEndAt - publishAt) / 1_000 };
}
