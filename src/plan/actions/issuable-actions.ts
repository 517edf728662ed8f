import type { IssuableAction } from './issuable-action.ts';
import { issuableConnects } from './issue-connects.ts';
import { issuableDevices } from './issue-devices.ts';
import { issuableDisconnect } from './issue-disconnect.ts';
import { issuableFaults } from './issue-faults.ts';
import { issuableNetwork } from './issue-network.ts';
import { issuableRate } from './issue-rate.ts';
import { issuableUsers } from './issue-users.ts';

/** Every kind of action that users can issue while a run goes on; a stop has a command of its own. */
export const issuableActions: readonly IssuableAction[] = [
  issuableDisconnect,
  issuableRate,
  issuableUsers,
  issuableConnects,
  issuableDevices,
  issuableNetwork,
  issuableFaults,
];
