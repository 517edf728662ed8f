/**
 * Percentiles from bucket counts: counts add up over any slices, batches and windows, then the percentile is read off
 * the sum and interpolated within its bucket, 6 to 12 % wide. Percentiles themselves are never averaged.
 */
import { chosenRun, filtered, pipe, variable } from './flux.ts';

export const chosenLatency = `r.latency == "${variable('latency')}"`;
export const chosenStage = `r.stage =~ /^${variable('stage:regex')}$/`;
const isBucket = 'r._field =~ /^lt_/';

export const percentiles = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p99', 0.99],
  ['p99.9', 0.999],
] as const;

interface LatencyQuestion {
  /** One answer for each of these: `_time`, `stage`, `latency`, `run`. */
  readonly by: string;
  /** Besides the measurement. */
  readonly filters?: readonly string[];
}

const ofChosen = [chosenRun, chosenLatency, chosenStage] as const;

/** A row for each of `by`, a column a percentile, milliseconds. */
export function percentilesBy({ by, filters = ofChosen }: LatencyQuestion): string {
  const tables = percentiles.map(([name, share]) => `at(name: "${name}", quantile: ${share})`);
  return `import "strings"
counts = ${bucketCountsBy({ by, filters })}
  |> group(columns: ["${by}"])
  |> sort(columns: ["le"])
  |> cumulativeSum(columns: ["_value"])
at = (name, quantile) => counts
  |> histogramQuantile(quantile: quantile)
  |> set(key: "_field", value: name)
union(tables: [${tables.join(', ')}])
  |> group()
  |> pivot(rowKey: ["${by}"], columnKey: ["_field"], valueColumn: "_value")
  |> sort(columns: ["${by}"])`;
}

/** A row a window, a column a bucket, named by its upper edge in milliseconds: what Grafana draws as a heatmap. */
export function heatmapOf(filters: readonly string[] = ofChosen): string {
  return `import "strings"
${bucketCountsBy({ by: '_time', filters })}
  |> map(fn: (r) => ({r with le: string(v: r.le)}))
  |> pivot(rowKey: ["_time"], columnKey: ["le"], valueColumn: "_value")
  |> group()
  |> sort(columns: ["_time"])`;
}

function bucketCountsBy({ by, filters }: Required<LatencyQuestion>): string {
  const sums =
    by === '_time'
      ? 'aggregateWindow(every: v.windowPeriod, fn: sum, createEmpty: false, timeSrc: "_start")'
      : 'sum()';
  return `${filtered(['r._measurement == "stampede_latency"', ...filters, isBucket])}${pipe(
    sums,
    `group(columns: ["${by}", "_field"])`,
    'sum()',
    `map(fn: (r) => ({${by}: r.${by}, le: float(v: strings.trimPrefix(v: r._field, prefix: "lt_")) / 1000.0, _value: float(v: r._value)}))`,
    'group()',
  )}`;
}
