import { formatCount, formatMs } from '../shared/format.ts';
import type { GroupReport } from './group-reports.ts';

/** Column headings of the table of device groups. */
export const groupHeadings = [
  'devices',
  'connected',
  'intended',
  'sent',
  'dropped',
  'received',
  'lost',
  'p50 ms',
  'p99 ms',
] as const;

/** One cell a heading; p50 and p99 are those of `end_to_end_latency`. */
export function groupCells({ devices, messages, latencyMs }: GroupReport): string[] {
  const { count, p50, p99 } = latencyMs.end_to_end_latency;
  return [
    ...[
      devices.planned,
      devices.connected,
      messages.intended,
      messages.sent,
      messages.dropped,
      messages.received,
      messages.lost,
    ].map(formatCount),
    ...(count > 0 ? [formatMs(p50), formatMs(p99)] : ['–', '–']),
  ];
}

/** What the table's latencies are, and what `lost` leaves out. */
export const groupNote =
  'p50 and p99 are of end_to_end_latency. A queue does not count by group: messages that it still holds are not in lost.';
