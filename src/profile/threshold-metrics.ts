/**
 * Every metric a threshold may judge: the one table that the profile's check and the report's evaluation share.
 *
 * | kind | aggregations | value |
 * |---|---|---|
 * | latency | `p(N)` `avg` `min` `max` `med` | milliseconds |
 * | | `count` | samples |
 * | counter | `count` | messages, devices, slices |
 * | | `rate` | share of `shareOf`, 0–1 |
 * | throughput | `rate` | a second, mean over the publishing time |
 * | gauge | `value` | in the unit of its name |
 * | cloudwatch | `count` | CloudWatch's own sum over the run |
 */
export type MetricKind = 'latency' | 'counter' | 'throughput' | 'gauge' | 'cloudwatch';

export interface ThresholdMetric {
  readonly kind: MetricKind;
  readonly help: string;
  /** It waits for messages in flight, or for slices to end: before the end of the run nothing can be said of it. */
  readonly isKnownAtEndOnly?: true;
  /** It is measured by time, so that its slope over the run is known. */
  readonly hasSlope?: true;
}

/** A field of the report that counts, and the field its `rate` is a share of. */
export interface CounterMetric extends ThresholdMetric {
  readonly kind: 'counter';
  /** Path in the report, such as `messages.lost`, or `observers.echo.lost` for one observer. */
  readonly counts: string;
  /** Path of what is taken off that count. */
  readonly less?: string;
  readonly shareOf: string;
}

/** A field of the report that is one number. */
export interface GaugeMetric extends ThresholdMetric {
  readonly kind: 'gauge';
  /** Path in the report, such as `generator.startLagMs`. */
  readonly reads: string;
}

export type Aggregation = 'p' | 'avg' | 'min' | 'max' | 'med' | 'count' | 'rate' | 'value';

export const aggregationsOf: Readonly<Record<MetricKind, readonly Aggregation[]>> = {
  latency: ['p', 'avg', 'min', 'max', 'med', 'count'],
  counter: ['count', 'rate'],
  throughput: ['rate'],
  gauge: ['value'],
  cloudwatch: ['count'],
};

function latency(help: string): ThresholdMetric {
  return { kind: 'latency', help };
}

function latencyByTime(help: string): ThresholdMetric {
  return { ...latency(help), hasSlope: true };
}

function counter(counts: string, shareOf: string, help: string): CounterMetric {
  return { kind: 'counter', counts, shareOf, help };
}

function counterAtEnd(counts: string, shareOf: string, help: string): CounterMetric {
  return { ...counter(counts, shareOf, help), isKnownAtEndOnly: true };
}

function gauge(reads: string, help: string): GaugeMetric {
  return { kind: 'gauge', reads, help };
}

/** A test holds the latencies of this table equal to `measure/latency-names.ts`. */
export const thresholdMetrics = {
  connect: latency('socket open → CONNACK'),
  reconnect: latency(
    'connection missing → CONNACK, of devices that had lost it, that come back, or that take the place of another',
  ),
  handover: latency('a device leaves a leg of its slice → CONNACK in the next'),
  failover_time: latency('failover → CONNACK in the other Region'),
  puback_round_trip: latencyByTime('sent → acknowledgement'),
  pubcomp_round_trip: latencyByTime('sent → PUBCOMP, at QoS 2'),
  end_to_end_latency: latencyByTime('intended → arrival at the subscriber'),
  rule_latency: latency("intended → the rules engine's timestamp()"),
  transit: latency('sent → arrival'),
  echo_latency: latency('intended → own subscription'),
  downlink_latency: latency('command intended → arrival at a device'),
  command_round_trip: latency('command sent → its reply'),
  catch_up_time: latency('a device is back → the last command came that its session had kept'),
  response_time: latencyByTime('sent → last byte of the answer to a request'),
  send_lag: latency("intended → sent: the generator's own lateness"),

  intended_messages: counter('messages.intended', 'messages.intended', 'publishes whose turn came'),
  sent_messages: counter('messages.sent', 'messages.intended', 'publishes sent'),
  dropped_messages: {
    ...counter('messages.dropped', 'messages.intended', 'intended, never sent'),
    hasSlope: true,
  },
  acked_messages: counterAtEnd('messages.acked', 'messages.sent', 'publishes acknowledged'),
  throttled_messages: counter(
    'messages.throttled',
    'messages.sent',
    'publishes refused for a quota, with an answer or (CloudWatch) without',
  ),
  failed_messages: counter('messages.failed', 'messages.sent', 'publishes that failed'),
  unacknowledged_messages: counterAtEnd(
    'messages.unacknowledged',
    'messages.sent',
    'no acknowledgement in time',
  ),
  requests: counter('messages.sent', 'messages.intended', 'requests sent; of one status, answered so'),
  arrivals: counterAtEnd('messages.arrivals', 'messages.sent', 'arrivals, duplicates among them'),
  received_messages: counterAtEnd('messages.received', 'messages.sent', 'arrived at least once'),
  duplicate_messages: counter('messages.duplicates', 'messages.sent', 'arrivals beyond the first'),
  lost_messages: {
    ...counterAtEnd('messages.lost', 'messages.sent', 'sent, never arrived'),
    hasSlope: true,
  },
  not_read_messages: counterAtEnd('messages.notRead', 'messages.sent', "still in the subscriber's queue"),
  dead_lettered_messages: counterAtEnd(
    'messages.deadLettered',
    'messages.sent',
    "given up: in the dead-letter queue, or in the rule's error queue",
  ),

  dropped_commands: counter('downlink.dropped', 'downlink.intended', 'commands intended, never sent'),
  delivered_commands: counterAtEnd(
    'downlink.delivered',
    'downlink.due',
    'deliveries of commands to devices: one for each device that a command is for',
  ),
  offline_commands: counterAtEnd(
    'downlink.offline',
    'downlink.due',
    'deliveries that were due while their device was not subscribed, and did not come',
  ),
  throttled_commands: counterAtEnd(
    'downlink.throttled',
    'downlink.due',
    'deliveries that did not come, and that the service counts as refused for a quota',
  ),
  lost_commands: counterAtEnd(
    'downlink.lost',
    'downlink.due',
    'deliveries that did not come for no such reason',
  ),
  timed_out_replies: counterAtEnd(
    'downlink.replies.timedOut',
    'downlink.replies.due',
    'replies that did not come within command.replyTimeout',
  ),

  devices_connected: counter('devices.connected', 'devices.planned', 'devices that connected'),
  // Not `devices.connectFailed`: a device tries again, and each attempt that fails counts there.
  devices_not_connected: {
    ...counter('devices.planned', 'devices.planned', 'devices that never connected'),
    less: 'devices.connected',
  },
  connects_failed: counter('devices.connectFailed', 'devices.planned', 'attempts to connect that failed'),
  reconnects: counter('devices.reconnects', 'devices.planned', 'connections made again'),
  slices_died: counterAtEnd('slices.died', 'slices.planned', 'slices that left no complete result'),
  slices_failed: counterAtEnd('slices.failed', 'slices.planned', 'slices of which no device connected'),

  throughput: { kind: 'throughput', help: 'acknowledged publishes a second' },
  peak_rate: gauge('rates.peakPerSecond', 'publishes sent in the busiest second'),
  active_users: gauge('rates.peakUsers', 'users active at the same time, where there were most'),
  time_to_recover: {
    ...gauge(
      'storms.timeToRecoverSeconds',
      'from a disconnect until 99 % of the group are connected, seconds; the longest of all disconnects',
    ),
    isKnownAtEndOnly: true,
  },
  attempts_per_connect: {
    ...gauge('connects.attemptsPerSuccess', 'attempts to connect for each that succeeded'),
    isKnownAtEndOnly: true,
  },
  start_lag: gauge('generator.startLagMs', 'how late the last slice was ready, milliseconds'),
  event_loop_delay: gauge('generator.eventLoopDelayP99Ms', "the generator's event loop, p99, milliseconds"),
  cpu_share: gauge('generator.peakCpuShare', 'of one vCPU, of the busiest slice in its busiest second'),
  memory: {
    ...gauge('generator.maxRssBytes', 'resident memory of the slice that used the most, bytes'),
    hasSlope: true,
  },
  cost: { ...gauge('cost.totalUsd', 'estimate of what was used, US dollars'), isKnownAtEndOnly: true },
} as const satisfies Record<string, ThresholdMetric | CounterMetric | GaugeMetric>;

export type ThresholdMetricName = keyof typeof thresholdMetrics;

/** The plain words of the glossary stand for the same counters: `dropped` is `dropped_messages`. */
export const thresholdMetricAliases: Readonly<Record<string, ThresholdMetricName>> = {
  sent: 'sent_messages',
  dropped: 'dropped_messages',
  acked: 'acked_messages',
  throttled: 'throttled_messages',
  failed: 'failed_messages',
  unacknowledged: 'unacknowledged_messages',
  received: 'received_messages',
  duplicates: 'duplicate_messages',
  lost: 'lost_messages',
  not_read: 'not_read_messages',
  dead_lettered: 'dead_lettered_messages',
};

/** `cloudwatch.PublishIn.Throttle`: a metric of the message broker's, spelled as AWS spells it. */
export const cloudWatchPrefix = 'cloudwatch.';
const cloudWatchCount: ThresholdMetric = { kind: 'cloudwatch', help: "CloudWatch's own sum over the run" };

/** Of commands: known where the profile has a backend. */
export function isOfCommands(name: string): boolean {
  const metric = thresholdMetricOf(name);
  if (metric !== undefined && 'counts' in metric) return metric.counts.startsWith('downlink.');
  return ['downlink_latency', 'command_round_trip', 'catch_up_time'].includes(splitSelector(name).metric);
}

/** Whether each device group has its own: latencies, throughput, counts of messages and devices. */
export function isMeasuredByGroup(metric: ThresholdMetric | CounterMetric | GaugeMetric): boolean {
  if (metric.kind === 'counter') return 'counts' in metric && !/^(slices|downlink)\./.test(metric.counts);
  return metric.kind === 'latency' || metric.kind === 'throughput';
}

/** Latencies that kinds of message have of their own: those that end where a message arrives, its acknowledgement and its send lag. */
const latenciesByKind: readonly string[] = [
  'end_to_end_latency',
  'rule_latency',
  'transit',
  'puback_round_trip',
  'pubcomp_round_trip',
  'send_lag',
] satisfies ThresholdMetricName[];

/** Whether each kind of message has its own: latencies of arrivals, throughput, counts of messages. */
export function isMeasuredByKind(name: string): boolean {
  const metric = thresholdMetricOf(name);
  switch (metric?.kind) {
    case 'counter':
      return 'counts' in metric && metric.counts.startsWith('messages.');
    case 'latency':
      return latenciesByKind.includes(splitSelector(name).metric);
    default:
      return metric?.kind === 'throughput';
  }
}

/**
 * What a threshold judges: the whole run, unless it says a device group, a kind of message (of that group, or of all that have
 * it), or a status of answers (`500`, `5xx`).
 */
export interface ThresholdSelector {
  readonly metric: string;
  readonly group?: string;
  readonly kind?: string;
  readonly status?: string;
}

/** `lost_messages{group:meters,kind:alarm}` → `lost_messages`, `meters` and `alarm`; `response_time{status:500}` likewise. */
export function splitSelector(name: string): ThresholdSelector {
  const [, metric, list] = /^([^{]+)\{([^{}]+)\}$/.exec(name) ?? [];
  if (metric === undefined || list === undefined) return { metric: name };
  const entries = list.split(',').map((part) => /^\s*(group|kind|status):([^:]+?)\s*$/.exec(part)?.slice(1));
  const selected = Object.fromEntries(entries.filter((entry) => entry !== undefined));
  const count = Object.keys(selected).length;
  const isMixed = selected.status !== undefined && count > 1;
  return count < entries.length || isMixed ? { metric: name } : { metric, ...selected };
}

/** The part of a run that a threshold judges, as a key: `group:meters,kind:alarm`. Empty: the whole run. */
export function partKeyOf({ group, kind }: Omit<ThresholdSelector, 'metric'>): string {
  return [
    ...(group === undefined ? [] : [`group:${group}`]),
    ...(kind === undefined ? [] : [`kind:${kind}`]),
  ].join(',');
}

/** Metrics that are also known by status of the answer. */
export const statusMetrics = ['response_time', 'requests'] as const satisfies readonly ThresholdMetricName[];

/** Whether a status is what a selector means: `500` or `5xx`. */
export function isStatusOf(selector: string, status: number): boolean {
  return selector === String(status) || selector === `${Math.floor(status / 100)}xx`;
}

/** The metric of that name or alias, with or without a selector; undefined where there is none. */
export function thresholdMetricOf(
  selected: string,
): ThresholdMetric | CounterMetric | GaugeMetric | undefined {
  const { metric: name } = splitSelector(selected);
  if (name.startsWith(cloudWatchPrefix)) return cloudWatchCount;
  const known = Object.hasOwn(thresholdMetricAliases, name) ? thresholdMetricAliases[name] : name;
  return known !== undefined && Object.hasOwn(thresholdMetrics, known)
    ? thresholdMetrics[known as ThresholdMetricName]
    : undefined;
}

/** Every name a profile may use, for hints. */
export function thresholdMetricNames(): string[] {
  return [...Object.keys(thresholdMetrics), ...Object.keys(thresholdMetricAliases)];
}
