import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TrendPanel } from '@grafana/grafana-foundation-sdk/trend';
import type { LatencyName } from '../../src/measure/latency-names.ts';
import { makeDashboard } from './dashboard.ts';
import { chosenRuns, filtered, pipe, points } from './flux.ts';
import { percentilesBy } from './flux-latency.ts';
import { fluxQuery, influxDatasource } from './flux-query.ts';
import { table } from './panels.ts';

/** Was it better before? */
export function compareRuns(): DashboardBuilder {
  return makeDashboard({
    uid: 'stampede-compare',
    title: 'comparing runs',
    description: 'Runs side by side: their results, their latencies, and their course from a common start.',
    from: 'now-7d',
    comparesRuns: true,
  })
    .withPanel(results())
    .withPanel(
      latencies(
        'End-to-end latency',
        'From the intended instant to the arrival, over the whole of each run.',
        'end_to_end_latency',
      ),
    )
    .withPanel(
      latencies(
        'PUBACK round trip',
        'From the send to the service’s acknowledgement, by one clock.',
        'puback_round_trip',
      ),
    )
    .withPanel(
      latencies(
        'PUBCOMP round trip',
        'The same at QoS 2: from the send to the service’s PUBCOMP.',
        'pubcomp_round_trip',
      ),
    )
    .withPanel(
      fromStart(
        'Throughput',
        'Acknowledged messages per second, by seconds since the start.',
        'acked',
        'cps',
      ),
    )
    .withPanel(
      fromStart('Dropped, throttled and failed', 'Per second, by seconds since the start.', 'trouble', 'cps'),
    );
}

const latencies = (title: string, description: string, latency: LatencyName) =>
  table({
    title,
    description,
    span: 8,
    unit: 'ms',
    queries: [fluxQuery(percentilesBy({ by: 'run', filters: [chosenRuns, `r.latency == "${latency}"`] }))],
  });

const results = () =>
  table({
    title: 'Results',
    description: 'As each run’s report states them. A run appears once it has ended.',
    span: 24,
    queries: [
      fluxQuery(
        `${filtered(['r._measurement == "stampede_run"', chosenRuns, 'r.event == "stop"'])}${pipe(
          // Before anything groups fields of several types into one table.
          'pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")',
          'group(columns: ["run"])',
          'last(column: "_time")',
          'group()',
          `keep(columns: [${resultColumns.map((column) => `"${column}"`).join(', ')}])`,
          'sort(columns: ["run"], desc: true)',
        )}`,
      ),
    ],
  });

const resultColumns = [
  'run',
  'protocol',
  'profile',
  'verdict',
  'devices',
  'intended',
  'sent',
  'lost',
  'duplicates',
  'dropped',
  'throttled',
  'failed',
  'throughput_per_second',
  'peak_per_second',
  'end_to_end_latency_p50_ms',
  'end_to_end_latency_p99_ms',
  'puback_round_trip_p99_ms',
  'pubcomp_round_trip_p99_ms',
  'send_lag_p99_ms',
];

/** Seconds since each run's own start on the x axis, a column a run. */
function fromStart(title: string, description: string, what: 'acked' | 'trouble', unit: string): TrendPanel {
  const fields = what === 'acked' ? (['acked'] as const) : (['dropped', 'throttled', 'failed'] as const);
  const query = `starts = ${points('stampede_run', ['devices'], [chosenRuns, 'r.event == "start"'])}
  |> group(columns: ["run"])
  |> last()
  |> map(fn: (r) => ({run: r.run, start: int(v: r._time)}))
rates = ${points('stampede_slice', fields, [chosenRuns])}${pipe(
    'aggregateWindow(every: 1s, fn: sum, createEmpty: false, timeSrc: "_start")',
    'group(columns: ["run", "_time"])',
    'sum()',
    'group(columns: ["run"])',
  )}
join(tables: {rate: rates, start: starts}, on: ["run"])${pipe(
    'map(fn: (r) => ({run: r.run, second: (int(v: r._time) - r.start) / 1000000000, _value: r._value}))',
    'group()',
    'pivot(rowKey: ["second"], columnKey: ["run"], valueColumn: "_value")',
    'sort(columns: ["second"])',
  )}`;
  return new TrendPanel()
    .title(title)
    .description(description)
    .datasource(influxDatasource)
    .span(12)
    .height(10)
    .unit(unit)
    .xField('second')
    .targets([fluxQuery(query)]);
}
