import {
  type DashboardBuilder,
  DatasourceVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { quotas } from '../../src/targets/aws-iot/quotas.ts';
import { cloudWatchDatasource, iotExpression, iotMetric, perSecond } from './cloudwatch-query.ts';
import { makeDashboard } from './dashboard.ts';
import {
  chosenRun,
  gaugesOf,
  points,
  rateByKind,
  ratesOf,
  totalsByKind,
  totalsOf,
  variable,
} from './flux.ts';
import { percentilesBy } from './flux-latency.ts';
import { fluxQuery } from './flux-query.ts';
import { stats, table, timeSeries } from './panels.ts';

/** Does the ingest hold what the plan intends, and where does it not? */
export function runOverview(): DashboardBuilder {
  return makeDashboard({
    uid: 'stampede-run',
    title: 'run overview',
    description: 'Arrival rate against throughput, devices, quotas, throttles and losses of one run.',
    from: 'now-15m',
  })
    .withVariable(new DatasourceVariableBuilder('cloudwatch').label('CloudWatch').type('cloudwatch'))
    .withVariable(quotaVariable('publish_in_quota', 'PublishIn quota', quotas.publishInPerSecond.limit))
    .withVariable(quotaVariable('publish_out_quota', 'PublishOut quota', quotas.publishOutPerSecond.limit))
    .withPanel(ledger())
    .withPanel(missing())
    .withPanel(endToEnd())
    .withPanel(rates())
    .withPanel(devices())
    .withPanel(troubles())
    .withPanel(connects())
    .withRow(new RowBuilder('By group and kind of message'))
    .withPanel(kinds())
    .withPanel(arrivalsByKind())
    .withRow(new RowBuilder('Commands and presence'))
    .withPanel(commands())
    .withPanel(commandRates())
    .withPanel(presence())
    .withRow(new RowBuilder('What AWS counts (once a minute)'))
    .withPanel(publishInAgainstQuota())
    .withPanel(publishOutAgainstQuota())
    .withPanel(throttledByAws());
}

function quotaVariable(name: string, label: string, limit: number): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder(name).label(label).defaultValue(String(limit));
}

const ledger = () =>
  stats({
    title: 'Messages',
    description: 'Over the time range: all of the run when it lies within. Counts are exact, to the message.',
    span: 14,
    queries: [
      fluxQuery(
        totalsOf('stampede_slice', [
          'intended',
          'sent',
          'dropped',
          'acked',
          'throttled',
          'failed',
          'unacknowledged',
        ]),
      ),
      fluxQuery(totalsOf('stampede_arrivals', ['arrivals']), 'B'),
    ],
  });

const missing = () =>
  stats({
    title: 'Sent, not arrived',
    description: 'In flight while the run lasts; lost once its drain is over. Below zero: duplicates.',
    span: 4,
    queries: [fluxQuery(missingQuery)],
  });

/** Both counters as one: what was sent counts up, what arrived down. */
const missingQuery = `union(tables: [
  ${points('stampede_slice', ['sent'])}
  |> sum()
  |> map(fn: (r) => ({_value: r._value})),
  ${points('stampede_arrivals', ['arrivals'])}
  |> sum()
  |> map(fn: (r) => ({_value: -r._value})),
])
  |> group()
  |> sum()
  |> rename(columns: {_value: "not arrived"})`;

const endToEnd = () =>
  stats({
    title: 'End-to-end latency',
    description: 'From the intended instant to the arrival at the observer, over the time range.',
    span: 6,
    unit: 'ms',
    queries: [
      fluxQuery(percentilesBy({ by: 'run', filters: [chosenRun, 'r.latency == "end_to_end_latency"'] })),
    ],
  });

const rates = () =>
  timeSeries({
    title: 'Arrival rate against throughput',
    description:
      'Intended: what the plan’s schedule asks for. Sent below it: the generator is late. Acked below sent: the service ' +
      'does not keep up. The last seconds are not complete yet.',
    span: 16,
    height: 9,
    unit: 'cps',
    queries: [
      fluxQuery(ratesOf('stampede_slice', ['intended', 'sent', 'acked'])),
      fluxQuery(ratesOf('stampede_arrivals', ['arrivals']), 'B'),
    ],
  });

const devices = () =>
  timeSeries({
    title: 'Devices',
    description: 'Connected now, of those that the slices have.',
    span: 8,
    height: 9,
    queries: [fluxQuery(gaugesOf(['connected', 'devices']))],
  });

const troubles = () =>
  timeSeries({
    title: 'Throttled, failed, dropped, unacknowledged',
    description:
      'Throttled: refused for a quota. Dropped: intended and never sent, the generator’s fault. Unacknowledged: no PUBACK ' +
      'within the ack timeout.',
    span: 16,
    unit: 'cps',
    queries: [fluxQuery(ratesOf('stampede_slice', ['throttled', 'failed', 'dropped', 'unacknowledged']))],
  });

const connects = () =>
  timeSeries({
    title: 'Connects',
    description: 'Devices connected for the first time, again, and attempts that failed.',
    span: 8,
    unit: 'cps',
    queries: [fluxQuery(ratesOf('stampede_slice', ['connects', 'reconnects', 'connect_failed']))],
  });

const kinds = () =>
  table({
    title: 'Messages by group and kind',
    description:
      'Of groups whose kinds of message have names, over the time range. Counts are exact, to the message.',
    span: 12,
    queries: [
      fluxQuery(totalsByKind(['intended', 'sent', 'dropped', 'acked', 'unacknowledged', 'arrivals'])),
    ],
  });

const arrivalsByKind = () =>
  timeSeries({
    title: 'Arrivals by group and kind',
    description: 'At the reader or subscriber, at the second of the first message of each batch.',
    span: 12,
    unit: 'cps',
    queries: [fluxQuery(rateByKind('arrivals'))],
  });

const commands = () =>
  stats({
    title: 'Commands',
    description:
      'Of groups that are backends, over the time range. A broadcast is delivered once to each device. Offline: due while its ' +
      'device was not subscribed, and not delivered since. Replied: within the timeout.',
    span: 8,
    queries: [
      fluxQuery(
        totalsOf('stampede_command', ['intended', 'sent', 'delivered', 'offline', 'replied', 'timed_out']),
      ),
    ],
  });

const commandRates = () =>
  timeSeries({
    title: 'Commands and replies',
    description:
      'Delivered below sent: devices are offline, or the service throttles. A broadcast counts once as sent, and once for ' +
      'each device that it is delivered to.',
    span: 8,
    unit: 'cps',
    queries: [
      fluxQuery(ratesOf('stampede_command', ['intended', 'sent', 'delivered', 'replied', 'timed_out'])),
    ],
  });

const presence = () =>
  timeSeries({
    title: 'Presence events',
    description:
      'Connects and disconnects of the run’s devices, as groups that observe presence received them.',
    span: 8,
    unit: 'cps',
    queries: [fluxQuery(ratesOf('stampede_presence', ['connects', 'disconnects']))],
  });

const publishInAgainstQuota = () =>
  timeSeries({
    title: 'PublishIn against the quota',
    description: 'What AWS IoT Core took from devices, over MQTT and HTTPS.',
    span: 8,
    unit: 'cps',
    queries: [
      iotMetric({ name: 'PublishIn.Success', protocol: 'MQTT', id: 'a', hidden: true }),
      iotMetric({ name: 'PublishIn.Success', protocol: 'HTTP', id: 'b', hidden: true }),
      iotExpression('c', 'PublishIn', perSecond('a', 'b')),
      iotExpression('d', 'quota', `TIME_SERIES(${variable('publish_in_quota')})`),
    ],
  }).datasource(cloudWatchDatasource);

const publishOutAgainstQuota = () =>
  timeSeries({
    title: 'PublishOut against the quota',
    description: 'What AWS IoT Core delivered to subscribers: echoes, and any of your own.',
    span: 8,
    unit: 'cps',
    queries: [
      iotMetric({ name: 'PublishOut.Success', protocol: 'MQTT', id: 'a', hidden: true }),
      iotExpression('b', 'PublishOut', perSecond('a')),
      iotExpression('c', 'quota', `TIME_SERIES(${variable('publish_out_quota')})`),
    ],
  }).datasource(cloudWatchDatasource);

const throttledByAws = () =>
  timeSeries({
    title: 'Throttled by AWS',
    description: 'A minute’s sums. A series begins with its first throttle: no data is good news.',
    span: 8,
    queries: [
      iotMetric({ name: 'PublishIn.Throttle', protocol: 'MQTT', id: 'a' }),
      iotMetric({ name: 'PublishIn.Throttle', protocol: 'HTTP', id: 'b' }),
      iotMetric({ name: 'PublishOut.Throttle', protocol: 'MQTT', id: 'c' }),
      iotMetric({ name: 'Connect.Throttle', protocol: 'MQTT', id: 'd' }),
    ],
  }).datasource(cloudWatchDatasource);
