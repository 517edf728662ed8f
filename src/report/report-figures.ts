import type { LatencyName } from '../measure/latency-names.ts';
import type { LatencySummary } from '../measure/latency-summary.ts';
import { formatDuration } from '../shared/duration.ts';
import {
  formatBytes,
  formatCount,
  formatElapsed,
  formatMs,
  formatPlural,
  formatQuantity,
  formatRate,
  formatValue,
} from '../shared/format.ts';
import { describeClockOffset } from './clock-offset.ts';
import { describeConnects } from './connects-report.ts';
import { describeCounts } from './describe-counts.ts';
import type { Report, StageRate } from './report-model.ts';
import type { CostReport, QuotaUse, Throttling } from './usage-model.ts';

/** Latencies that the run can have measured, in their order. */
export function latencyRowsOf({ requests, latencyMs }: Report): readonly LatencyName[] {
  const hasSamples = (name: LatencyName) => (latencyMs[name]?.count ?? 0) > 0;
  if (requests === undefined)
    return latencyOrder.filter((name) => !ofSomeRuns.includes(name) || hasSamples(name));
  return latencyOrder.filter(
    (name) => ['response_time', 'connect', 'send_lag'].includes(name) || hasSamples(name),
  );
}

/** Without samples they say nothing: devices of most runs keep their connections. */
const ofSomeRuns: readonly LatencyName[] = ['reconnect', 'handover', 'failover_time'];

/** From where to where. @param name as it is measured in this run */
export function meaningOf(name: LatencyName, { requests }: Report): string {
  return name === 'connect' && requests !== undefined ? 'socket open → ready' : latencyMeanings[name];
}

/** In the order of importance to users. */
const latencyOrder = [
  'end_to_end_latency',
  'rule_latency',
  'transit',
  'echo_latency',
  'downlink_latency',
  'command_round_trip',
  'catch_up_time',
  'puback_round_trip',
  'pubcomp_round_trip',
  'response_time',
  'connect',
  'reconnect',
  'handover',
  'failover_time',
  'send_lag',
] as const satisfies readonly LatencyName[];

/** From where to where, as docs/measurement.md defines it. */
export const latencyMeanings: Readonly<Record<LatencyName, string>> = {
  end_to_end_latency: 'intended → arrival',
  rule_latency: 'intended → rules engine',
  transit: 'sent → arrival',
  echo_latency: 'intended → own subscription',
  downlink_latency: 'command intended → arrival at a device',
  command_round_trip: 'command sent → reply',
  catch_up_time: 'device back → last stored command',
  puback_round_trip: 'sent → acknowledgement',
  pubcomp_round_trip: 'sent → PUBCOMP',
  response_time: 'sent → last byte of the answer',
  connect: 'socket open → CONNACK',
  reconnect: 'connection missing → CONNACK',
  handover: 'device leaves a leg → CONNACK in the next',
  failover_time: 'failover → CONNACK in the other Region',
  send_lag: 'intended → sent',
};

export const latencyHeadings = ['min', 'mean', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'] as const;

/** Under `latencyHeadings`. */
export function latencyCells(latency: LatencySummary): string[] {
  const { min, mean, p50, p90, p95, p99, p999, max } = latency;
  return [min, mean, p50, p90, p95, p99, p999, max].map(formatMs);
}

/** Cautions about the latencies; empty where there are none. */
export function latencyNotes(report: Report): string[] {
  const { latencyMs } = report;
  const notes = [
    ...describeClockOffset(report),
    ...describeConnects(report.connects, latencyMs.reconnect?.count ?? 0),
  ];
  for (const name of latencyOrder) {
    const { negative, beyondRange } = latencyMs[name] ?? { negative: 0, beyondRange: 0 };
    if (negative > 0)
      notes.push(`${name}: ${formatPlural(negative, 'sample')} below zero, kept as measured.`);
    if (beyondRange > 0) {
      notes.push(`${name}: ${formatPlural(beyondRange, 'sample')} beyond 1 h, 1 h in the percentiles.`);
    }
  }
  return notes;
}

/** `30/s`; `30 to 110/s` where no more than bounds are known. */
export function describePeak({ peak, peakAtMost, unit }: QuotaUse): string {
  const most = peakAtMost === undefined ? '' : ` to ${formatCount(peakAtMost)}`;
  return `${formatCount(peak)}${most}${unit}`;
}

/** What to know of the table of quotas. */
export function quotaNotes({ quotas }: Report): string[] {
  const bounded = quotas.filter(({ peakAtMost }) => peakAtMost !== undefined);
  const counted = (name: string) => quotas.some(({ quota }) => quota === name);
  return [
    // Beside CloudWatch's own count it would otherwise look wrong.
    ...(counted('publishOutPerSecond')
      ? [
          'PublishOut is counted as planned, by the stricter reading of AWS’s quota table: each publish once for each rule and each subscription of the run that matches it. CloudWatch’s PublishOut.Success may count deliveries to clients only.',
        ]
      : []),
    ...bounded.map(
      ({ name, peak, peakAtMost = peak }) =>
        `Of the ${name}, ${formatCount(peakAtMost - peak)} are known by their number and not by their second, such as messages that came to no client: with all of them, the busiest second had ${formatCount(peakAtMost)}.`,
    ),
  ];
}

/** Sentences about refusals, one each; empty if nothing was refused. */
export function describeThrottling(throttling: Throttling): string[] {
  const { publishes, refusals } = throttling;
  const by = refusals.map(({ metric, name, count }) => `${metric} ${formatCount(count)}: ${name}`);
  if (publishes === 0) return by;
  return [
    `${formatCount(publishes)} throttled: ${formatCount(throttling.reported)} answered so, ${formatCount(throttling.unreported)} not answered, by CloudWatch’s count`,
    ...by,
  ];
}

/** `an estimate at list prices of 2026-09 in us-east-1` */
export function describePrices({ isCharged, pricedAt, region }: CostReport): string {
  const prices = `list prices of ${pricedAt} in ${region}`;
  return isCharged
    ? `An estimate at ${prices}, not the bill`
    : `A rehearsal costs nothing: what the same run would have cost on AWS, at ${prices}`;
}

/** How soon after the request to stop a run sent its last publish; empty for a run that was not stopped. */
export function describeSilence({ stop }: Report): string[] {
  if (stop === undefined) return [];
  const { at, lastSentAfterMs } = stop;
  const time = `${at.slice(11, 23)} UTC`;
  if (lastSentAfterMs === null) return [`Stop requested at ${time}, before anything was sent.`];
  return lastSentAfterMs <= 0
    ? [`Stop requested at ${time}; the last publish was before that.`]
    : [`Stop requested at ${time}; the last publish was sent ${formatElapsed(lastSentAfterMs)} later.`];
}

/** `MQTT, client dense, QoS 1`, or `MQTT 3.1.1, …` */
export function describeClient({ protocol, client, qos, mqttVersion, requests }: Report): string {
  if (requests !== undefined) return `HTTP/${requests.version}, ${requests.method}`;
  if (protocol === 'https') return `HTTPS, QoS ${qos}`;
  const version =
    mqttVersion === undefined ? '' : ` ${mqttVersion === 'mixed' ? '3.1.1 and 5' : mqttVersion}`;
  return `MQTT${version}, client ${client}, QoS ${qos}`;
}

/** `4 slices: 3 completed, 1 died` */
export function describeSlices({ slices, execution }: Report): string {
  const outcomes = (['completed', 'stopped', 'failed', 'died'] as const)
    .filter((outcome) => slices[outcome] > 0)
    .map(
      (outcome) =>
        `${formatCount(slices[outcome])} ${outcome === 'died' && execution !== undefined ? 'without an end' : outcome}`,
    );
  return `${formatPlural(slices.planned, 'slice')}: ${outcomes.join(', ')}`;
}

/** Sentences on the generator's CPU, memory and punctuality. */
export function describeGenerator({ generator }: Report): string[] {
  const { cpuSeconds, slices, startLagMs, eventLoopDelayP99Ms, eventLoopDelayMaxMs } = generator;
  return [
    `${formatQuantity(cpuSeconds)} CPU seconds, ${formatPlural(generator.sentPerCpuSecond, 'message')} per CPU second`,
    `memory ${formatBytes(generator.rssBytes)} in ${formatPlural(slices, 'slice')}, ${formatBytes(generator.maxRssBytes)} in the largest, ${formatBytes(generator.bytesPer1000Devices)} per 1,000 devices`,
    `start lag ${formatElapsed(startLagMs)}, event loop delay p99 ${formatElapsed(eventLoopDelayP99Ms)}, max ${formatElapsed(eventLoopDelayMaxMs)}`,
  ];
}

/** How long a stage lasts, its target, and the rates that were due and sent in it. */
export function stageCells(stage: StageRate): string[] {
  const { seconds, ranSeconds, intendedPerSecond, sentPerSecond } = stage;
  const lasts = formatDuration(seconds * 1_000);
  return [
    ranSeconds === undefined ? lasts : `${formatElapsed(ranSeconds * 1_000)} of ${lasts}`,
    describeRamp(stage),
    ...[intendedPerSecond, sentPerSecond].map((rate) => (rate === null ? '–' : formatRate(rate))),
  ];
}

/** `5,000 → 20,000` or `20,000`, messages a second; of a closed model `0 → 500 users`. */
function describeRamp({
  startPerSecond,
  targetPerSecond,
  startUsers,
  targetUsers,
  amended,
}: StageRate): string {
  const changed = amended === undefined ? '' : ', changed';
  if (startUsers !== undefined && targetUsers !== undefined) {
    const users = `${formatPlural(targetUsers, 'user')}${changed}`;
    return startUsers === targetUsers ? users : `${formatCount(startUsers)} → ${users}`;
  }
  const ramp =
    startPerSecond === targetPerSecond
      ? formatValue(targetPerSecond)
      : `${formatValue(startPerSecond)} → ${formatValue(targetPerSecond)}`;
  return `${ramp}${changed}`;
}

/** Reasons of failures, by kind of failure; only kinds that occurred. */
export function causeLines({ causes, cloudwatch, requests }: Report): { what: string; reasons: string }[] {
  const named = {
    dropped: causes.dropped,
    failed: causes.failed,
    'connects failed': causes.connectFailed,
    disconnects: causes.disconnected,
    'echo refused': causes.echoRefused,
    'slices failed': causes.sliceFailed,
    'slices died': causes.sliceDied ?? {},
    unanswered: requests?.unansweredBy ?? {},
  };
  const reported = Object.entries(named)
    .filter(([, counts]) => Object.keys(counts).length > 0)
    .map(([what, counts]) => ({ what, reasons: describeCounts(counts) }));
  // What policies did not allow. At QoS 0 and in MQTT 3.1.1 the device gets no answer: its connection ends.
  const authErrors = Object.entries(cloudwatch).filter(
    ([metric, count]) => metric.endsWith('.AuthError') && count > 0,
  );
  if (authErrors.length === 0) return reported;
  const reasons = `${describeCounts(Object.fromEntries(authErrors))} (CloudWatch)`;
  return [...reported, { what: 'not authorized', reasons }];
}

/** Where to find more about slices that failed or died; empty where none did. */
export function describeSliceLogs({ slices, protocol }: Report): string[] {
  if (slices.failed + slices.died === 0) return [];
  const name = protocol === 'https' ? 'publish-http' : 'publish-mqtt';
  return [`What slices printed before they ended is in the log of the function ${name}.`];
}

/** What was sent in the busiest second. */
export function describeBusiestSecond({ rates, perSecond }: Report): string {
  return `${perSecond.peaksAreBounds ? 'at most ' : ''}${formatCount(rates.peakPerSecond)}`;
}
