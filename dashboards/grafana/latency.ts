import {
  HeatmapCellLayout,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  PanelBuilder as HeatmapPanel,
  RowsHeatmapOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { latencyVariable, makeDashboard, stageVariable } from './dashboard.ts';
import { chosenRun, overWindows, pipe, points, variable } from './flux.ts';
import { chosenLatency, chosenStage, heatmapOf, percentilesBy } from './flux-latency.ts';
import { fluxQuery, influxDatasource } from './flux-query.ts';
import { finestInterval, table, timeSeries } from './panels.ts';

const latencyName = variable('latency');

/** How late do messages arrive, when, and in which stage? */
export function latency(): DashboardBuilder {
  return makeDashboard({
    uid: 'stampede-latency',
    title: 'latency',
    description:
      'Percentiles over time, the whole distribution, and both by stage, of every kind of latency.',
    from: 'now-15m',
  })
    .withVariable(latencyVariable())
    .withVariable(stageVariable())
    .withPanel(overTime())
    .withPanel(heatmap())
    .withPanel(extremes())
    .withPanel(byStage())
    .withPanel(byKind());
}

const overTime = () =>
  logarithmic(
    timeSeries({
      title: `${latencyName}: percentiles`,
      description:
        'Read off the sum of all slices’ and batches’ histograms in each window, interpolated within buckets 6 to 12 % wide.',
      span: 12,
      height: 11,
      unit: 'ms',
      queries: [fluxQuery(percentilesBy({ by: '_time' }))],
    }),
  );

function logarithmic(panel: ReturnType<typeof timeSeries>): ReturnType<typeof timeSeries> {
  return panel.scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10));
}

const heatmap = () =>
  new HeatmapPanel()
    .title(`${latencyName}: every message`)
    .description(
      'Messages by latency bucket and window. A band: the usual; what lies above it: whom the percentiles speak of.',
    )
    .datasource(influxDatasource)
    .interval(finestInterval)
    .maxDataPoints(200)
    .span(12)
    .height(11)
    .calculate(false)
    .rowsFrame(new RowsHeatmapOptionsBuilder().layout(HeatmapCellLayout.Le).value('messages'))
    .yAxis(new YAxisConfigBuilder().unit('ms'))
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Turbo').steps(64))
    .targets([fluxQuery(heatmapOf())]);

const inMs = '|> map(fn: (r) => ({r with _value: float(v: r._value) / 1000.0}))';

const extremes = () =>
  logarithmic(
    timeSeries({
      title: `${latencyName}: slowest message`,
      description: 'Exact, not from buckets.',
      span: 24,
      height: 6,
      unit: 'ms',
      queries: [
        fluxQuery(
          `${points('stampede_latency', ['max_us'], [chosenRun, chosenLatency])}${overWindows('v.windowPeriod', 'max')}
  ${inMs}
  |> set(key: "_field", value: "max")${pipe(
    'pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")',
    'group()',
    'sort(columns: ["_time"])',
  )}`,
        ),
      ],
    }),
  );

const byStage = () =>
  table({
    title: `${latencyName} by stage`,
    description: 'Stages of the load profile; connect and drain before and after them.',
    span: 12,
    unit: 'ms',
    queries: [fluxQuery(percentilesBy({ by: 'stage', filters: [chosenRun, chosenLatency] }))],
  });

const byKind = () =>
  table({
    title: 'Every kind of latency',
    description: 'docs/measurement.md says from where to where each goes, and by which clock.',
    span: 12,
    unit: 'ms',
    queries: [fluxQuery(percentilesBy({ by: 'latency', filters: [chosenRun, chosenStage] }))],
  });
