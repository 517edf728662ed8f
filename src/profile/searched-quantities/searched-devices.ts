import { sumBy } from '../../shared/counts.ts';
import { canTakeDevices, whyNotDevices } from '../device-rules.ts';
import type { ThresholdMetricName } from '../threshold-metrics.ts';
import {
  connectThresholds,
  judgedByMessages,
  levelOf,
  type QuantityRules,
  whyNotJudgedOfMessages,
} from './quantity-rules.ts';

/** Shares of all devices. */
const ofAllDevices: readonly string[] = [
  'devices_connected',
  'devices_not_connected',
] satisfies ThresholdMetricName[];

export const searchedDevices: QuantityRules = {
  isOfIdle: true,
  isOf: canTakeDevices,
  plannedOf: (groups) => sumBy(groups, ({ devices }) => devices),
  complete: ({ to }, { groups, devices = levelOf(to) }, needsLoad) => ({
    ...(needsLoad && { idle: true }),
    ...(groups === undefined && { devices }),
  }),
  saysPlanned: ({ devices, groups }) => (devices ?? groups) !== undefined,
  thresholds: connectThresholds,
  rangeOf: ([first]) => (first === undefined ? {} : { connectsPerSecond: first.connect.ratePerSecond }),
  refuse(groups) {
    const named = groups.map(({ name, settings }) => ({ ...settings, name }));
    const message = whyNotDevices(named, { devices: 0 });
    const hint = 'search one group of devices that stay connected over MQTT (search.group)';
    return message === undefined ? undefined : { message, hint };
  },
  checkDevices: () => [],
  whyNotJudged: (metric) =>
    ofAllDevices.includes(metric)
      ? 'devices above the level wait, and are not connected'
      : whyNotJudgedOfMessages(metric),
  whyNotHeld:
    'devices connect one after the other, so that a level takes longer to be reached than an interval of an objective lasts',
  judgedBy: judgedByMessages,
};
