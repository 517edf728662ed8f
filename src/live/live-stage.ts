import type { Plan } from '../plan/plan.ts';

/** The tags that distinguish all points of a run: which run, how it publishes, where in its load it is. */
export interface StageTags {
  readonly run: string;
  readonly protocol: string;
  readonly stage: string;
}

/**
 * `1`, `2`, … by the profile's stages, `connect` before the first and `drain` after the last: the stage that a second
 * begins in. A function of plan and time alone, so that a point written again is the same point.
 */
export function makeStageTags({ runId, profile, timeline }: Plan): (second: number) => StageTags {
  const run = runId;
  const { protocol } = profile.connect;
  return (second) => {
    let leftMs = second * 1_000 - timeline.publishAt;
    if (leftMs < 0) return { run, protocol, stage: 'connect' };
    const index = profile.stages.findIndex(({ durationMs }) => {
      leftMs -= durationMs;
      return leftMs < 0;
    });
    return { run, protocol, stage: index === -1 ? 'drain' : String(index + 1) };
  };
}
