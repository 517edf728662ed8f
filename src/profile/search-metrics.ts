import type { SearchRange } from './search.ts';
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
  'time_to_recover',
  'start_lag',
  'cost',
] satisfies ThresholdMetricName[];

/** What has values only while devices connect. */
const ofConnects: readonly string[] = [
  'connect',
  'reconnect',
  'attempts_per_connect',
] satisfies ThresholdMetricName[];

/** Shares of all devices. */
const ofDevices: readonly string[] = [
  'devices_connected',
  'devices_not_connected',
] satisfies ThresholdMetricName[];

/** What connects are judged by; the devices of such a search send nothing. */
const judgingConnects: readonly string[] = [
  ...ofConnects,
  'connects_failed',
  'reconnects',
  'devices_connected',
  'devices_not_connected',
  'slices_died',
  'slices_failed',
  'event_loop_delay',
  'cpu_share',
];

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
  if (ofConnects.includes(metric) && of !== 'connects') return 'devices connect before a hold begins';
  if (of === 'devices' && ofDevices.includes(metric))
    return 'devices above the level wait, and are not connected';
  if (of === 'connects' && !judgingConnects.includes(metric)) return 'a search of connects sends no messages';
  return undefined;
}
