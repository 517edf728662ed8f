import type { CountsByReason } from '../measure/reason-counts.ts';
import { formatCount, formatPlural } from '../shared/format.ts';

/** Reasons come from the far side and may be many: the rest is in report.json. */
const maxReasons = 5;

/** `backlog 12, stopped 3`, the most frequent first. */
export function describeCounts(counts: CountsByReason): string {
  const all = Object.entries(counts).map(([reason, count]) => `${reason} ${formatCount(count)}`);
  const more = all.length > maxReasons ? [formatPlural(all.length - maxReasons, 'more reason')] : [];
  return [...all.slice(0, maxReasons), ...more].join(', ');
}
