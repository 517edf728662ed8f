import {
  type Disconnect,
  keepAlivesUntilNoticed,
  type PlannedAction,
  type RegionMove,
} from '../profile/planned-action.ts';
import type { ActionData, LiveAction } from './actions/action.ts';
import { disconnectOf } from './actions/disconnect.ts';
import { failoverOf } from './actions/failover.ts';
import { faultAction } from './actions/fault-action.ts';
import { networkAction } from './actions/network.ts';
import { chosenCount, makeDeviceChoice } from './device-choice.ts';
import { countMoves, type FailoverAt } from './failovers.ts';
import { mqttGroupsOf } from './groups.ts';
import { isHeldAt } from './legs.ts';
import type { GroupPlan, Plan, Slice } from './plan.ts';

/** One disconnect of devices of one group. Its group, its instant and where its devices move identify it. */
export interface Storm extends Disconnect {
  readonly group: GroupPlan;
  /** Of a failover; absent: its devices come back to where they were. */
  readonly moves?: RegionMove;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Devices that it disconnects. */
  readonly devices: number;
}

/** What the profile's timeline plans, in its order; every slice derives the same. */
export function plannedActionsOf({ profile, timeline }: Pick<Plan, 'profile' | 'timeline'>): LiveAction[] {
  return (profile.timeline ?? []).map(({ atMs, group, action }) => ({
    at: timeline.publishAt + atMs,
    ...(group === undefined ? {} : { group }),
    action: dataOf(action),
  }));
}

function dataOf(action: PlannedAction['action']): ActionData {
  if (action.kind === 'network') return networkAction(action.network);
  return action.kind === 'faults' ? faultAction(action.faults) : { ...action };
}

/** The MQTT groups that an action disconnects devices of; empty for kinds that disconnect none, and for failovers where there is one Region. */
export function stormedGroupsOf(plan: Plan, action: LiveAction): GroupPlan[] {
  const moves = plan.regions !== undefined && failoverOf(action) !== undefined;
  if (disconnectOf(action) === undefined && !moves) return [];
  return mqttGroupsOf(plan).filter(({ group }) => action.group === undefined || action.group === group);
}

/**
 * The storms of disconnects and failovers, one for each MQTT group of an action, in the order of time.
 * @param actions of all kinds; where a device is when a failover begins depends on those before it
 */
export function stormsOf(plan: Plan, actions: readonly LiveAction[]): Storm[] {
  const ordered = actions.toSorted((a, b) => a.at - b.at);
  const moves = new Map<GroupPlan, Iterator<number>>();
  return ordered.flatMap((action) =>
    stormedGroupsOf(plan, action).map((group): Storm => {
      const { at } = action;
      const disconnect = disconnectOf(action);
      if (disconnect !== undefined) {
        const devices = chosenCount({ devices: group.profile.devices, share: disconnect.share });
        return { ...disconnect, group, at, devices };
      }
      const counts = moves.get(group) ?? countMoves(plan, group, failoversOf(ordered, group)).values();
      moves.set(group, counts);
      const { share, from, to } = failoverOf(action)!;
      return { share, how: 'drop', moves: { from, to }, group, at, devices: counts.next().value ?? 0 };
    }),
  );
}

function failoversOf(actions: readonly LiveAction[], { group }: GroupPlan): FailoverAt[] {
  return actions
    .filter((action) => action.group === undefined || action.group === group)
    .flatMap((action) => {
      const failover = failoverOf(action);
      return failover === undefined ? [] : [{ ...failover, at: action.at }];
    });
}

/** In the order of time. */
export function plannedStormsOf(plan: Plan): Storm[] {
  return stormsOf(plan, plannedActionsOf(plan));
}

/**
 * Whether a device, by its index in the group, is one of those that a disconnect ends the connections of.
 * @param at epoch milliseconds
 * @param devices of the group, or of the part of it that is simulated
 */
export function stormChoice(
  { profile, timeline }: Pick<GroupPlan, 'profile' | 'timeline'>,
  { share, at }: Pick<Storm, 'share' | 'at'>,
  devices = profile.devices,
): (device: number) => boolean {
  // Counted from the plan's own instant, so that the same seed chooses the same devices in every run.
  const salt = Math.round(at - timeline.publishAt);
  return makeDeviceChoice({ devices, share, seed: profile.seed, salt });
}

/** Of the storm's devices, how many have to be back until 99 % of all devices of the group are connected. */
export function devicesUntilRecovered({ group, devices }: Pick<Storm, 'group' | 'devices'>): number {
  return Math.max(0, devices - Math.floor(group.profile.devices / 100));
}

/** How long devices take to notice that they are disconnected: nothing, unless they went silent. */
export function noticeMs({
  how,
  group,
}: Pick<Storm, 'how'> & { readonly group: Pick<GroupPlan, 'profile'> }): number {
  return how === 'silent' ? keepAlivesUntilNoticed * group.profile.connect.keepAliveMs : 0;
}

/** Devices of a slice, by their numbers in it, that a disconnect ends the connections of. @param leg of the slice: only devices that it holds */
export function stormDevicesOf(
  slice: Slice,
  storm: Pick<Storm, 'share' | 'at'>,
  leg: Parameters<typeof isHeldAt>[0],
): number[] {
  const isChosen = stormChoice(slice.group, storm);
  const first = slice.firstDevice - slice.group.firstDevice;
  const devices: number[] = [];
  for (let device = 0; device < slice.devices; device++)
    if (isChosen(first + device) && isHeldAt(leg, device, storm.at)) devices.push(device);
  return devices;
}
