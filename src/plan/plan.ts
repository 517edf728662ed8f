import type { LoadProfile, RunProfile } from '../profile/load-profile.ts';
import type { AwsIotTarget, Target } from '../targets/target.ts';
import type { AccountView } from './account.ts';
import type { PlanConditions } from './conditions.ts';
import type { DeploymentParameters } from './deployment.ts';
import type { LoadAction } from './load-actions/load-action.ts';

/**
 * What a load profile becomes: stored once as `runs/{runId}/plan.json`, read by every function. All instants are
 * epoch milliseconds. Each slice derives its own share from this and its number, with no coordinator.
 */
export interface Plan {
  readonly version: 1;
  readonly runId: string;
  readonly profile: RunProfile;
  readonly timeline: Timeline;
  /** What changed its rates beside the profile's timeline (`withActions`), in the order of time; never stored. Absent: nothing. */
  readonly loadActions?: readonly LoadAction[];
  /** By slice: the same for slices in which some of them took effect at another instant, or not at all; never stored. */
  readonly ownLoadActions?: Readonly<Record<number, readonly LoadAction[] | undefined>>;
  /** Of all groups of devices together: what the run's observers are to see. */
  readonly load: Load;
  readonly slices: SliceSplit;
  /** One for each group of the profile, in its order; absent where the profile has none. `groupsOf` reads both. */
  readonly groups?: readonly PlannedGroup[];
  /** Where its slices run, in the profile's order; absent: in one Region. A slice and all its devices are in one of them (`regions.ts`). */
  readonly regions?: readonly RegionPlan[];
  /** Name of the Region that this copy is of: each has the whole plan in a run store of its own, and runs and counts its own slices. Absent: of all slices. */
  readonly region?: string;
  /** Slices that subscribe to what the others publish; absent: none do. Their numbers begin at `firstSubscriberSlice`. */
  readonly subscribers?: SubscriberSplit;
  /** What `{topicRoot}` in the profile's topic stands for; absent in plans made before there was such a placeholder. */
  readonly topicRoot?: string;
  /** Name of the stack's rule, for messages of Basic Ingest; absent: there are none. */
  readonly ruleName?: string;
  /** What the slices load; absent in a draft that will not be run. */
  readonly target?: Target;
  /** Where control messages are, if the target is not the account's own IoT Core; absent: at the target. */
  readonly control?: AwsIotTarget;
  /** What the account allowed by then, for the report; absent: AWS's defaults. */
  readonly account?: AccountView;
  /** Versions and host; absent in a draft. */
  readonly conditions?: PlanConditions;
  /** The stack's parameters by then; absent: a stack without parameters. */
  readonly deployment?: DeploymentParameters;
}

/** As plan.json holds it: with the settings that `Plan` leaves to `groupsOf`. */
export interface StoredPlan extends Plan {
  readonly profile: LoadProfile;
}

export interface Timeline {
  readonly createdAt: number;
  /** Devices begin to connect. Stamped with room for cold starts. */
  readonly startAt: number;
  /** The schedule's zero: publish n is intended at `publishAt + offset(n)`. All devices have had their turn to connect. */
  readonly publishAt: number;
  readonly publishEndAt: number;
  /** Arrivals after this are too late to count on. */
  readonly drainEndAt: number;
  /** Absolute: every slice ends by itself by then, whatever happens. */
  readonly deadlineAt: number;
}

export interface PlannedGroup {
  readonly load: Load;
  readonly slices: SliceSplit;
}

/** A device group's part of a plan: everything that a slice of it needs, and what a plan of that group alone would be. */
export interface GroupPlan {
  readonly runId: string;
  /** Undefined: the one group of a flat profile. */
  readonly group: string | undefined;
  /** From 1, in the profile's order; 0: the one group of a flat profile. */
  readonly number: number;
  /** The group's own settings, with those of the run. */
  readonly profile: LoadProfile;
  readonly timeline: Timeline;
  readonly load: Load;
  readonly slices: SliceSplit;
  /** Index of the group's first device over the whole run, and number of its first slice. */
  readonly firstDevice: number;
  readonly firstSlice: number;
  /** Of all groups together: those that take the places of others are numbered from there. */
  readonly allDevices: number;
  readonly topicRoot?: string;
  readonly ruleName?: string;
  readonly target?: Target;
}

export interface SliceSplit {
  readonly count: number;
  /** The most devices in one slice. */
  readonly devicesPerSlice: number;
}

/** Slices of one number after the other. */
export interface SliceRange {
  readonly from: number;
  /** 0: none. */
  readonly count: number;
}

/** A Region's part of a plan. */
export interface RegionPlan {
  /** As AWS names it: `eu-west-1`. */
  readonly name: string;
  /** One for each group, in the profile's order; of a flat profile one. */
  readonly slices: readonly SliceRange[];
  /** What its devices load: IoT Core of the account in this Region. Absent in a draft that will not be run. */
  readonly target?: Target;
  /** What the account allows there; absent: as the plan's own. */
  readonly account?: AccountView;
  /** The parameters of the stack there; absent: as the plan's own. */
  readonly deployment?: DeploymentParameters;
}

/** How a run's subscribers divide its messages. */
export interface SubscriberSplit {
  readonly count: number;
  /** Of each slice. */
  readonly connections: number;
  /**
   * `shared`: all connections share the filters (`$share`). `topics`: each slice has topics of its own. `nothing`: there is one
   * connection.
   */
  readonly divides: 'shared' | 'topics' | 'nothing';
}

export interface Load {
  /** Publishes that are due over the whole run; the slices' shares sum to exactly this. Of gaps by a distribution: those that are expected. */
  readonly messages: number;
  /** The most that are intended: without those that devices skip because they are asleep. */
  readonly peakPerSecond: number;
}

/** One contiguous range of a group's virtual devices, run by one Lambda invocation. */
export interface Slice {
  readonly slice: number;
  readonly group: GroupPlan;
  /** Index of the first device, over the whole run. */
  readonly firstDevice: number;
  readonly devices: number;
  /** Its share of the publishes that are planned without rate steps. */
  readonly messages: number;
}

/** `device 7 of run R`: the ids that the topic, the client id and the envelope carry. */
export interface DeviceIdentity {
  /** Over the whole run. */
  readonly deviceIndex: number;
  /** `d7`: short, it rides in every topic. */
  readonly deviceId: string;
  /** At most 128 bytes: `stampede-{identity or runId}-{deviceId}`; policies allow `stampede-*` and nothing else. */
  readonly clientId: string;
}

/** Retained control messages of a run ride here, outside the topics the rule reads. */
export function controlTopicOf(runId: string): string {
  return `stampede-control/${runId}`;
}

/** @param identity `connect.identity` of its group */
export function identifyDevice(runId: string, deviceIndex: number, identity = runId): DeviceIdentity {
  const deviceId = `d${deviceIndex}`;
  return { deviceIndex, deviceId, clientId: `stampede-${identity}-${deviceId}` };
}
