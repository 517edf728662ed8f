import type { SliceNetwork } from '../device/network/shaping/slice-network.ts';
import type { MakeTransport } from '../device/transport.ts';
import { makeRegionalTransport } from '../device/transports/regional.ts';
import type { Plan } from '../plan/plan.ts';
import { regionOfSlice } from '../plan/regions.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import type { KnownTarget } from '../targets/known-target.ts';
import { checkPlannedElsewhere } from '../targets/planned-target.ts';
import type { Target } from '../targets/target.ts';

interface TransportParts<Group> {
  readonly slice: number;
  readonly network: SliceNetwork;
  readonly known: KnownTarget;
  readonly deps: { makeTransport(group: Group, network: SliceNetwork): Promise<MakeTransport> };
}

/**
 * Of a run in several Regions one for the endpoints of all those that its devices can move to.
 * @throws ForgedTargetError
 */
export async function transportOf<Group extends { readonly profile: LoadProfile; readonly target: Target }>(
  plan: Plan,
  group: Group,
  { slice, network, known, deps }: TransportParts<Group>,
): Promise<MakeTransport> {
  const own = await deps.makeTransport(group, network);
  const home = regionOfSlice(plan, slice);
  if (home === undefined || group.profile.connect.protocol !== 'mqtt') return own;
  const makes = new Map([[home.name, own]]);
  for (const { name, target } of plan.regions ?? []) {
    if (name === home.name || target === undefined) continue;
    const elsewhere = { ...group, target: checkPlannedElsewhere(target, name, known) };
    makes.set(name, await deps.makeTransport(elsewhere, network));
  }
  return makeRegionalTransport(makes, home.name);
}
