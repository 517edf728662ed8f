import {
  MetricEditorMode,
  MetricQueryType,
  MetricsQueryBuilder,
  QueryMode,
} from '@grafana/grafana-foundation-sdk/cloudwatch';
import { variable } from './flux.ts';

/** Which account: a variable of the dashboard. Its region is the data source's own. */
export const cloudWatchDatasource = { type: 'cloudwatch', uid: variable('cloudwatch') } as const;

/** AWS publishes IoT's metrics once a minute: https://docs.aws.amazon.com/iot/latest/developerguide/metrics_dimensions.html */
const periodSeconds = 60;

export interface IotMetric {
  /** `PublishIn.Success`, as AWS spells it. */
  readonly name: string;
  readonly protocol: 'MQTT' | 'HTTP';
  /** Of the query: a letter, by which expressions speak of it. */
  readonly id: string;
  readonly label?: string;
  /** Only for an expression to read. */
  readonly hidden?: boolean;
}

export function iotMetric({ name, protocol, id, label, hidden = false }: IotMetric): MetricsQueryBuilder {
  return baseQuery(id, label ?? `${name} (${protocol})`)
    .hide(hidden)
    .namespace('AWS/IoT')
    .metricName(name)
    .dimensions({ Protocol: protocol })
    .matchExact(true)
    .statistic('Sum');
}

/** Metric math: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html */
export function iotExpression(id: string, label: string, expression: string): MetricsQueryBuilder {
  return baseQuery(id, label).metricEditorMode(MetricEditorMode.Code).expression(expression).statistic('Sum');
}

/** Sums of a minute as a rate; a protocol without clients has no data, which counts as zero. */
export function perSecond(...ids: readonly string[]): string {
  return `(${ids.map((id) => `FILL(${id}, 0)`).join(' + ')}) / ${periodSeconds}`;
}

function baseQuery(id: string, label: string): MetricsQueryBuilder {
  return new MetricsQueryBuilder()
    .datasource(cloudWatchDatasource)
    .queryMode(QueryMode.Metrics)
    .metricQueryType(MetricQueryType.Search)
    .metricEditorMode(MetricEditorMode.Builder)
    .refId(id.toUpperCase())
    .id(id)
    .label(label)
    .region('default')
    .period(String(periodSeconds));
}
