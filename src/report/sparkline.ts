import { formatElapsed } from '../shared/format.ts';
import type { Report } from './report-model.ts';

const blocks = '▁▂▃▄▅▆▇█';

/** How values become heights: rates from zero, latencies by their logarithm from the smallest. */
export type SparklineScale = 'fromZero' | 'logarithmic';

/**
 * A row of values as a line of text; a column without any is blank. Where there are more values than columns, a column
 * shows the mean of its rates, or the largest of its latencies: neither a stall nor a spike gets lost.
 */
export function renderSparkline(
  values: readonly (number | null)[],
  columns: number,
  scale: SparklineScale,
): string {
  const cells = joinToColumns(values, columns, scale === 'fromZero' ? mean : largest);
  const known = cells.filter((value) => value !== null);
  const most = Math.max(...known);
  const heightOf =
    scale === 'fromZero' ? (value: number) => value / most : logarithmicHeight(Math.min(...known), most);
  return cells
    .map((value) => {
      if (value === null) return ' ';
      const height = heightOf(value);
      const level = Number.isFinite(height) ? Math.min(1, Math.max(0, height)) : 0;
      return blocks[Math.round(level * (blocks.length - 1))];
    })
    .join('')
    .trimEnd();
}

/** The height spans at least a factor of two, so that noise does not fill it. */
function logarithmicHeight(least: number, most: number): (value: number) => number {
  const floor = Math.max(least, most / 1e6, 1e-3);
  const range = Math.max(Math.log(2), Math.log(most / floor));
  return (value) => Math.log(Math.max(value, floor) / floor) / range;
}

const largest = (values: readonly number[]): number => Math.max(...values);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function joinToColumns(
  values: readonly (number | null)[],
  columns: number,
  join: (values: readonly number[]) => number,
): (number | null)[] {
  const perColumn = Math.max(1, Math.ceil(values.length / columns));
  const cells: (number | null)[] = [];
  for (let from = 0; from < values.length; from += perColumn) {
    const known = values.slice(from, from + perColumn).filter((value) => value !== null);
    cells.push(known.length === 0 ? null : join(known));
  }
  return cells;
}

/** One line for the whole run, which shows when messages were slow. */
export function renderP99OverTime({ latencyOverTime, requests }: Report, sparklineColumns: number): string[] {
  const [label, name] =
    requests === undefined
      ? (['end to end', 'end_to_end_latency'] as const)
      : (['response  ', 'response_time'] as const);
  const p99 = (latencyOverTime[name]?.steps ?? []).map((step) => step.p99);
  const known = p99.filter((ms) => ms !== null);
  if (known.length < 2) return [];
  const range = [Math.min(...known), Math.max(...known)].map(formatElapsed).join(' to ');
  return [`  ${label} ${renderSparkline(p99, sparklineColumns, 'logarithmic')}  p99 ${range}`];
}
