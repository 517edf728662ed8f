import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { ReadTotals } from '../../aws/influx-totals.ts';
import { makeCountSlices } from '../../aws/map-runs.ts';
import { makeMetrics } from '../../aws/metric-sums.ts';
import { cloudWatchProtocolsOf } from '../../plan/groups.ts';
import { messageOf } from '../../shared/errors.ts';
import type { ServiceCounts } from '../run/progress.ts';
import type { Backend, LiveQuery } from './backend.ts';

export interface StackSources {
  readonly sfn: SFNClient;
  readonly cloudwatch: CloudWatchClient;
  /** Absent: the slices' counters are not available. */
  readonly readTotals?: ReadTotals | undefined;
  /** A note for the user, shown once, with the first figures. */
  readonly note?: string | undefined;
  /** Between two queries of each kind. */
  readonly queryEveryMs: { readonly slices: number; readonly totals: number; readonly cloudwatch: number };
}

/** Progress of a run on a stack: each service is polled at its own pace, and none delays another. */
export function makeStackFigures(sources: StackSources): Backend['live'] {
  const { sfn, cloudwatch, readTotals, note: firstNote, queryEveryMs } = sources;
  const countSlices = makeCountSlices(sfn);
  const readCounts = makeReadServiceCounts(cloudwatch);
  const pollers = {
    slices: makePoller('slices', queryEveryMs.slices, ({ executionArn }: LiveQuery) =>
      countSlices(executionArn),
    ),
    totals: makePoller('InfluxDB', queryEveryMs.totals, async ({ runId }: LiveQuery) => readTotals?.(runId)),
    cloudwatch: makePoller('CloudWatch', queryEveryMs.cloudwatch, readCounts),
  };
  let first = firstNote === undefined ? [] : [firstNote];
  return async (query) => {
    const polled = Object.entries(pollers).map(([name, poll]) => [name, poll(query)] as const);
    const known = polled
      .filter(([, { value }]) => value !== undefined)
      .map(([name, { value }]) => [name, value]);
    const notes = polled.flatMap(([, { note }]) => (note === undefined ? [] : [note]));
    const own = first;
    first = [];
    return { ...Object.fromEntries(known), notes: [...own, ...notes] };
  };
}

const shownMetrics = ['PublishIn.Success', 'PublishOut.Success', 'PublishIn.Throttle'] as const;

function makeReadServiceCounts(
  client: CloudWatchClient,
): (query: LiveQuery) => Promise<ServiceCounts | undefined> {
  const metrics = makeMetrics(undefined, client, shownMetrics);
  return async ({ plan }) => {
    if (plan === undefined || Date.now() < plan.timeline.publishAt) return undefined;
    const sums = await metrics.sums(cloudWatchProtocolsOf(plan), plan.timeline.startAt, Date.now());
    return {
      publishIn: sums['PublishIn.Success'] ?? 0,
      publishOut: sums['PublishOut.Success'] ?? 0,
      throttled: sums['PublishIn.Throttle'] ?? 0,
    };
  };
}

interface Polled<Value> {
  readonly value: Value | undefined;
  /** Why there is none: once. */
  readonly note: string | undefined;
}

/**
 * Polls at most every `everyMs` without blocking and returns the last value.
 * @param what is polled, for the note on a first failure
 */
function makePoller<Query, Value>(
  what: string,
  everyMs: number,
  read: (query: Query) => Promise<Value | undefined>,
): (query: Query) => Polled<Value> {
  let value: Value | undefined;
  let polledAt = Number.NEGATIVE_INFINITY;
  let isPolling = false;
  let hasFailed = false;
  let unreported: string | undefined;

  const poll = async (query: Query): Promise<void> => {
    isPolling = true;
    polledAt = performance.now();
    try {
      value = (await read(query)) ?? value;
    } catch (error) {
      if (!hasFailed) unreported = `${what}: not shown (${messageOf(error)})`;
      hasFailed = true;
    } finally {
      isPolling = false;
    }
  };

  return (query) => {
    if (!isPolling && performance.now() - polledAt >= everyMs) void poll(query);
    const note = unreported;
    unreported = undefined;
    return { value, note };
  };
}
