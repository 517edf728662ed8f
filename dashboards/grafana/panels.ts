import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { influxDatasource } from './flux-query.ts';

/** Points are written once a second: finer windows would show gaps. */
export const finestInterval = '1s';

export interface PanelSpec {
  readonly title: string;
  readonly description: string;
  readonly queries: readonly Builder<Dataquery>[];
  readonly unit?: string;
  /** Of the dashboard's 24 columns. */
  readonly span: number;
  readonly height?: number;
}

export function timeSeries({
  title,
  description,
  queries,
  unit,
  span,
  height = 8,
}: PanelSpec): TimeSeriesPanel {
  const panel = new TimeSeriesPanel()
    .title(title)
    .description(description)
    .datasource(influxDatasource)
    .interval(finestInterval)
    .span(span)
    .height(height)
    .min(0)
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(2)
    .fillOpacity(6)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['max', 'lastNotNull']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .targets([...queries]);
  return unit === undefined ? panel : panel.unit(unit);
}

export function stats({ title, description, queries, unit, span, height = 4 }: PanelSpec): StatPanel {
  const panel = new StatPanel()
    .title(title)
    .description(description)
    .datasource(influxDatasource)
    .span(span)
    .height(height)
    .noValue('0')
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .targets([...queries]);
  return unit === undefined ? panel : panel.unit(unit);
}

export function table({ title, description, queries, unit, span, height = 8 }: PanelSpec): TablePanel {
  const panel = new TablePanel()
    .title(title)
    .description(description)
    .datasource(influxDatasource)
    .span(span)
    .height(height)
    .targets([...queries]);
  return unit === undefined ? panel : panel.unit(unit);
}
