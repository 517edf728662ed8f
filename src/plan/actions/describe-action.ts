import type { JsonValue } from '../../profile/load-profile.ts';
import { formatCount, formatPerSecond, formatShare } from '../../shared/format.ts';
import type { ActionData, LiveAction } from './action.ts';
import { disconnectKind, disconnectOf } from './disconnect.ts';
import { failoverKind } from './failover.ts';
import { faultKind } from './fault-action.ts';
import { connectsKind, devicesKind, rateKind, usersKind } from './load-kinds.ts';
import { networkKind } from './network.ts';
import { stopKind } from './stop.ts';

const phrases: Readonly<Record<string, (action: ActionData) => string>> = {
  [stopKind.kind]: ({ reason }) => (typeof reason === 'string' ? `stop: ${reason}` : 'stop'),
  [disconnectKind.kind](action) {
    const { share = 0, how = 'drop' } = disconnectOf({ at: 0, action }) ?? {};
    return `disconnect ${formatShare(share)} of the devices (${how})`;
  },
  [failoverKind.kind](action) {
    const { share, from, to } = failoverKind.parse(action) ?? {};
    return share === undefined
      ? failoverKind.kind
      : `failover of ${formatShare(share)} of the devices from ${from} to ${to}`;
  },
  [networkKind.kind]: ({ network }) => `network ${namesAndValues(network)}`,
  [rateKind.kind](action) {
    const change = rateKind.parse(action);
    if (change === undefined) return rateKind.kind;
    return 'factor' in change ? `rate × ${change.factor}` : `rate ${formatPerSecond(change.perSecond)}`;
  },
  [usersKind.kind](action) {
    const { count } = usersKind.parse(action) ?? {};
    return count === undefined ? usersKind.kind : `users ${formatCount(count)}`;
  },
  [connectsKind.kind](action) {
    const { perSecond } = connectsKind.parse(action) ?? {};
    return perSecond === undefined ? connectsKind.kind : `connects ${formatPerSecond(perSecond)}`;
  },
  [devicesKind.kind](action) {
    const { count } = devicesKind.parse(action) ?? {};
    return count === undefined ? devicesKind.kind : `devices ${formatCount(count)}`;
  },
  [faultKind]: ({ faults }) => `faults of embedded IoT Core: ${namesAndValues(faults)}`,
};

/** As a phrase: `disconnect 20 % of the devices (drop) in group trackers`. Of an unknown kind: its name. */
export function describeAction({ action, group }: Pick<LiveAction, 'action' | 'group'>): string {
  const what = phrases[action.kind]?.(action) ?? action.kind;
  return group === undefined ? what : `${what} in group ${group}`;
}

/** `delay 400ms, loss 0.02`; a word as it is. */
function namesAndValues(value: JsonValue | undefined): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name} ${typeof each === 'string' ? each : JSON.stringify(each)}`)
    .join(', ');
}
