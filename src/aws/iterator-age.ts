import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';

/** How far a function was behind the stream that it reads. */
export interface IteratorAge {
  /** Age of a batch's last record when Lambda passed it to the function, milliseconds; of a shard, the highest. */
  readonly ageMs: number;
  /** Epoch milliseconds: the minute that it was so in. */
  readonly minuteAt: number;
}

const minuteMs = 60_000;
/** CloudWatch shows a minute one to two minutes after it. */
const newestWithinMs = 4 * minuteMs;

/**
 * Lambda's metric IteratorAge, of the last minute that CloudWatch has of it; undefined where the function was not invoked lately.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
export async function readIteratorAge(
  functionName: string,
  nowMs: number,
  client: CloudWatchClient = new CloudWatchClient({}),
): Promise<IteratorAge | undefined> {
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(nowMs - newestWithinMs),
      EndTime: new Date(nowMs + minuteMs),
      ScanBy: 'TimestampDescending',
      MetricDataQueries: [
        {
          Id: 'age',
          MetricStat: {
            Metric: {
              Namespace: 'AWS/Lambda',
              MetricName: 'IteratorAge',
              Dimensions: [{ Name: 'FunctionName', Value: functionName }],
            },
            Period: 60,
            Stat: 'Maximum',
          },
        },
      ],
    }),
  );
  const { Timestamps: [minute] = [], Values: [ageMs] = [] } = MetricDataResults[0] ?? {};
  return minute === undefined || ageMs === undefined ? undefined : { ageMs, minuteAt: minute.getTime() };
}
