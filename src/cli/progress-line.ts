import { formatCount } from '../report/figures.ts';
import { formatClock, formatLatency, formatRate, formatTimeLeft } from './figures.ts';
import { type Progress, phaseOf, troublesOf } from './progress.ts';

/** One line of a log: what a pipeline shows where a terminal would show bars. Never cut: a log has no width. */
export function renderProgressLine(progress: Progress): string {
  const { plan, totals, now } = progress;
  const phase = phaseOf(progress);
  if (plan === undefined) return phase;
  const { startAt, drainEndAt } = plan.timeline;
  const parts = [
    `${formatClock(now - startAt)} ${phase}`,
    `connected ${formatCount(totals.connected)}/${formatCount(plan.profile.devices)}`,
  ];
  if (phase === 'publishing') {
    parts.push(`rate ${formatRate(progress.sentPerSecond)} of ${formatRate(progress.intendedPerSecond)}`);
  }
  if (totals.sent > 0) {
    parts.push(
      `sent ${formatCount(totals.sent)}`,
      `acked ${formatCount(totals.acked)}`,
      `arrived ${formatCount(totals.arrivals)}`,
    );
  }
  if (totals.endToEndP99Ms !== undefined) parts.push(`p99 ${formatLatency(totals.endToEndP99Ms)}`);
  for (const [what, count] of troublesOf(progress)) parts.push(`${what} ${formatCount(count)}`);
  if (phase !== 'stopping' && phase !== 'summarizing') parts.push(`${formatTimeLeft(drainEndAt - now)} left`);
  return parts.join(', ');
}
