import type { SliceCounts } from '../../aws/map-runs.ts';
import type { RunTotals } from '../../live/run-totals.ts';
import { observersOf } from '../../plan/observers.ts';
import type { Plan } from '../../plan/plan.ts';
import type { SearchSoFar } from './search-so-far.ts';

/** Everything the progress display shows, at one instant. */
export interface Progress {
  /** Absent until the plan lies in the run store. */
  readonly plan?: Plan;
  /** Absent where they cannot be read: a run on AWS without a reachable InfluxDB. */
  readonly totals?: RunTotals;
  /** By the state of their executions. */
  readonly slices?: SliceCounts;
  readonly cloudwatch?: ServiceCounts;
  /** Over the last seconds. */
  readonly sentPerSecond: number;
  readonly intendedPerSecond: number;
  /** Absent where no group has users, or where the figures of no one instant are known. */
  readonly users?: UserCounts;
  /** Absent where the run does not search. */
  readonly search?: SearchSoFar;
  /** Epoch milliseconds. */
  readonly now: number;
  /** A stop was requested, by anyone: the plan's timeline no longer gives the time left. */
  readonly stopping: boolean;
}

/** Active users at the end of a second, those that the plan has then, and the most that it has at any time. */
export interface UserCounts {
  readonly active: number;
  readonly planned: number;
  readonly most: number;
}

/** CloudWatch's own counts since the run's first minute, of the whole account; a minute or two behind. */
export interface ServiceCounts {
  readonly publishIn: number;
  readonly publishOut: number;
  readonly throttled: number;
}

export const noTotals: RunTotals = {
  connected: 0,
  connectFailed: 0,
  sent: 0,
  dropped: 0,
  acked: 0,
  throttled: 0,
  failed: 0,
  unacknowledged: 0,
  arrivals: 0,
};

export type ProgressPhase =
  | 'starting'
  | 'connecting'
  | 'publishing'
  | 'draining'
  | 'summarizing'
  | 'stopping';

/** Derived from the plan's timeline, which all slices follow. */
export function phaseOf({ plan, now, stopping }: Progress): ProgressPhase {
  if (stopping) return 'stopping';
  if (plan === undefined || now < plan.timeline.startAt) return 'starting';
  if (now < plan.timeline.publishAt) return 'connecting';
  if (now < plan.timeline.publishEndAt) return 'publishing';
  if (now < plan.timeline.drainEndAt) return 'draining';
  return 'summarizing';
}

/**
 * What went wrong so far, with its count; empty while nothing did. Messages that are merely in flight are not trouble:
 * before the drain has ended nothing can be called lost.
 */
export function troublesOf(progress: Progress): readonly (readonly [what: string, count: number])[] {
  const { totals = noTotals, slices, cloudwatch, plan } = progress;
  const hasArrivals = plan === undefined || observersOf(plan).length > 0;
  const missing =
    hasArrivals && phaseOf(progress) === 'summarizing' ? Math.max(0, totals.sent - totals.arrivals) : 0;
  const all: [string, number][] = [
    ['connects failed', totals.connectFailed],
    ['throttled', totals.throttled],
    ['dropped', totals.dropped],
    ['failed', totals.failed],
    ['unacknowledged', totals.unacknowledged],
    ['commands throttled', totals.fleet?.commands?.throttled ?? 0],
    ['commands dropped', totals.fleet?.commands?.dropped ?? 0],
    ['commands failed', totals.fleet?.commands?.failed ?? 0],
    ['commands unacknowledged', totals.fleet?.commands?.unacknowledged ?? 0],
    ['not arrived', missing],
    ['slices failed', slices?.failed ?? 0],
    // CloudWatch counts the whole account, so it is used only without totals of the run.
    ['throttled (CloudWatch)', progress.totals === undefined ? (cloudwatch?.throttled ?? 0) : 0],
  ];
  return all.filter(([, count]) => count > 0);
}
