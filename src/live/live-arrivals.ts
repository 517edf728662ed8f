import type { ArrivalWindow } from '../measure/arrival-window.ts';
import { arrivalLatencyNames } from '../measure/latency-names.ts';
import { formatKindKey } from '../measure/stream-key.ts';
import { groupsOf } from '../plan/groups.ts';
import { kindsOf } from '../plan/kinds.ts';
import type { Plan } from '../plan/plan.ts';
import { latencyPoint } from './live-latency.ts';
import { type LivePoint, liveTimestamp, nanosecondsOf } from './live-points.ts';
import { makeGroupStageTags, makeStageTags } from './live-stage.ts';

/**
 * Turns a batch of arrivals into points that are the same however often the batch is delivered: a number of arrivals for
 * each second of arrival, and a histogram for each kind of latency. The histograms are of the whole batch, which spans
 * about a second, and stand at the first.
 */
export function arrivalPoints(plan: Plan, window: ArrivalWindow): readonly LivePoint[] {
  const stageTags = makeStageTags(plan);
  const { startSecond, arrivals } = window.perSecond;
  const apart = nanosecondsOf(window.window);
  const points: LivePoint[] = [];
  for (const [i, count] of arrivals.entries()) {
    if (count === 0) continue;
    const second = startSecond + i;
    points.push({
      measurement: 'stampede_arrivals',
      tags: stageTags(second),
      fields: { arrivals: count },
      timestampNs: liveTimestamp(second, apart),
    });
  }
  const timestampNs = liveTimestamp(startSecond, apart);
  const tags = stageTags(startSecond);
  for (const name of arrivalLatencyNames) {
    const histogram = window.latencies[name];
    if (histogram.count > 0) points.push(latencyPoint(name, histogram, tags, timestampNs));
  }
  return [...points, ...kindPoints(plan, window, timestampNs)];
}

/** Arrivals of each kind of message that has a name, of the whole batch. */
function kindPoints(
  plan: Plan,
  { groups = {}, perSecond }: ArrivalWindow,
  timestampNs: string,
): readonly LivePoint<'stampede_kind'>[] {
  return groupsOf(plan)
    .flatMap(kindsOf)
    .flatMap((group) => {
      const { kind, number, stream } = group;
      const arrivals = groups[formatKindKey(number, stream)]?.arrivals ?? 0;
      if (kind === undefined || arrivals === 0) return [];
      const tags = { ...makeGroupStageTags(group)(perSecond.startSecond), kind };
      return [{ measurement: 'stampede_kind' as const, tags, fields: { arrivals }, timestampNs }];
    });
}
