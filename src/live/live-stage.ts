import { groupsOf } from '../plan/groups.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';

/** The tags that distinguish all points of a run: which run, which group, how it publishes, where in its load it is. */
export interface StageTags {
  readonly run: string;
  /** Absent in a run of a flat profile, and in points of all groups together. */
  readonly group?: string;
  readonly protocol: string;
  readonly stage: string;
}

/**
 * `1`, `2`, … by the stages of a group, `connect` before the first and `drain` after the last: the stage that a second begins
 * in. A function of plan and time alone, so that a point written again is the same point.
 */
export function makeGroupStageTags({
  runId,
  group,
  profile,
  timeline,
}: GroupPlan): (second: number) => StageTags {
  const { protocol } = profile.connect;
  const tags = { run: runId, ...(group === undefined ? {} : { group }), protocol };
  return (second) => {
    let leftMs = second * 1_000 - timeline.publishAt;
    if (leftMs < 0) return { ...tags, stage: 'connect' };
    const index = profile.stages.findIndex(({ durationMs }) => {
      leftMs -= durationMs;
      return leftMs < 0;
    });
    return { ...tags, stage: index === -1 ? 'drain' : String(index + 1) };
  };
}

/** The same of points that are of no group: by the stages of the run's one group, or of its first one. */
export function makeStageTags(plan: Plan): (second: number) => StageTags {
  const [first] = groupsOf(plan) as [GroupPlan];
  return makeGroupStageTags({ ...first, group: undefined });
}
