import type { RunLedger } from '../measure/run-ledger.ts';
import { busiestOf } from '../measure/stepped-series.ts';
import { accountOf } from '../plan/account.ts';
import type { Plan } from '../plan/plan.ts';
import { preflight } from '../plan/preflight.ts';
import { formatCount, formatShare } from '../shared/format.ts';
import type { IotMetricName } from '../targets/aws-iot/cloudwatch-metrics.ts';
import { type QuotaName, quotas } from '../targets/aws-iot/quotas.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { type CloudWatchView, cloudWatchSum } from './explanation.ts';
import type { BindingQuota, QuotaRefusals, QuotaUse, Throttling } from './usage-model.ts';

/**
 * What was refused for a quota. The ledger counts the refusals that devices received. A throttled MQTT publish gets no
 * answer: only CloudWatch's PublishIn.Throttle says how many of the unacknowledged (QoS 0: of the lost) were throttled.
 */
export function throttlingOf(plan: Plan, ledger: RunLedger, cloudwatch: CloudWatchView): Throttling {
  const { messages, acknowledged } = ledger;
  const answered = messages.throttled;
  const unanswered = acknowledged ? messages.unacknowledged : messages.lost;
  const beyond = (cloudWatchSum(cloudwatch, 'PublishIn.Throttle') ?? 0) - answered;
  const unseen = Math.min(Math.max(0, beyond), unanswered);
  return {
    reported: answered,
    unreported: unseen,
    publishes: answered + unseen,
    refusals: refusalsOf(plan, ledger, cloudwatch),
  };
}

/** By quota, the most refusals first; CloudWatch's own counts, whole minutes and whole account. */
function refusalsOf(
  plan: Plan,
  { perSecond, messages, generator }: RunLedger,
  cloudwatch: CloudWatchView,
): QuotaRefusals[] {
  const count = (metric: IotMetricName) => cloudWatchSum(cloudwatch, metric) ?? 0;
  const { limits } = accountOf(plan);
  // Beside the devices, every slice has its control channel.
  const isFull = busiestOf(perSecond, 'connected') + generator.slices >= limits.concurrentConnections;
  // Throttle.Exceeded counts what a connection's own limit refused; PublishIn.Throttle has that, and the account's.
  const ofConnections = count('Throttle.Exceeded');
  const publishes = Math.max(count('PublishIn.Throttle'), messages.throttled);
  // Where two quotas have one metric, or a part of it, their shares of it.
  const shares: Partial<Record<QuotaName, number>> = {
    publishInPerSecond: publishes - ofConnections,
    [isFull ? 'connectsPerSecond' : 'concurrentConnections']: 0,
  };
  const counted = traitsOf(plan.target).quotas;
  return (Object.keys(refusalMetrics) as QuotaName[])
    .flatMap((quota) => {
      const metric = refusalMetrics[quota];
      if (metric === undefined || !counted.includes(quota)) return [];
      return [{ quota, name: quotas[quota].label, metric, count: shares[quota] ?? count(metric) }];
    })
    .filter((refused) => refused.count > 0)
    .sort((a, b) => b.count - a.count);
}

/** Planned use counts beside the measured one where no counter of the run's, nor of AWS's, sees the quota. */
const plannedOnly: readonly QuotaName[] = ['bytesPerSecondPerConnection', 'publishesPerSecondPerConnection'];

/** The quota that refused the most; where none did, the one with the least headroom. Undefined: the target has none. */
export function bindingQuotaOf(
  plan: Plan,
  used: readonly QuotaUse[],
  { refusals }: Throttling,
  cloudwatch: CloudWatchView,
): BindingQuota | undefined {
  const isKnown = Object.keys(cloudwatch.sums).length > 0;
  const [most] = refusals;
  if (most !== undefined) {
    const { quota, name, metric, count } = most;
    return { quota, name, sentence: `${name} bound: ${formatCount(count)} refused (${metric})` };
  }
  const planned = preflight(plan).quotas.flatMap((forecast) => {
    const quota = plannedOnly.find((name) => name === forecast.quota);
    return quota === undefined ? [] : [{ ...forecast, quota }];
  });
  const [nearest] = [...used, ...planned].toSorted((a, b) => a.headroom - b.headroom);
  if (nearest === undefined) return undefined;
  const { quota, name, headroom } = nearest;
  const byPlan = plannedOnly.includes(quota) ? ' by the plan' : '';
  const measured =
    headroom < 0
      ? `${name}: ${formatShare(-headroom)} more than the limit${byPlan}`
      : `${name} is nearest to its limit, with ${formatShare(headroom)} headroom${byPlan}`;
  // Nothing counts what another account's service refused.
  if (traitsOf(plan.target).serviceCounts !== 'cloudwatch') return { quota, name, sentence: measured };
  const refused =
    headroom < 0
      ? describeExcess(quota, isKnown)
      : isKnown
        ? 'nothing was refused for a quota'
        : 'CloudWatch has no data yet of what was refused';
  return { quota, name, sentence: `${measured}; ${refused}` };
}

/** CloudWatch's metric that counts what a quota refused. Undefined: none does. */
const refusalMetrics: Readonly<Record<QuotaName, IotMetricName | undefined>> = {
  publishInPerSecond: 'PublishIn.Throttle',
  publishesPerSecondPerConnection: 'Throttle.Exceeded',
  publishOutPerSecond: 'PublishOut.Throttle',
  connectsPerSecond: 'Connect.Throttle',
  concurrentConnections: 'Connect.Throttle',
  connectsPerSecondPerClientId: 'Connect.ClientIDThrottle',
  subscribesPerSecond: 'Subscribe.Throttle',
  ruleEvaluationsPerSecond: 'RuleMessageThrottled',
  queuedMessagesPerSecond: 'Queued.Throttle',
  storedMessagesPerSecondPerClient: undefined,
  bytesPerSecondPerConnection: undefined,
  unacknowledgedPerClient: undefined,
  unacknowledgedOutPerClient: undefined,
  subscriptionsPerConnection: undefined,
  subscriptionsPerSubscribe: undefined,
  sharedSubscriptionsPerGroup: undefined,
  retainedPublishesPerSecond: undefined,
  retainedPublishesPerSecondPerTopic: undefined,
  lambdaConcurrency: undefined,
  lambdaSeconds: undefined,
  fileDescriptors: undefined,
  mapChildren: undefined,
  statePayloadBytes: undefined,
};

/** What happened to the load above a limit for which CloudWatch shows no refusals. */
function describeExcess(quota: QuotaName, isKnown: boolean): string {
  if (quota === 'bytesPerSecondPerConnection') return 'the excess is delayed, which no metric counts';
  const metric = refusalMetrics[quota];
  if (metric === undefined) return 'no metric counts what was refused';
  return isKnown
    ? `the service refused none of it (${metric} 0)`
    : `CloudWatch has no data yet of what was refused (${metric})`;
}
