import { formatPerSecond, formatShare } from '../../shared/format.ts';
import type { ActionData, LiveAction } from './action.ts';
import { disconnectKind, disconnectOf } from './disconnect.ts';
import { describeFaultChange, faultKind } from './fault-action.ts';
import { networkKind } from './network.ts';
import { rateKind, rateOf } from './rate.ts';
import { stopKind } from './stop.ts';

const phrases: Readonly<Record<string, (action: ActionData) => string>> = {
  [stopKind.kind]: ({ reason }) => (typeof reason === 'string' ? `stop: ${reason}` : 'stop'),
  [disconnectKind.kind](action) {
    const { share = 0, how = 'drop' } = disconnectOf({ at: 0, action }) ?? {};
    return `disconnect ${formatShare(share)} of the devices (${how})`;
  },
  [networkKind.kind]: ({ network }) =>
    `network ${typeof network === 'string' ? network : JSON.stringify(network)}`,
  [rateKind.kind](action) {
    const change = rateOf({ at: 0, action });
    if (change === undefined) return rateKind.kind;
    return 'factor' in change ? `rate × ${change.factor}` : `rate ${formatPerSecond(change.perSecond)}`;
  },
  [faultKind]: (action) => `faults of embedded IoT Core: ${describeFaultChange(action)}`,
};

/** As a phrase: `disconnect 20 % of the devices (drop)`. Of a kind that this version does not have: its name. */
export function describeAction({ action }: Pick<LiveAction, 'action'>): string {
  return phrases[action.kind]?.(action) ?? action.kind;
}
