import { formatCount, formatElapsed, formatMs, formatShare } from '../shared/format.ts';
import type { RegionReport } from './region-report.ts';

export const regionHeadings = [
  'devices',
  'intended',
  'sent',
  'received',
  'lost',
  'p99',
  'clock ahead below',
  'quota used',
] as const;

/** A row for each Region: its counts sum to those of the run. */
export function regionRows(regions: readonly RegionReport[]): string[][] {
  return regions.map(({ name, devices, messages, latencyMs, clockOffset, quotas }) => {
    const { count, p99 } = latencyMs.end_to_end_latency;
    const mostUsed = Math.max(0, ...quotas.map(({ headroom }) => 1 - headroom));
    return [
      name,
      formatCount(devices.planned),
      formatCount(messages.intended),
      formatCount(messages.sent),
      formatCount(messages.received),
      formatCount(messages.lost),
      count === 0 ? '–' : formatMs(p99),
      clockOffset.atMostMs === null ? '–' : formatElapsed(clockOffset.atMostMs),
      formatShare(mostUsed),
    ];
  });
}

/** What to know beside the table. */
export const regionNotes: readonly string[] = [
  'A message is counted in the Region whose slice had it to send.',
  'The clock of a Region is ahead of those of its slices by less than the table says, and its latencies read too high by less.',
  'Of the quotas of a Region, the table has the one that was used most; each Region has quotas of its own.',
];
