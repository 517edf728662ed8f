import { sumBy } from '../shared/counts.ts';
import { formatDuration } from '../shared/duration.ts';
import { exitCodes, type InputError, StampedeError } from '../shared/errors.ts';
import { formatQuantity, formatUsd } from '../shared/format.ts';
import { nameDefaults } from '../targets/aws-iot/default-limits.ts';
import { type AnyQuotaName, describeQuota } from '../targets/aws-iot/quotas.ts';
import { type CostEstimate, costLines } from './cost.ts';
import { commandsPerConnection, peakOfDownlink } from './downlink-load.ts';
import { type Downlink, downlinksOf } from './downlinks.ts';
import { groupsOf, mqttGroupsOf, settingOf } from './groups.ts';
import type { Plan } from './plan.ts';
import { mostEventsPerSecond, observingGroupOf } from './presence.ts';
import { isUnread, type QuotaForecast } from './quota-forecast.ts';
import { loadSettingOf } from './search/search-forecast.ts';
import { storedPerSecond } from './stored-commands.ts';
import { streamBatches } from './stream-reading.ts';

/** The plan is past the profile's own `limits`, or past a limit that nothing lifts. Exit code 3. */
export class RefusedByPreflightError extends StampedeError {
  readonly errors: readonly InputError[];

  /**
   * @param canForce false: it could not run to its end, whatever the profile allows
   * @param subject what is refused
   */
  constructor(
    errors: readonly InputError[],
    {
      canForce = true,
      subject = 'this run',
    }: { readonly canForce?: boolean; readonly subject?: string } = {},
  ) {
    const lines = errors.map((error) => `  ${error.path}: ${error.message}\n    → ${error.hint ?? ''}`);
    // All of it is the message: of an error in the plan function, nothing else comes back.
    const remedy = canForce
      ? ['  → or run it all the same: --force, or limits.enforce false in the profile']
      : [];
    super('RefusedByPreflight', [`Preflight refuses ${subject}:`, ...lines, ...remedy].join('\n'), {
      exitCode: exitCodes.refusedByPreflight,
    });
    // The name of the error in the execution.
    this.name = 'RefusedByPreflight';
    this.errors = errors;
  }
}

/** The setting that lowers a plan's use of a quota. Undefined: no plan is refused for it. */
const remedies: Readonly<Record<AnyQuotaName, string | undefined>> = {
  publishInPerSecond: 'stages',
  publishOutPerSecond: 'echo.fraction',
  connectsPerSecond: 'connect.ratePerSecond',
  concurrentConnections: 'devices',
  publishesPerSecondPerConnection: 'devices',
  bytesPerSecondPerConnection: 'publish.sizeBytes',
  subscribesPerSecond: 'echo.fraction',
  ruleEvaluationsPerSecond: 'stages',
  sharedSubscriptionsPerGroup: 'stages',
  queueReadsPerSecond: 'stages',
  streamRecordsPerSecond: 'stages',
  lambdaConcurrency: 'slices.devicesPerSlice',
  publishConcurrency: 'slices.devicesPerSlice',
  lambdaSeconds: 'stages',
  mapChildren: 'slices.devicesPerSlice',
  statePayloadBytes: 'publish.payload',
  retainedPublishesPerSecond: 'publish.retain',
  retainedPublishesPerSecondPerTopic: 'publish.retain',
  queuedMessagesPerSecond: 'command',
  storedMessagesPerSecondPerClient: undefined,
  connectsPerSecondPerClientId: undefined,
  unacknowledgedPerClient: undefined,
  unacknowledgedOutPerClient: undefined,
  subscriptionsPerConnection: undefined,
  subscriptionsPerSubscribe: undefined,
  fileDescriptors: undefined,
};

/** What one backend takes of a quota in its busiest second; of other quotas commands take no part that is known. */
const commandParts: Partial<Record<AnyQuotaName, (plan: Plan, downlink: Downlink) => number>> = {
  publishInPerSecond: (_, downlink) => {
    const { commands, replies } = peakOfDownlink(downlink);
    return commands + replies;
  },
  publishOutPerSecond: (_, downlink) => {
    const { deliveries, replies } = peakOfDownlink(downlink);
    return deliveries + replies;
  },
  publishesPerSecondPerConnection: (plan, { sender }) => commandsPerConnection(plan, sender),
  queuedMessagesPerSecond: storedPerSecond,
};

/** The backend that takes more of a quota than any other, and than the devices; undefined: none does. */
function largestBackend({ quota, peak }: QuotaForecast, plan: Plan): Downlink | undefined {
  const partOf = commandParts[quota];
  if (partOf === undefined) return undefined;
  const parts = downlinksOf(plan).map((downlink) => ({ downlink, part: partOf(plan, downlink) }));
  const [largest] = parts.toSorted((a, b) => b.part - a.part);
  const ofDevices = peak - sumBy(parts, ({ part }) => part);
  return largest !== undefined && largest.part > ofDevices ? largest.downlink : undefined;
}

/** The setting that lowers the use of a quota, where no backend uses the most of it. */
function remedyOf(forecast: QuotaForecast, plan: Plan): string {
  const setting = settingFor(forecast, plan);
  const isOfLoad = setting === 'stages' || (setting === 'connect.ratePerSecond' && searchesConnects(plan));
  return isOfLoad ? loadSettingOf(plan) : setting;
}

/** Whether a search makes the most connects a second, and not the devices that connect before it. */
function searchesConnects(plan: Plan): boolean {
  const { search } = plan.profile;
  const beforehand = sumBy(mqttGroupsOf(plan), ({ profile }) => profile.connect.ratePerSecond);
  return search?.of === 'connects' && search.to >= beforehand;
}

function settingFor({ quota, peak }: QuotaForecast, plan: Plan): string {
  const isWithoutEchoes = groupsOf(plan).every(({ profile }) => profile.echo.fraction === 0);
  if (isWithoutEchoes && quota === 'publishOutPerSecond') return 'stages';
  if (isWithoutEchoes && quota === 'subscribesPerSecond') return 'connect.ratePerSecond';
  const observing = observingGroupOf(plan);
  const isOfEvents =
    observing !== undefined && peak === mostEventsPerSecond(plan) / observing.profile.devices;
  if (isOfEvents && quota === 'publishesPerSecondPerConnection') return settingOf(observing, 'devices');
  return remedies[quota] ?? 'limits.quotaShare';
}

/** A quota of which the plan would use more than it is allowed to. */
export function refuseQuota(forecast: QuotaForecast, plan: Plan): InputError {
  const { account } = plan;
  const quota = describeQuota(forecast.quota);
  const raise =
    quota.raise ??
    `have the quota raised${quota.live === undefined ? '' : ` (Service Quotas ${quota.live.quotaCode})`}`;
  const backend = largestBackend(forecast, plan);
  const share = Math.round((forecast.allowed / forecast.limit) * 100);
  // A larger limit than the one that refuses may be in force.
  const unread =
    account?.region === undefined || !isUnread(forecast)
      ? ''
      : `. The quota is one of ${nameDefaults(account.region)}: yours was not read (servicequotas:GetServiceQuota)`;
  const allowed = `${formatQuantity(forecast.allowed)}${forecast.unit}`;
  return {
    path: backend ? settingOf(backend.sender, 'command') : remedyOf(forecast, plan),
    message: `${forecast.name}: ${formatQuantity(forecast.peak)}${forecast.unit} planned, and ${
      quota.adjustable
        ? `${share}% of ${quota.raise === undefined ? 'the quota of ' : ''}${formatQuantity(forecast.limit)}${forecast.unit} is ${allowed}`
        : `the limit is ${allowed}`
    }`,
    hint: quota.adjustable
      ? `bring it to ${allowed}, ${raise}, or allow a larger limits.quotaShare${unread}`
      : quota.raise === undefined
        ? `bring it to ${allowed}: AWS does not raise this one`
        : `bring it to ${allowed} with more devices in a slice, or ${quota.raise}`,
  };
}

/** What the arrivals queue holds before a run begins. */
export interface Leftovers {
  /** Messages of earlier runs, or of runs that are under way. */
  readonly messages: number;
  /** How fast the queue's readers are sure to take them. */
  readonly readPerSecond: number;
  readonly queueUrl: string;
}

/** Messages in the queue that its readers will not have read when this run begins to publish: its own would wait for them. */
export function refuseLeftovers(
  { timeline }: Pick<Plan, 'timeline'>,
  { messages, readPerSecond, queueUrl }: Leftovers,
): InputError[] {
  const readingMs = (messages / readPerSecond) * 1_000;
  if (readingMs <= timeline.publishAt - timeline.createdAt) return [];
  const duration = formatDuration(Math.ceil(readingMs / 1_000) * 1_000);
  return [
    {
      path: 'arrivals queue',
      message: `${formatQuantity(messages)} messages of other runs are not read yet, and reading them may take ${duration}: this run’s arrivals would be read after them`,
      hint: `start it in ${duration}, or delete them, which those runs’ reports then miss: aws sqs purge-queue --queue-url ${queueUrl}`,
    },
  ];
}

/**
 * A stream whose reader is behind it by more than there is until this run publishes: each shard is read in order.
 * @param lag how far behind, milliseconds, and the minute it was so in, epoch milliseconds
 */
export function refuseLag(
  { timeline }: Pick<Plan, 'timeline'>,
  { ageMs, minuteAt }: { readonly ageMs: number; readonly minuteAt: number },
): InputError[] {
  if (ageMs <= timeline.publishAt - timeline.createdAt) return [];
  const duration = formatDuration(Math.ceil(ageMs / 1_000) * 1_000);
  return [
    {
      path: 'arrivals stream',
      message: `measure-latency was up to ${duration} behind the stream at ${new Date(minuteAt).toISOString().slice(11, 16)} UTC (Lambda’s IteratorAge): each shard is read in order, so this run’s arrivals would be read after what other runs left`,
      hint: `start it once IteratorAge has fallen, which CloudWatch shows a minute or two later; what is older than ${formatDuration(streamBatches.maximumAgeSeconds * 1_000)} is given up`,
    },
  ];
}

/** A forecast above the profile's ceiling; nothing where it has none. */
export function refuseCost({ profile, load }: Plan, { lines, totalUsd }: CostEstimate): InputError[] {
  const { maxCostUsd } = profile.limits;
  if (maxCostUsd === undefined || totalUsd <= maxCostUsd) return [];
  const loadUsd = lines.reduce((sum, { line, usd }) => sum + (costLines[line].growsByMessage ? usd : 0), 0);
  const restUsd = totalUsd - loadUsd;
  // What a message costs is the same for each but at the tiers' edges; what the rest costs stays.
  const messages = Math.floor(load.messages * ((maxCostUsd - restUsd) / loadUsd));
  const dearest = lines.reduce((most, next) => (next.usd > most.usd ? next : most));
  const ofSearch = 'lower search.to or shorten the search';
  const fewer =
    profile.search?.of === 'connects'
      ? ofSearch
      : messages >= 1
        ? `${profile.search === undefined ? 'lower the rate or shorten the run' : ofSearch}, to about ${formatQuantity(threeDigits(messages))} messages from ${formatQuantity(load.messages)}`
        : `use fewer devices, or shorten the ${profile.search === undefined ? 'run' : 'search'}: without a single message it costs ${formatUsd(restUsd)}`;
  return [
    {
      path: 'limits.maxCostUsd',
      message: `${formatUsd(totalUsd)} forecast (of it ${formatUsd(dearest.usd)} for ${dearest.name}), and the ceiling is ${formatUsd(maxCostUsd)}`,
      hint: `${fewer}; or allow more (--max-cost ${Math.ceil(totalUsd * 100) / 100})`,
    },
  ];
}

/** Rounded down: what is promised to fit fits. */
function threeDigits(count: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 2);
  return Math.floor(count / step) * step;
}
