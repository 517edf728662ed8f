import { devicesChangeOf } from '../../profile/device-step.ts';
import type {
  PlannedConnects,
  PlannedDevices,
  PlannedRate,
  PlannedUsers,
} from '../../profile/planned-action.ts';
import { rateChangeOf } from '../../profile/rate-step.ts';
import { reconnectChangeOf } from '../../profile/reconnect-step.ts';
import { usersChangeOf } from '../../profile/user-step.ts';
import type { LoadChange } from '../load-actions/load-action.ts';
import type { ActionData, ActionKind, LiveAction } from './action.ts';

/** Changes the arrival rate of a group, or of all, from its instant on. */
export const rateKind = makeLoadKind<PlannedRate>('rate', (data) => {
  const change = rateChangeOf(data);
  return change && { kind: 'rate', ...change };
});

/** Changes how many users of a closed model are active, from its instant on. */
export const usersKind = makeLoadKind<PlannedUsers>('users', (data) => {
  const change = usersChangeOf(data);
  return change && { kind: 'users', ...change };
});

/** From its instant on, so many devices a second end their connections and connect again, one after the other. */
export const connectsKind = makeLoadKind<PlannedConnects>('connects', (data) => {
  const change = reconnectChangeOf(data);
  return change && { kind: 'connects', perSecond: change.reconnectsPerSecond };
});

/** Changes how many devices of a group are connected and send, from its instant on. */
export const devicesKind = makeLoadKind<PlannedDevices>('devices', (data) => {
  const change = devicesChangeOf(data);
  return change && { kind: 'devices', count: change.devices };
});

export const loadKinds: readonly ActionKind<LoadChange>[] = [rateKind, usersKind, connectsKind, devicesKind];

/** Of an action that changes the load: what slices and the ledger derive from the plan and its actions. Undefined for another one. */
export function loadChangeOf({ action }: Pick<LiveAction, 'action'>): LoadChange | undefined {
  return loadKinds.find(({ kind }) => kind === action.kind)?.parse(action);
}

function makeLoadKind<Change extends LoadChange>(
  kind: Change['kind'],
  parse: (data: ActionData) => Change | undefined,
): ActionKind<Change> {
  return {
    kind,
    takesEffect: 'ahead',
    isAnnouncedUnstored: false,
    parse,
    prepare: (slice, _change, announced) => () => slice.changeLoad(announced),
  };
}
