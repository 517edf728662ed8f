import { sumBy } from '../../shared/counts.ts';
import { formatPlural } from '../../shared/format.ts';
import { type JsonObject, valueAt } from '../../shared/json-path.ts';
import type { GroupSettings, LoadProfile } from '../load-profile.ts';
import { canReconnect, devicesFor, whyNotReconnects } from '../reconnect-rules.ts';
import type { ThresholdMetricName } from '../threshold-metrics.ts';
import {
  connectThresholds,
  devicesOf,
  levelOf,
  metricsOfConnects,
  type QuantityRules,
} from './quantity-rules.ts';

/** What connects are judged by; the devices of such a search send nothing. */
const judging: readonly string[] = [
  ...metricsOfConnects,
  ...([
    'connects_failed',
    'reconnects',
    'devices_connected',
    'devices_not_connected',
    'slices_died',
    'slices_failed',
    'event_loop_delay',
    'cpu_share',
  ] satisfies ThresholdMetricName[]),
];

export const searchedConnects: QuantityRules = {
  isOfIdle: true,
  isOf: canReconnect,
  plannedOf: (groups) => sumBy(groups, ({ connect }) => connect.ratePerSecond),
  complete({ to }, { devices = devicesFor({ reconnectsPerSecond: levelOf(to) }) }, needsLoad) {
    return needsLoad ? { idle: true, devices } : {};
  },
  saysPlanned: (input) => valueAt(input, ['connect', 'ratePerSecond']) !== undefined,
  thresholds: connectThresholds,
  begin: connectsAtLowest,
  refuse(groups) {
    const settings = groups.map((group) => group.settings);
    const message = whyNotReconnects(settings, { reconnectsPerSecond: 0 });
    const hint = 'search a group of devices that stay connected over MQTT (search.group)';
    return message === undefined ? undefined : { message, hint };
  },
  checkDevices(groups, { to }) {
    const settings = groups.map((group) => group.settings);
    const message = whyNotReconnects(settings, { reconnectsPerSecond: to });
    if (message === undefined) return [];
    const hint = `use ${formatPlural(devicesFor({ reconnectsPerSecond: to }), 'device')}, or lower search.to`;
    const [only, ...more] = groups;
    return [
      { path: more.length > 0 ? 'groups' : devicesOf(only?.name), message: `are too few: ${message}`, hint },
    ];
  },
  whyNotJudged: (metric) => (judging.includes(metric) ? undefined : 'a search of connects sends no messages'),
  whyNotHeld: 'an objective is a latency of messages, and devices that only connect send none',
  judgedBy: 'connect (latency), connects_failed, reconnect and attempts_per_connect',
};

/** Before the search begins, devices connect at its lowest level, unless the profile says another rate. */
function connectsAtLowest(profile: LoadProfile, input: JsonObject): LoadProfile {
  const ratePerSecond = profile.search?.from ?? 1;
  const slowed = <Settings extends GroupSettings>(settings: Settings, path: readonly string[]): Settings => {
    const isGiven = [[], path].some(
      (at) => valueAt(input, [...at, 'connect', 'ratePerSecond']) !== undefined,
    );
    return isGiven ? settings : { ...settings, connect: { ...settings.connect, ratePerSecond } };
  };
  const { groups } = profile;
  return {
    ...slowed(profile, []),
    ...(groups && { groups: groups.map((group) => slowed(group, ['groups', group.name])) }),
  };
}
