import type { GroupProfile, LoadProfile, Protocol, RunProfile } from '../profile/load-profile.ts';
import { burstExcess } from '../profile/load-shapes/arrival-pattern.ts';
import { sumStretches } from '../profile/load-shapes/rate-stretches.ts';
import type { LoadShapeName } from '../profile/load-shapes/resolved-load.ts';
import { loadShapeOf } from '../profile/load-shapes/resolved-load.ts';
import { sumBy } from '../shared/counts.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import { kindProfilesOf } from './kinds.ts';
import { presentExcess, presentShare } from './lifecycle.ts';
import { amendProfiles, plannedLoadActionsOf } from './load-actions/amended-profiles.ts';
import type { LoadAction } from './load-actions/load-action.ts';
import type { GroupPlan, Plan, SliceSplit } from './plan.ts';
import type { ArrivalRate } from './planned-rate.ts';

export type GroupedPlan = Pick<
  Plan,
  | 'runId'
  | 'profile'
  | 'timeline'
  | 'loadActions'
  | 'load'
  | 'slices'
  | 'groups'
  | 'topicRoot'
  | 'ruleName'
  | 'target'
>;

/** A plan does not change, and each of its 10,000 slices needs its group several times. */
const known = new WeakMap<GroupedPlan, readonly GroupPlan[]>();

/** In the order of the profile. */
export function groupsOf(plan: GroupedPlan): readonly GroupPlan[] {
  let groups = known.get(plan);
  if (groups === undefined) {
    groups = divideIntoGroups(plan);
    known.set(plan, groups);
  }
  return groups;
}

function divideIntoGroups(plan: GroupedPlan): readonly GroupPlan[] {
  const { runId, timeline, topicRoot, ruleName, target, groups } = plan;
  const profiles = groupProfilesOf(plan.profile, plan.loadActions);
  const shared = {
    runId,
    timeline,
    allDevices: plan.profile.devices,
    ...(topicRoot && { topicRoot }),
    ...(ruleName && { ruleName }),
    ...(target && { target }),
  };
  if (groups === undefined) {
    const { load, slices } = plan;
    const [profile] = profiles as [LoadProfile];
    return [{ ...shared, group: undefined, number: 0, profile, load, slices, firstDevice: 0, firstSlice: 0 }];
  }
  const firstSlices = firstSlicesOf(profiles, groups);
  let firstDevice = 0;
  return groups.map(({ load, slices }, i) => {
    const profile = profiles[i]!;
    const group = plan.profile.groups?.[i]?.name;
    const part = {
      ...shared,
      group,
      number: i + 1,
      profile,
      load,
      slices,
      firstDevice,
      firstSlice: firstSlices[i]!,
    };
    firstDevice += profile.devices;
    return part;
  });
}

/** Slices of MQTT groups have the lower numbers, so that the state machine can choose the function by the number alone. */
function firstSlicesOf(
  profiles: readonly LoadProfile[],
  groups: readonly { readonly slices: SliceSplit }[],
): number[] {
  const first = groups.map(() => 0);
  let next = 0;
  for (const protocol of ['mqtt', 'https'] as const satisfies readonly Protocol[]) {
    for (const [i, { slices }] of groups.entries()) {
      if (profiles[i]!.connect.protocol !== protocol) continue;
      first[i] = next;
      next += slices.count;
    }
  }
  return first;
}

/** The whole profile as it was parsed, for the record: what a group does is said by `groupsOf`. */
export function wholeProfileOf({ profile }: Pick<Plan, 'profile'>): LoadProfile {
  return profile as LoadProfile;
}

/**
 * Each group's profile as if it were the whole run's, with the rate steps of the timeline; of a flat profile without any itself.
 * @param more actions that change rates beside those of the timeline
 */
export function groupProfilesOf(
  profile: RunProfile,
  more: readonly LoadAction[] = [],
): readonly LoadProfile[] {
  const actions = [...plannedLoadActionsOf(profile), ...more];
  const profiles = unamendedProfilesOf(profile);
  const names = profile.groups?.map(({ name }) => name);
  return actions.length === 0 ? profiles : amendProfiles(profiles, actions, names);
}

function unamendedProfilesOf(profile: RunProfile): readonly LoadProfile[] {
  // A profile without groups holds the settings of its one group: RunProfile only hides them.
  if (profile.groups === undefined) return [profile as LoadProfile];
  const { groups, ...run } = profile;
  return groups.map(({ name: _, ...group }: GroupProfile) => ({
    ...run,
    ...group,
    slices: { ...run.slices, ...group.slices },
  }));
}

/** @throws {RangeError} for a slice that the plan does not have */
export function groupOfSlice(plan: GroupedPlan, slice: number): GroupPlan {
  const group = groupsOf(plan).find(
    ({ firstSlice, slices }) => slice >= firstSlice && slice < firstSlice + slices.count,
  );
  if (group !== undefined && Number.isInteger(slice)) return group;
  throw new RangeError(`slice ${slice} of a plan with ${plan.slices.count} slices`);
}

/** Whether a group is devices, whose messages the run's observers see; otherwise a backend, whose commands devices receive. */
export function isOfDevices({ profile }: Pick<GroupPlan, 'profile'>): boolean {
  return profile.command === undefined;
}

/** Groups that are devices. */
export function deviceGroupsOf(plan: GroupedPlan): readonly GroupPlan[] {
  return groupsOf(plan).filter(isOfDevices);
}

/** Groups whose devices keep connections. */
export function mqttGroupsOf(plan: GroupedPlan): readonly GroupPlan[] {
  return groupsOf(plan).filter(({ profile }) => profile.connect.protocol === 'mqtt');
}

/** Whether all publishes of the group are answered: over HTTPS, and over MQTT at QoS 1 and 2. */
export function isAcknowledged({ profile }: Pick<GroupPlan, 'profile'>): boolean {
  return (
    profile.connect.protocol === 'https' || kindProfilesOf(profile).every(({ publish }) => publish.qos > 0)
  );
}

/** Whether sessions of its devices outlive their connections. */
export function keepsSessions({ profile: { connect } }: Pick<GroupPlan, 'profile'>): boolean {
  return connect.protocol === 'mqtt' && !connect.cleanStart && connect.sessionExpirySeconds !== 0;
}

/**
 * What its client ids, and the topics that its devices subscribe to, are made of: the run, or what its runs have in common. A session that
 * outlives a run then has the same subscriptions in each, which a new SUBSCRIBE replaces [MQTT-3.8.4-3].
 */
export function identityOf({ runId, profile }: Pick<GroupPlan, 'runId' | 'profile'>): string {
  return profile.connect.identity ?? runId;
}

/** Whether its devices publish at QoS 2. */
export function isExactlyOnce({ profile }: Pick<GroupPlan, 'profile'>): boolean {
  return (
    profile.connect.protocol === 'mqtt' && kindProfilesOf(profile).some(({ publish }) => publish.qos === 2)
  );
}

/** The highest rate of some groups together, publishes a second, each group's times its weight. Their bursts are taken to coincide. */
export function peakPerSecondOf(
  profiles: readonly LoadProfile[],
  weightOf: (profile: LoadProfile) => number = () => 1,
): number {
  const rates = profiles.map((profile) => ({ ...makeArrivalRate(profile), weight: weightOf(profile) }));
  const ofBursts = sumBy(profiles, (profile) => burstExcess(profile) * weightOf(profile));
  const [first, ...others] = rates;
  // Without rounding of its own, so that a flat profile's peak is the rate that it states.
  if (first !== undefined && others.length === 0) return first.peakPerSecond * first.weight + ofBursts;
  const ends = sumStretches(rates).flatMap(({ startPerSecond, endPerSecond }) => [
    startPerSecond,
    endPerSecond,
  ]);
  return Math.max(...ends) + ofBursts;
}

/** The same of the messages that are intended: devices that are absent may skip theirs. */
export function intendedPeakOf(
  profiles: readonly LoadProfile[],
  weightOf: (profile: LoadProfile) => number = () => 1,
): number {
  const ofShares = peakPerSecondOf(profiles, (profile) => weightOf(profile) * presentShare(profile));
  return ofShares + sumBy(profiles, (profile) => presentExcess(profile) * weightOf(profile));
}

/** Path of a group's setting in the profile, for errors: `groups.meters.publish.topic`, or `publish.topic`. */
export function settingOf({ group }: Pick<GroupPlan, 'group'>, path: string): string {
  return group === undefined ? path : `groups.${group}.${path}`;
}

/** How many slices run in each of the two publishing functions; one without slices is absent. */
export function slicesByFunction(
  plan: GroupedPlan,
): readonly { readonly name: 'publish-mqtt' | 'publish-http'; readonly count: number }[] {
  const counts = [
    { name: 'publish-mqtt', count: mqttSlicesOf(plan) },
    { name: 'publish-http', count: httpsSlicesOf(plan) },
  ] as const;
  return counts.filter(({ count }) => count > 0);
}

/** Slices 0 … this − 1 publish over MQTT, the others over HTTPS. */
export function mqttSlicesOf(plan: GroupedPlan): number {
  return sumBy(mqttGroupsOf(plan), ({ slices }) => slices.count);
}

/** Slices that publish over HTTPS, and poll for actions. */
export function httpsSlicesOf(plan: GroupedPlan): number {
  return plan.slices.count - mqttSlicesOf(plan);
}

/** Of a setting, the value that all groups of devices have, and all their kinds of message; undefined where they differ. */
export function commonOf<T extends string | number>(
  plan: GroupedPlan,
  read: (profile: LoadProfile) => T,
): T | undefined {
  const values = new Set(
    deviceGroupsOf(plan)
      .flatMap(({ profile }) => kindProfilesOf(profile))
      .map(read),
  );
  return values.size === 1 ? [...values][0] : undefined;
}

/** CloudWatch counts by protocol: those that the groups publish over. */
export function cloudWatchProtocolsOf(plan: GroupedPlan): readonly CloudWatchProtocol[] {
  return slicesByFunction(plan).map(({ name }) => (name === 'publish-mqtt' ? 'MQTT' : 'HTTP'));
}

export type CloudWatchProtocol = 'MQTT' | 'HTTP';

/** The load shape of all groups of devices, or that they differ in it. Undefined: all are open. */
export function loadModelOf(plan: GroupedPlan): Exclude<LoadShapeName, 'open'> | 'mixed' | undefined {
  const shapes = new Set(deviceGroupsOf(plan).map(({ profile }) => loadShapeOf(profile)));
  if (shapes.size > 1) return 'mixed';
  const [shape] = shapes;
  return shape === 'open' ? undefined : shape;
}

/** The arrival rates of all groups of devices, which begin together. */
export function arrivalRatesOf(plan: GroupedPlan): readonly ArrivalRate[] {
  return deviceGroupsOf(plan).map(({ profile }) => makeArrivalRate(profile));
}
