import type { LoadProfile } from '../profile/load-profile.ts';
import type { Target } from '../targets/target.ts';
import type { AccountView } from './account.ts';
import type { PlanConditions } from './conditions.ts';
import type { DeploymentParameters } from './deployment.ts';

/**
 * What a load profile becomes: stored once as `runs/{runId}/plan.json`, read by every function. All instants are
 * epoch milliseconds. Each slice derives its own share from this and its number, with no coordinator.
 */
export interface Plan {
  readonly version: 1;
  readonly runId: string;
  readonly profile: LoadProfile;
  readonly timeline: Timeline;
  readonly load: Load;
  readonly slices: { readonly count: number; readonly devicesPerSlice: number };
  /** What `{topicRoot}` in the profile's topic stands for; absent in plans made before there was such a placeholder. */
  readonly topicRoot?: string;
  /** What the slices load; absent in a draft that will not be run. */
  readonly target?: Target;
  /** What the account allowed by then, for the report; absent: AWS's defaults. */
  readonly account?: AccountView;
  /** Versions and host; absent in a draft. */
  readonly conditions?: PlanConditions;
  /** The stack's parameters by then; absent: a stack without parameters. */
  readonly deployment?: DeploymentParameters;
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

export interface Load {
  /** Intended publishes over the whole run; the slices' shares sum to exactly this. */
  readonly messages: number;
  readonly peakPerSecond: number;
}

/** One contiguous range of virtual devices, run by one Lambda invocation. */
export interface Slice {
  readonly slice: number;
  /** Index of the first device, over the whole run. */
  readonly firstDevice: number;
  readonly devices: number;
  /** Publishes intended for this slice: n = 0 … messages − 1. */
  readonly messages: number;
}

/** `device 7 of run R`: the ids that the topic, the client id and the envelope carry. */
export interface DeviceIdentity {
  /** Over the whole run. */
  readonly deviceIndex: number;
  /** `d7`: short, it rides in every topic. */
  readonly deviceId: string;
  /** At most 128 bytes: `stampede-{runId}-{deviceId}`; policies allow `stampede-*` and nothing else. */
  readonly clientId: string;
}

/** Retained control messages of a run ride here, outside the topics the rule reads. */
export function controlTopicOf(runId: string): string {
  return `stampede-control/${runId}`;
}

export function identifyDevice(runId: string, deviceIndex: number): DeviceIdentity {
  const deviceId = `d${deviceIndex}`;
  return { deviceIndex, deviceId, clientId: `stampede-${runId}-${deviceId}` };
}
