/**
 * Flux for the panels. Sums run inside InfluxDB's storage (`range |> filter |> aggregateWindow`) before anything else
 * touches them: a run of 10,000 slices is 10,000 points a second, and a panel asks for a thousand numbers.
 *
 * `${run}`, `${latency}` and `${stage:regex}` are variables of the dashboard; `v.…` is what Grafana fills in.
 */
import type { LiveMeasurementName, liveMeasurements } from '../../src/live/live-points.ts';

type FieldOf<Name extends LiveMeasurementName> = keyof (typeof liveMeasurements)[Name]['fields'] & string;

/** `${name}`, which Grafana replaces; `runs:regex` is a choice of several, as an alternation. */
export function variable(name: string): string {
  return `\${${name}}`;
}

export const chosenRun = `r.run == "${variable('run')}"`;
export const chosenRuns = `r.run =~ /^${variable('runs:regex')}$/`;

/** Points of a measurement that all filters let through, by field. */
export function points<Name extends LiveMeasurementName>(
  measurement: Name,
  fields: readonly FieldOf<Name>[],
  filters: readonly string[] = [chosenRun],
): string {
  return filtered([
    `r._measurement == "${measurement}"`,
    ...filters,
    fields.map((field) => `r._field == "${field}"`).join(' or '),
  ]);
}

export function filtered(filters: readonly string[]): string {
  return [
    'from(bucket: v.defaultBucket)',
    'range(start: v.timeRangeStart, stop: v.timeRangeStop)',
    ...filters.map((filter) => `filter(fn: (r) => ${filter})`),
  ].join('\n  |> ');
}

/** One table with a row an instant and a column a field: Grafana draws each column as a series. */
const asSeries = pipe(
  'pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")',
  'group()',
  'sort(columns: ["_time"])',
);

/** Counters, added up over slices, batches and stages, as rates. */
export function ratesOf<Name extends LiveMeasurementName>(
  measurement: Name,
  fields: readonly FieldOf<Name>[],
): string {
  return `${points(measurement, fields)}${overWindows('v.windowPeriod', 'sum')}
  |> map(fn: (r) => ({r with _value: float(v: r._value) * 1000000000.0 / float(v: int(v: v.windowPeriod))}))${asSeries}`;
}

/** Counters over the whole range: one row, a column a field. */
export function totalsOf<Name extends LiveMeasurementName>(
  measurement: Name,
  fields: readonly FieldOf<Name>[],
): string {
  return `${points(measurement, fields)}${pipe(
    'sum()',
    'group(columns: ["_field"])',
    'sum()',
    'map(fn: (r) => ({r with row: 0}))',
    'pivot(rowKey: ["row"], columnKey: ["_field"], valueColumn: "_value")',
    'drop(columns: ["row"])',
    'group()',
  )}`;
}

const kindColumns = ['group', 'kind'] as const;
/** Points of a flat profile have no group. */
const withGroup = 'map(fn: (r) => ({r with group: if exists r.group then r.group else ""}))';

/** Counters of each kind of message of each group over the whole range: a row for each, a column a field. */
export function totalsByKind(fields: readonly FieldOf<'stampede_kind'>[]): string {
  const columns = kindColumns.map((name) => `"${name}"`).join(', ');
  return `${points('stampede_kind', fields)}${pipe(
    'sum()',
    withGroup,
    `group(columns: [${columns}, "_field"])`,
    'sum()',
    'group()',
    `pivot(rowKey: [${columns}], columnKey: ["_field"], valueColumn: "_value")`,
    `sort(columns: [${columns}])`,
  )}`;
}

/** A counter of each kind of message of each group as a rate: one series for each. */
export function rateByKind(field: FieldOf<'stampede_kind'>): string {
  return `${points('stampede_kind', [field])}${pipe(
    'aggregateWindow(every: v.windowPeriod, fn: sum, createEmpty: false, timeSrc: "_start")',
    withGroup,
    'map(fn: (r) => ({_time: r._time, _value: r._value, _field: if r.group == "" then r.kind else r.group + " / " + r.kind}))',
    'group(columns: ["_field", "_time"])',
    'sum()',
    'group(columns: ["_field"])',
    'map(fn: (r) => ({r with _value: float(v: r._value) * 1000000000.0 / float(v: int(v: v.windowPeriod))}))',
  )}${asSeries}`;
}

/** Gauges summed over slices at an instant: every slice writes one point a second, so a second's sum is the total. */
export function gaugesOf(fields: readonly FieldOf<'stampede_slice'>[]): string {
  return `${points('stampede_slice', fields)}${overWindows('1s', 'sum')}
  |> window(every: v.windowPeriod)
  |> last()
  |> group(columns: ["_field"])${asSeries}`;
}

/** How many slices reported in a second. */
export function slicesReporting(): string {
  return `${points('stampede_slice', ['slice'])}${overWindows('1s', 'count', 'sum')}
  |> set(key: "_field", value: "slices")${asSeries}`;
}

/** The largest of any slice. */
export function largestOf(fields: readonly FieldOf<'stampede_slice'>[]): string {
  return `${points('stampede_slice', fields)}${overWindows('v.windowPeriod', 'max')}${asSeries}`;
}

/** By field and window, over all series: first within each series, in storage, then over them. */
export function overWindows(every: string, fn: 'sum' | 'max' | 'count', fnOfSeries = fn): string {
  return pipe(
    `aggregateWindow(every: ${every}, fn: ${fn}, createEmpty: false, timeSrc: "_start")`,
    'group(columns: ["_field", "_time"])',
    `${fnOfSeries}()`,
    'group(columns: ["_field"])',
  );
}

export function pipe(...steps: readonly string[]): string {
  return steps.map((step) => `\n  |> ${step}`).join('');
}
