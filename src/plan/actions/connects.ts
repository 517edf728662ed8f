import { type ReconnectChange, reconnectChangeOf } from '../../profile/reconnect-step.ts';
import type { ActionKind } from './action.ts';

/** From its instant on, so many devices a second end their connections and connect again, one after the other. */
export const connectsKind: ActionKind<ReconnectChange> = {
  kind: 'connects',
  takesEffect: 'ahead',
  isAnnouncedUnstored: false,
  parse: reconnectChangeOf,
  prepare: (slice, _change, announced) => () => slice.changeRate(announced),
};
