import { CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { CloudWatchProtocol } from '../plan/groups.ts';
import {
  type IotMetricName,
  iotMetricNames,
  ruleMetricNames,
} from '../targets/aws-iot/cloudwatch-metrics.ts';

export type MetricSums = Readonly<Partial<Record<IotMetricName, number>>>;

/** CloudWatch's own counts of a run, for holding against ours. */
export interface Metrics {
  /** Every metric that is queried. */
  readonly names: readonly string[];
  /**
   * Sums over whole minutes that cover the span, of these protocols together. A metric without data is absent: a `.Throttle` series
   * exists only after a throttle.
   * @param from epoch milliseconds, rounded down to the minute
   * @param to epoch milliseconds, rounded up to the minute
   */
  sums(protocols: readonly CloudWatchProtocol[], from: number, to: number): Promise<MetricSums>;
}

const minuteMs = 60_000;

/**
 * @param ruleName of the IoT rule; without it the rules engine's metrics are not queried
 * @param byProtocolNames which of the message broker's metrics to query
 */
export function makeMetrics(
  ruleName: string | undefined,
  client: CloudWatchClient = new CloudWatchClient({}),
  byProtocolNames: readonly IotMetricName[] = iotMetricNames,
): Metrics {
  return {
    names: ruleName === undefined ? byProtocolNames : [...byProtocolNames, ...ruleMetricNames],
    async sums(protocols, from, to) {
      const byProtocol = protocols.flatMap((protocol) =>
        byProtocolNames.map((name) => [name, { Name: 'Protocol', Value: protocol }] as const),
      );
      const byRule = (ruleName === undefined ? [] : ruleMetricNames).map(
        (name) => [name, { Name: 'RuleName', Value: ruleName }] as const,
      );
      const requested = [...byProtocol, ...byRule];
      const queries: MetricDataQuery[] = requested.map(([name, dimension], i) => ({
        Id: `m${i}`,
        MetricStat: {
          Metric: {
            Namespace: 'AWS/IoT',
            MetricName: name,
            Dimensions: [dimension],
          },
          Period: 60,
          Stat: 'Sum',
        },
        ReturnData: true,
      }));
      const sums: Partial<Record<IotMetricName, number>> = {};
      let token: string | undefined;
      do {
        const page = await client.send(
          new GetMetricDataCommand({
            StartTime: new Date(Math.floor(from / minuteMs) * minuteMs),
            EndTime: new Date(Math.ceil(to / minuteMs) * minuteMs),
            MetricDataQueries: queries,
            NextToken: token,
          }),
        );
        for (const { Id, Values } of page.MetricDataResults ?? []) {
          const name = requested[Number(Id?.slice(1))]?.[0];
          if (name === undefined || Values === undefined || Values.length === 0) continue;
          sums[name] = (sums[name] ?? 0) + Values.reduce((a, b) => a + b, 0);
        }
        token = page.NextToken;
      } while (token !== undefined);
      return sums;
    },
  };
}
