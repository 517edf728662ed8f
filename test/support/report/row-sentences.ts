import {
  hasRows,
  isCondition,
  isHead,
  isPlotRow,
  isTile,
  isTrueCause,
  isTrueGroup,
  isTrueKind,
  isTrueLatency,
  isTrueMark,
  isTruePartLatency,
  isTrueQuota,
  isTrueStage,
  isUsage,
  isVerdict,
  millisecondsOf,
} from './row-checks.ts';
import { millisecondsIn, numberIn, type Rule } from './rule.ts';

const markOf: Readonly<Record<string, string>> = {
  '✓ passed': '✓',
  '✗ failed': '✗',
  '? not proven': '?',
  '– not judged': '–',
};

const headings =
  '(?:messages|thresholds|cost|generator|conditions|thresholds measured|quotas peak limit headroom|latency, ms samples min mean p50 p90 p95 p99 p99\\.9 max|messages per second lasts target (?:intended|started|due) sent|kinds intended sent dropped received lost|groups devices connected(?: intended)?(?: started)? sent dropped(?: received lost)?|(?:groups|kinds), ms(?: p50 p99)?(?: acked p50 acked p99)?(?: lag p50 lag p99)?)';

/** Captions, tiles, rows of tables, and the lines of the terminal that are no sentences. */
export const rowRules: readonly Rule[] = [
  [/^(?:title|h2|summary): /, ([text = '']) => !/\d{2}/.test(text) || text.startsWith('title: ')],
  [
    /^figcaption: (?:Latency by percentile|Messages a second|Start lag of the slices|Where the messages went)$/,
    hasRows(({ slices }) => slices.planned > 0),
  ],
  [
    /^figcaption: (end_to_end_latency|puback_round_trip) (?:as a heatmap|over time) \((?:intended → arrival|sent → acknowledgement)\)$/,
    ([, name = ''], _, { latencyMs }) => latencyMs[name as 'connect'].count > 0,
  ],
  [
    /^caption: Latency in milliseconds, by (?:kind|device group)$/,
    hasRows(({ groups = [], kinds = [] }) => groups.length + kinds.length > 0),
  ],
  [/^caption: Messages, by kind$/, hasRows(({ kinds = [] }) => kinds.length > 0)],
  [/^caption: Devices and messages, by device group$/, hasRows(({ groups = [] }) => groups.length > 0)],
  [
    /^caption: Held against (?:CloudWatch, which counts whole minutes and the whole account|Mosquitto’s own counts, which are of all its clients)$/,
    hasRows((r) => r.reconciliation.length > 0),
  ],
  [
    /^caption: Why, and how often$/,
    hasRows(
      (r) =>
        Object.values(r.causes).some((each) => Object.keys(each ?? {}).length > 0) ||
        Object.keys(r.cloudwatch).some((each) => each.endsWith('AuthError')),
    ),
  ],
  [/^caption: What decides the verdict; latencies in milliseconds$/, hasRows((r) => r.thresholds.length > 0)],
  [/^caption: The busiest second against the limits of the account$/, hasRows((r) => r.quotas.length > 0)],
  [/^caption: What was used of what AWS charges for, at list prices$/, hasRows((r) => r.cost !== undefined)],
  [
    /^caption: Under what this run took place; the whole profile is in report\.json$/,
    hasRows((r) => r.conditions !== undefined),
  ],
  [/^caption: Milliseconds, the latest slices first$/, hasRows((r) => r.startLagsMs.length > 0)],
  [/^caption: Milliseconds; one in ([\d,]+) of what is drawn$/, ([, every]) => numberIn(every) > 1],
  [
    /^caption: (?:Milliseconds|Messages a second, by the middle of each stretch|Messages per second, by stage)$/,
    hasRows((r) => r.slices.planned > 0),
  ],
  [/^tile ([^:]*): (.*)$/, isTile],
  [
    /^row of What decides the verdict.* \| Result: (.*) \| Metric: (.*) \| Threshold: (.*?)(?: \(default\))? \| Measured: (.*)$/,
    ([, mark = '', metric = '', expression = '', measured = ''], ...rest) =>
      isTrueMark(markOf[mark] ?? mark, metric, expression, measured)([], ...rest),
  ],
  [
    /^row of The busiest second.* \| Quota: (.*) \| Peak: (.*) \| Limit: (.*?)( \(AWS’s default\))? \| Used: .*\| Headroom: (.*)$/,
    ([, name = '', peak = '', limit = '', mark, headroom = ''], ...rest) =>
      isTrueQuota(name, [peak, limit, headroom], mark !== undefined)([], ...rest),
  ],
  [
    /^row of Milliseconds \| Latency: (connect|reconnect|handover|failover_time|puback_round_trip|end_to_end_latency|rule_latency|transit|echo_latency|downlink_latency|command_round_trip|catch_up_time|send_lag)\S* ?.*? \| samples: (.*)$/,
    ([text = '', name = '', cells = ''], ...rest) =>
      cells.startsWith('0 ') || isTrueLatency([text, name, cells.replace(/\| [^|:]*: /g, '| ')], ...rest),
  ],
  [
    /^row of Milliseconds(?:; one in [\d,]+ of what is drawn)? \| (?:Time|Latency): [^|]* \| (.*)$/,
    isPlotRow,
  ],
  [
    /^row of Messages a second, by the middle of each stretch \| Time: (.*)$/,
    ([, cells = '']) => /^[\d:]+ \|/.test(cells),
  ],
  [
    /^row of Messages per second, by stage \| Stage: .* \| Lasts: (.*) \| Target: (.*) \| (?:Intended|Started|Due): (.*) \| Sent: (.*)$/,
    isTrueStage,
  ],
  [
    /^row of Milliseconds, the latest slices first \| Slice: (\d+) \| Start lag: (.*)$/,
    ([, slice, lag = ''], { slicesKilled }, { startLagsMs }) => {
      const known = startLagsMs[Number(slice)];
      return lag === 'left nothing'
        ? known === null && slicesKilled > 0
        : Math.abs(millisecondsOf(lag) - known!) <= 0.5 + 0.006 * known!;
    },
  ],
  [/^row of Why, and how often \| What: (.*) \| Reasons: (.*)$/, isTrueCause],
  [
    /^row of Latency in milliseconds, by (?:kind|device group) \| (?:Group|Kind): (?:\S+ \/ )?(.*?) \| (.*)$/,
    ([text = '', name = '', cells = ''], ...rest) =>
      isTruePartLatency([text, name, cells.replace(/(^|\| )[^|:]*: /g, '$1')], ...rest),
  ],
  [
    /^row of (?:Devices and messages, by device group \| Group: (?=\S+ \/ )|Messages, by kind \| Kind: )(.*?) \| (.*)$/,
    ([text = '', name = '', cells = ''], ...rest) =>
      isTrueKind([text, name, cells.replace(/(^|\| )[^|:]*: /g, '$1')], ...rest),
  ],
  [
    /^row of Devices and messages, by device group \| Group: (.*?) \| (.*)$/,
    ([text = '', name = '', cells = ''], ...rest) =>
      isTrueGroup([text, name, cells.replace(/(^|\| )[^|:]*: /g, '$1')], ...rest),
  ],
  [/^row of Under what this run took place.* \| Condition: (.*?) \| Of this run: (.*)$/, isCondition],
  [
    /^row of What was used.* \| Line: (.*) \| Forecast: (.*) \| Forecast, \$: (.*) \| Used: (.*) \| Used, \$: (.*)$/,
    isUsage,
  ],
  // `CloudWatch metric`: the sentences have this table, line by line.
  [
    /^row of Held against (?:CloudWatch|Mosquitto).* \| (?:CloudWatch|Mosquitto) metric: [^|]+ \| (?:CloudWatch|Mosquitto): (.*) \| The run’s own counts: (.*)$/,
    ([, sum = '', own = ''], _, { cloudwatch }) =>
      own.startsWith('= ') || Object.keys(cloudwatch).length === 0 || sum === '–',
  ],
  [new RegExp(`^${headings}$`), hasRows(({ slices }) => slices.planned > 0)],
  [/^([✓?✗■]) ([A-Z]+) (\S+)( rehearsal)?$/, isVerdict],
  [
    /^(?:(?:MQTT, client \S+|HTTPS), QoS (?:[012]|mixed)|HTTP\/\S+, [A-Z]+); ([\d,]+) of ([\d,]+) devices (connected|ready)(.*?); ([\d,]+) slices?: (.*)$/,
    isHead,
  ],
  [
    /^([✓✗?–]) (\S+) (\S+?)(?: \(default\))? ((?:nothing|-?[\d.,]+)(?: to -?[\d.,]+| or more)?)$/,
    ([, mark = '', metric = '', expression = '', measured = ''], ...rest) =>
      isTrueMark(mark, metric, expression, measured)([], ...rest),
  ],
  [
    /^(connect|reconnect|handover|failover_time|puback_round_trip|end_to_end_latency|rule_latency|transit|echo_latency|downlink_latency|command_round_trip|catch_up_time|send_lag) ([\d,]+ -?[\d.,]+(?: s)? .*)$/,
    ([text = '', name = '', cells = ''], ...rest) =>
      isTrueLatency([text, name, cells.replace(/ (?=-?[\d.,])/g, ' | ')], ...rest),
  ],
  [
    /^(.*?)(\*)? ((?:[\d,.]+ to )?-?[\d,.]+\S*(?: B\/s| [kKMG]?B\/s)?) ([\d,.]+\S*(?: [kKMG]?B\/s)?) (-?[\d.,]+ %)$/,
    ([, name = '', mark, peak = '', limit = '', headroom = ''], ...rest) =>
      isTrueQuota(name, [peak, limit, headroom], mark !== undefined)([], ...rest),
  ],
  [
    /^(?:stage \d+|\S+ \d+) ((?:[\d.,]+ m?s of )?\S*[a-z]) ([\d.,]+(?: → [\d.,]+)?(?: users?)?(?:, changed)?) ([\d.,]+|–) ([\d.,]+|–)$/,
    isTrueStage,
  ],
  [
    /^users [▁-█ ]*0 to ([\d,]+) active$/,
    ([, most], _, { rates, devices }) =>
      numberIn(most) === rates.peakUsers && numberIn(most) <= devices.planned,
  ],
  [
    /^At most ([\d,]+) (?:users were|user was) active at a time\.$/,
    ([, most], _, { perSecond: { users = [] } }) => numberIn(most) === Math.max(...users),
  ],
  [
    /^sent [▁-█ ]*0 to ([\d,]+) a second$/,
    ([, most], _, { rates }) => numberIn(most) === rates.peakPerSecond,
  ],
  [
    /^end to end [▁-█ ·]*p99 (-?[\d.,]+ m?s) to (-?[\d.,]+ m?s)$/,
    ([, low, high], _, { latencyMs: { end_to_end_latency: all } }) =>
      millisecondsIn(low) <= millisecondsIn(high) &&
      millisecondsIn(high) <= all.max + 0.02 * Math.abs(all.max) + 1,
  ],
  [/^why (.*?): (.*)$/, isTrueCause],
  [/^CloudWatch has no \S+ yet$/, (_, __, { cloudwatch }) => Object.keys(cloudwatch).length === 0],
  [
    /^\$([\d.,]+) used, \$([\d.,]+) forecast\. (?:A rehearsal costs nothing: what the same run would have cost on AWS, at list prices of [\d-]+ in \S+\.|An estimate at list prices of [\d-]+ in \S+, not the bill\.)$/,
    ([text = '', used, forecast], _, { cost }) =>
      Math.abs(numberIn(used) - cost!.totalUsd) <= 0.01 * cost!.totalUsd + 1e-6 &&
      Math.abs(numberIn(forecast) - cost!.forecastUsd) <= 0.01 * cost!.forecastUsd + 1e-6 &&
      text.includes('A rehearsal') === !cost!.isCharged,
  ],
  [/^(target|versions|host|overrides|settings of embedded AWS|faults injected): (.*)$/, isCondition],
  [/^none$/, (_, __, { thresholds }) => thresholds.length === 0],
  [/^and [\d,]+ stages? more$/, (_, __, { rates }) => rates.stages.length > 12],
  [
    /^(\S+) (– –(?: (?:[\d,]+|–)){5,6})$/,
    ([text = '', name = '', cells = ''], ...rest) =>
      isTrueKind([text, name, cells.replace(/ /g, ' | ')], ...rest),
  ],
  [
    /^(\S+) ((?:-?[\d,.]+|–)(?: (?:-?[\d,.]+|–)){1,7})$/,
    ([text = '', name = '', cells = ''], truth, report) => {
      const isTrueCount = report.groups === undefined ? isTrueKind : isTrueGroup;
      const row = [text, name, cells.replace(/ /g, ' | ')];
      return isTrueCount(row, truth, report) || isTruePartLatency(row, truth, report);
    },
  ],
];
