import type { Failover } from '../../profile/planned-action.ts';
import type { ActionKind, LiveAction } from './action.ts';

/** Moves a share of a group's devices from one Region to another at one instant: they connect there by their own backoff. */
export const failoverKind: ActionKind<Failover> = {
  kind: 'failover',
  takesEffect: 'at its instant',
  isAnnouncedUnstored: false,
  parse({ share = 1, from, to }) {
    if (typeof share !== 'number' || !(share > 0 && share <= 1)) return undefined;
    if (typeof from !== 'string' || typeof to !== 'string' || from === to) return undefined;
    return { share, from, to };
  },
  prepare(slice, failover, { at }) {
    const move = slice.prepareFailover(failover, at);
    return () => void move();
  },
};

/** Undefined for an action of another kind. */
export function failoverOf({ action }: LiveAction): Failover | undefined {
  return action.kind === failoverKind.kind ? failoverKind.parse(action) : undefined;
}
