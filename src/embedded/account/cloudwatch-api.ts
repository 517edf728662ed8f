import { AwsError, notSupported } from '../gateway/aws-error.ts';
import {
  type JsonInput,
  makeJsonService,
  optionalNumber,
  optionalString,
  requiredList,
  requiredObject,
  requiredString,
} from '../gateway/aws-json.ts';
import type { GatewayService } from '../gateway/gateway-service.ts';

/** One CloudWatch series of the embedded services. */
export interface MetricSeries {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** By whole minute, the minutes in epoch seconds: sums, or what `statistic` says. */
  readonly minutes: readonly (readonly [atSecond: number, value: number])[];
  /** The one statistic that there is of it. Default: Sum. */
  readonly statistic?: Statistic;
}

export type Statistic = 'Sum' | 'Maximum';

/** Reads every series as it stands now. */
export type MetricSource = () => Promise<readonly MetricSeries[]>;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const maxQueries = 500;
const maxBodyBytes = 1_048_576;
/** The services here publish one value a minute. */
const minuteSeconds = 60;

/** GetMetricData over the embedded services' own counters; no delay, where AWS takes a minute or two. */
export function makeCloudWatch(source: MetricSource): GatewayService {
  return makeJsonService({
    service: 'CloudWatch',
    version: '1.0',
    maxBodyBytes,
    operations: {
      async GetMetricData(input) {
        const queries = requiredList(input, 'MetricDataQueries').map(parseQuery);
        if (queries.length > maxQueries)
          throw invalid(`The collection MetricDataQueries must not have a size greater than ${maxQueries}.`);
        const startSecond = requiredTime(input, 'StartTime');
        const endSecond = requiredTime(input, 'EndTime');
        if (startSecond >= endSecond)
          throw invalid('The parameter StartTime must be less than the parameter EndTime.');
        const series = await source();
        const newestFirst = optionalString(input, 'ScanBy') !== 'TimestampAscending';
        return {
          MetricDataResults: queries.map((query) => {
            const points = byPeriod(find(series, query), query, startSecond, endSecond);
            if (newestFirst) points.reverse();
            return {
              Id: query.id,
              Label: query.label,
              Timestamps: points.map(([at]) => at),
              Values: points.map(([, value]) => value),
              StatusCode: 'Complete',
            };
          }),
          Messages: [],
        };
      },
    },
  });
}

interface Query {
  readonly id: string;
  readonly label: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly periodSeconds: number;
  readonly statistic: Statistic;
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html */
const idPattern = /^[a-z][A-Za-z0-9_]*$/;

function invalidId(id: string): AwsError {
  return new AwsError(
    'ValidationException',
    `The value ${id} for parameter MetricDataQueries.member.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$`,
  );
}

function parseQuery(input: JsonInput): Query {
  const id = requiredString(input, 'Id');
  if (!idPattern.test(id)) throw invalidId(id);
  if (input.Expression !== undefined) throw notSupported(`CloudWatch expressions (query '${id}')`);
  const stat = requiredObject(input, 'MetricStat');
  const statistic = requiredString(stat, 'Stat');
  if (statistic !== 'Sum' && statistic !== 'Maximum')
    throw notSupported(`CloudWatch statistics other than Sum and Maximum (query '${id}')`);
  const periodSeconds = optionalNumber(stat, 'Period') ?? 0;
  if (periodSeconds <= 0 || periodSeconds % minuteSeconds !== 0)
    throw notSupported(`a CloudWatch period of ${periodSeconds} s (query '${id}'; whole minutes only)`);
  const metric = requiredObject(stat, 'Metric');
  const name = requiredString(metric, 'MetricName');
  const dimensions = metric.Dimensions === undefined ? [] : requiredList(metric, 'Dimensions');
  return {
    id,
    label: optionalString(input, 'Label') ?? name,
    namespace: requiredString(metric, 'Namespace'),
    name,
    dimensions: Object.fromEntries(
      dimensions.map((each) => [requiredString(each, 'Name'), requiredString(each, 'Value')]),
    ),
    periodSeconds,
    statistic,
  };
}

/** CloudWatch does not aggregate: a query names every dimension of a series. */
function find(series: readonly MetricSeries[], query: Query): MetricSeries | undefined {
  const wanted = Object.entries(query.dimensions);
  return series.find(
    ({ namespace, name, dimensions, statistic = 'Sum' }) =>
      statistic === query.statistic &&
      namespace === query.namespace &&
      name === query.name &&
      Object.keys(dimensions).length === wanted.length &&
      wanted.every(([key, value]) => dimensions[key] === value),
  );
}

/** Periods start at multiples of their length; the minute of `endSecond` is not part of it, unless it lies inside. */
function byPeriod(
  series: MetricSeries | undefined,
  { periodSeconds, statistic }: Query,
  startSecond: number,
  endSecond: number,
): [atSecond: number, value: number][] {
  const values = new Map<number, number>();
  const from = startSecond - (startSecond % periodSeconds);
  for (const [minute, value] of series?.minutes ?? []) {
    if (minute < from || minute >= endSecond) continue;
    const period = minute - (minute % periodSeconds);
    const before = values.get(period) ?? 0;
    values.set(period, statistic === 'Sum' ? before + value : Math.max(before, value));
  }
  return [...values].sort(([a], [b]) => a - b);
}

function requiredTime(input: JsonInput, member: string): number {
  const seconds = optionalNumber(input, member);
  if (seconds === undefined) throw invalid(`The parameter ${member} is required.`);
  return seconds;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}
