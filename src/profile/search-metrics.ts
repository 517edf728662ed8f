import type { SearchRange } from './search.ts';
import { quantityRules } from './searched-quantities/searched-quantities.ts';
import {
  cloudWatchPrefix,
  isOfCommands,
  splitSelector,
  type ThresholdMetricName,
} from './threshold-metrics.ts';

/** What says something of a whole run, and nothing of a part of its time. */
const ofWholeRuns: readonly string[] = [
  'catch_up_time',
  'handover',
  'failover_time',
  'time_to_recover',
  'start_lag',
  'cost',
] satisfies ThresholdMetricName[];

/**
 * Why a search cannot judge a hold by this metric.
 * @param name of a threshold, with its selector
 * @returns a phrase; undefined: it can
 */
export function whyNotByHold(name: string, { of }: Pick<SearchRange, 'of'>): string | undefined {
  const { metric } = splitSelector(name);
  if (metric.startsWith(cloudWatchPrefix))
    return 'CloudWatch counts whole minutes, and a hold is only a part of them';
  if (isOfCommands(name)) return 'commands are counted over the whole run';
  if (ofWholeRuns.includes(metric)) return 'it is known of the whole run only';
  return quantityRules[of].whyNotJudged(metric);
}
