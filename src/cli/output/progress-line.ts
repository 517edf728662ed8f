import type { RunTotals } from '../../live/run-totals.ts';
import { observersOf } from '../../plan/observers.ts';
import type { Plan } from '../../plan/plan.ts';
import {
  formatClock,
  formatCount,
  formatElapsed,
  formatPerSecond,
  formatTimeLeft,
} from '../../shared/format.ts';
import { type Progress, type ProgressPhase, phaseOf, troublesOf } from '../run/progress.ts';
import { fleetFiguresOf } from './progress-fleet.ts';
import { cloudWatchFigures } from './progress-frame.ts';
import { searchProgressOf } from './progress-search.ts';
import { liveThresholdsOf } from './progress-thresholds.ts';

/** One line of a log: what a pipeline shows where a terminal would show bars. Never cut: a log has no width. */
export function renderProgressLine(progress: Progress): string {
  const { plan, totals, slices, cloudwatch, now } = progress;
  const phase = phaseOf(progress);
  if (plan === undefined) return phase;
  const { startAt, drainEndAt } = plan.timeline;
  const parts = [`${formatClock(Math.max(0, now - startAt))} ${phase}`];
  if (totals !== undefined) parts.push(...totalsParts(totals, progress, plan, phase));
  parts.push(...searchProgressOf(progress));
  if (slices !== undefined) {
    const { total, running, done } = slices;
    parts.push(`slices ${formatCount(running)} running ${formatCount(done)}/${formatCount(total)} done`);
  }
  if (cloudwatch !== undefined) parts.push(...cloudWatchFigures(cloudwatch));
  const { hasFailed = false, figures = [] } = (totals && liveThresholdsOf(totals, plan)) ?? {};
  if (hasFailed) parts.push(...figures.filter((figure) => figure.startsWith('✗')));
  for (const [what, count] of troublesOf(progress)) parts.push(`${what} ${formatCount(count)}`);
  if (phase !== 'stopping' && phase !== 'summarizing') parts.push(`${formatTimeLeft(drainEndAt - now)} left`);
  return parts.join(', ');
}

function totalsParts(totals: RunTotals, progress: Progress, plan: Plan, phase: ProgressPhase): string[] {
  const { users } = progress;
  const parts = [`connected ${formatCount(totals.connected)}/${formatCount(plan.profile.devices)}`];
  if (phase === 'publishing') {
    if (users !== undefined) parts.push(`users ${formatCount(users.active)}/${formatCount(users.planned)}`);
    parts.push(
      `rate ${formatPerSecond(progress.sentPerSecond)} of ${formatPerSecond(progress.intendedPerSecond)}`,
    );
  }
  if (totals.sent > 0) {
    parts.push(
      `sent ${formatCount(totals.sent)}`,
      `acked ${formatCount(totals.acked)}`,
      ...(observersOf(plan).length > 0 ? [`arrived ${formatCount(totals.arrivals)}`] : []),
    );
  }
  for (const [label, figures] of fleetFiguresOf(totals, plan)) parts.push(`${label} ${figures.join(', ')}`);
  if (totals.endToEndP99Ms !== undefined) parts.push(`p99 ${formatElapsed(totals.endToEndP99Ms)}`);
  return parts;
}
