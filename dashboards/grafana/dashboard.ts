import {
  AnnotationQueryBuilder,
  CustomVariableBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { latencyNames } from '../../src/measure/latency-names.ts';
import { chosenRun, chosenRuns, pipe, points } from './flux.ts';
import { fluxQuery, influxDatasource } from './flux-query.ts';

const tag = 'stampede';

interface DashboardSpec {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly from: string;
  /** Several runs may be chosen, not one. */
  readonly comparesRuns?: boolean;
}

/** What all dashboards share: data source, run, annotations, links to the others that keep run and time. */
export function makeDashboard({
  uid,
  title,
  description,
  from,
  comparesRuns = false,
}: DashboardSpec): DashboardBuilder {
  return new DashboardBuilder(`Stampede: ${title}`)
    .uid(uid)
    .description(description)
    .tags([tag])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: 'now' })
    .refresh(comparesRuns ? '' : '5s')
    .link(
      new DashboardLinkBuilder('Stampede')
        .type(DashboardLinkType.Dashboards)
        .tags([tag])
        .asDropdown(false)
        .includeVars(true)
        .keepTime(true)
        .icon('external link')
        .tooltip('')
        .url('')
        .targetBlank(false),
    )
    .withVariable(new DatasourceVariableBuilder('influx').label('InfluxDB').type('influxdb'))
    .withVariable(comparesRuns ? runVariable('runs').multi(true) : runVariable('run'))
    .annotation(
      new AnnotationQueryBuilder()
        .name('Start, stages, actions, stop')
        .datasource(influxDatasource)
        .enable(true)
        .iconColor('blue')
        .target(fluxQuery(courseOf(comparesRuns ? chosenRuns : chosenRun), 'Anno')),
    );
}

/** Runs of the last 30 days, the latest first. */
function runVariable(name: string): QueryVariableBuilder {
  const query = `from(bucket: v.defaultBucket)${pipe(
    'range(start: -30d)',
    'filter(fn: (r) => r._measurement == "stampede_run")',
    'filter(fn: (r) => r.event == "start")',
    'filter(fn: (r) => r._field == "devices")',
    'group()',
    'sort(columns: ["_time"], desc: true)',
    'keep(columns: ["run"])',
    'rename(columns: {run: "_value"})',
  )}`;
  return new QueryVariableBuilder(name)
    .label('Run')
    .datasource(influxDatasource)
    .query({ refId: 'InfluxVariableQueryEditor-VariableQuery', query })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.Disabled);
}

function courseOf(run: string): string {
  return `${points('stampede_run', ['title', 'text'], [run])}${pipe(
    'group()',
    'pivot(rowKey: ["_time", "run", "event"], columnKey: ["_field"], valueColumn: "_value")',
    'map(fn: (r) => ({_time: r._time, title: r.title, text: r.text, tags: r.event}))',
    'sort(columns: ["_time"])',
  )}`;
}

export function latencyVariable(): CustomVariableBuilder {
  const [first] = ['end_to_end_latency'];
  const names = [first, ...latencyNames.filter((name) => name !== first)];
  return new CustomVariableBuilder('latency').label('Latency').values(names.join(','));
}

/** `connect` before the first stage, `drain` after the last. */
export function stageVariable(): QueryVariableBuilder {
  const query = `${points('stampede_slice', ['sent'])}${pipe(
    'last()',
    'group()',
    'keep(columns: ["stage"])',
    'unique(column: "stage")',
    'rename(columns: {stage: "_value"})',
  )}`;
  return new QueryVariableBuilder('stage')
    .label('Stage')
    .datasource(influxDatasource)
    .query({ refId: 'InfluxVariableQueryEditor-VariableQuery', query })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .includeAll(true)
    .allValue('.*')
    .hide(VariableHide.DontHide);
}
