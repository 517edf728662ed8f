import type { ActionKind } from './action.ts';
import { disconnectKind } from './disconnect.ts';
import { failoverKind } from './failover.ts';
import { loadKinds } from './load-kinds.ts';
import { networkKind } from './network.ts';
import { stopKind } from './stop.ts';

/** Every kind of action that a slice can carry out. */
export const actionKinds: readonly ActionKind[] = [
  stopKind,
  disconnectKind,
  failoverKind,
  networkKind,
  ...loadKinds,
];
