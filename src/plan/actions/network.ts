import type { JsonValue } from '../../profile/load-profile.ts';
import { isNetworkForm } from '../../profile/network-conditions.ts';
import type { NetworkForm } from '../../profile/network-presets.ts';
import type { ActionData, ActionKind, LiveAction } from './action.ts';

/** Changes the network of a group's devices, their open connections included. Settings that an object does not name stay as they are. */
export const networkKind: ActionKind<NetworkForm> = {
  kind: 'network',
  takesEffect: 'at its instant',
  isAnnouncedUnstored: false,
  parse: ({ network }) => (isNetworkForm(network) ? network : undefined),
  prepare(slice, network, { at }) {
    const change = slice.prepareNetwork(network, at);
    return () => void change();
  },
};

export function networkAction(network: NetworkForm): ActionData {
  return { kind: networkKind.kind, network: network as JsonValue };
}

/** Undefined for an action of another kind. */
export function networkOf({ action }: LiveAction): NetworkForm | undefined {
  return action.kind === networkKind.kind ? networkKind.parse(action) : undefined;
}
