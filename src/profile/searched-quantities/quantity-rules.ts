import type { InputError } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json-path.ts';
import type { GroupSettings, LoadProfile, Thresholds } from '../load-profile.ts';
import { mostLevel, type SearchRange, type SearchSettings } from '../search.ts';
import type { TargetLimits } from '../target-limits.ts';
import type { ThresholdMetricName } from '../threshold-metrics.ts';

export interface NamedGroup {
  /** Absent of a flat profile. */
  readonly name?: string;
  readonly settings: GroupSettings;
}

/** What the search of a quantity means for a profile. */
export interface QuantityRules {
  /** Whether groups that send nothing have it. */
  readonly isOfIdle: boolean;
  /** Whether a group has it. */
  isOf(settings: GroupSettings): boolean;
  /** What the load of groups that have it comes to at its peak. */
  plannedOf(groups: readonly GroupSettings[]): number;
  /**
   * What a profile without groups does not have to say.
   * @param search as the user wrote it
   * @param input the whole profile, as the user wrote it
   * @param needsLoad it says nothing of its load
   */
  complete(search: JsonObject, input: JsonObject, needsLoad: boolean): JsonObject;
  /** Whether a profile, as the user wrote it, says how much of it is planned. @param hasLoad it has a load of its own, or groups */
  saysPlanned(input: JsonObject, hasLoad: boolean): boolean;
  /** What a search judges unless the profile says otherwise. */
  readonly thresholds?: Thresholds;
  /** The profile as the search begins, where that is not as the user wrote it. */
  begin?(profile: LoadProfile, input: JsonObject): LoadProfile;
  /** What the search has to know of the searched groups. */
  rangeOf?(groups: readonly GroupSettings[]): Partial<SearchRange>;
  /**
   * Why it cannot be searched in these groups.
   * @param groups those of the name that the search has, or all where it has none
   * @returns a sentence, and what to do; undefined: it can
   */
  refuse(groups: readonly NamedGroup[], group: string | undefined): Refusal | undefined;
  /** Whether too few devices are there for the highest level. @param groups the searched ones */
  checkDevices(groups: readonly NamedGroup[], search: SearchSettings, limits: TargetLimits): InputError[];
  /** Why a hold is not judged by a metric that others judge by, as a phrase; undefined: it is. @param metric without its selector */
  whyNotJudged(metric: string): string | undefined;
  /** Why no level of it can be kept at an objective, as a phrase; absent: it can. */
  readonly whyNotHeld?: string;
  /** What judges a hold, for hints. */
  readonly judgedBy: string;
}

export interface Refusal {
  readonly message: string;
  readonly hint: string;
}

/** A level as the user wrote it. A wrong one has an error of its own, and counts as 1. */
export function levelOf(level: unknown): number {
  return typeof level === 'number' && level >= 1 && level <= mostLevel ? level : 1;
}

/** The setting of a group's devices. */
export function devicesOf(group: string | undefined): string {
  return group === undefined ? 'devices' : `groups.${group}.devices`;
}

/** What judges messages. */
export const judgedByMessages = 'latencies of messages, their counts and rates';

/** What has values only while devices connect. */
export const metricsOfConnects: readonly string[] = [
  'connect',
  'reconnect',
  'attempts_per_connect',
] satisfies ThresholdMetricName[];

export function whyNotJudgedOfMessages(metric: string): string | undefined {
  return metricsOfConnects.includes(metric) ? 'devices connect before a hold begins' : undefined;
}

/** A device that is refused is let in later: without this no level would break a threshold. */
export const connectThresholds: Thresholds = {
  connects_failed: [{ expression: 'count==0', abortOnFail: false, delayAbortEvalMs: 0, isDefault: true }],
};
