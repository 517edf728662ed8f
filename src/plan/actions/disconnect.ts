import type { Disconnect, DisconnectKind } from '../../profile/planned-action.ts';
import type { ActionKind, LiveAction } from './action.ts';

const ways: readonly DisconnectKind[] = ['clean', 'drop', 'silent'];

/** Ends connections of a share of a group's devices at one instant; they come back by their own backoff. */
export const disconnectKind: ActionKind<Disconnect> = {
  kind: 'disconnect',
  takesEffect: 'at its instant',
  isAnnouncedUnstored: false,
  parse({ share = 1, how = 'drop' }) {
    const way = ways.find((each) => each === how);
    if (typeof share !== 'number' || !(share > 0 && share <= 1) || way === undefined) return undefined;
    return { share, how: way };
  },
  prepare(slice, disconnect, { at }) {
    const end = slice.prepareDisconnect(disconnect, at);
    return () => void end();
  },
};

/** Undefined for an action of another kind. */
export function disconnectOf({ action }: LiveAction): Disconnect | undefined {
  return action.kind === disconnectKind.kind ? disconnectKind.parse(action) : undefined;
}
