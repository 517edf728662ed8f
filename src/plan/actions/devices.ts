import { type DevicesChange, devicesChangeOf } from '../../profile/device-step.ts';
import type { ActionKind } from './action.ts';

/** Changes how many devices of a group are connected and send, from its instant on. */
export const devicesKind: ActionKind<DevicesChange> = {
  kind: 'devices',
  takesEffect: 'ahead',
  isAnnouncedUnstored: false,
  parse: devicesChangeOf,
  prepare: (slice, _change, announced) => () => slice.changeRate(announced),
};
