import type { ActionKind } from './action.ts';
import { connectsKind } from './connects.ts';
import { devicesKind } from './devices.ts';
import { disconnectKind } from './disconnect.ts';
import { networkKind } from './network.ts';
import { rateKind } from './rate.ts';
import { stopKind } from './stop.ts';
import { usersKind } from './users.ts';

/** Every kind of action that a slice can carry out. */
export const actionKinds: readonly ActionKind[] = [
  stopKind,
  disconnectKind,
  networkKind,
  rateKind,
  usersKind,
  connectsKind,
  devicesKind,
];
