import type { RunLedger } from '../measure/run-ledger.ts';
import { busiestOf } from '../measure/stepped-series.ts';
import { accountOf } from '../plan/account.ts';
import { mqttGroupsOf } from '../plan/groups.ts';
import { isReadByRule } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import { connectionsOfSubscribers, subscriberSlicesOf } from '../plan/subscribers.ts';
import { type Quota, type QuotaName, quotas } from '../targets/aws-iot/quotas.ts';
import { traitsOf } from '../targets/traits-of.ts';
import type { CloudWatchView } from './explanation.ts';
import { outboundUnseen } from './outbound-reconciliation.ts';
import type { QuotaUse } from './usage-model.ts';

/** What a run used of a quota in its busiest second. */
interface Peak {
  readonly peak: number;
  /** Of what the quota counts, as much is known by its number alone, and may have been in the busiest second. */
  readonly more?: number;
}

/**
 * Share of each quota that the run used in its busiest second, by the run's own counters: CloudWatch's minutes hide what
 * happens within them. Refused publishes of clients count too; what was refused on its way to them is known by its number alone.
 */
export function quotaUseOf(plan: Plan, ledger: RunLedger, cloudwatch: CloudWatchView): QuotaUse[] {
  const { limits, live } = accountOf(plan);
  const { busiest, connects, wills = 0 } = ledger;
  const isMqtt = mqttGroupsOf(plan).length > 0;
  const willsEvaluated = isReadByRule(plan) ? wills : 0;
  const willsOut = willsEvaluated + (subscriberSlicesOf(plan) > 0 ? wills : 0);
  const peaks: Readonly<Record<QuotaName, Peak | undefined>> = {
    publishInPerSecond: { peak: busiest.publishesIn },
    publishOutPerSecond: {
      peak: busiest.publishesOut,
      more: outboundUnseen(ledger, cloudwatch) + willsOut,
    },
    ruleEvaluationsPerSecond: { peak: busiest.ruleEvaluations, more: willsEvaluated },
    connectsPerSecond: connects && { peak: busiestOf(connects, 'offered') },
    concurrentConnections: isMqtt
      ? { peak: busiest.connections + otherConnections(plan, ledger) }
      : undefined,
    ...uncounted,
  };
  const counted = traitsOf(plan.target).quotas;
  return (Object.entries(peaks) as [QuotaName, Peak | undefined][]).flatMap(([name, use]) => {
    if (use === undefined || !counted.includes(name)) return [];
    const { peak, more = 0 } = use;
    const quota: Quota = quotas[name];
    const limit = limits[name];
    const { label, unit } = quota;
    return [
      {
        quota: name,
        name: label,
        unit,
        limit,
        isLive: live.includes(name),
        peak,
        ...(more > 0 && { peakAtMost: peak + more }),
        headroom: 1 - peak / limit,
      },
    ];
  });
}

/** Beside devices and backends' clients: the control channel of each slice, and what subscribes. */
function otherConnections(plan: Plan, { slices, generator, subscribers }: RunLedger): number {
  const controls = traitsOf(plan.target).takesControl
    ? Math.min(slices.planned, generator.controlConnects)
    : 0;
  return controls + Math.min(connectionsOfSubscribers(plan), subscribers?.connects ?? 0);
}

/** Quotas whose use no counter of the run's shows by second. */
const uncounted = {
  connectsPerSecondPerClientId: undefined,
  publishesPerSecondPerConnection: undefined,
  bytesPerSecondPerConnection: undefined,
  unacknowledgedPerClient: undefined,
  unacknowledgedOutPerClient: undefined,
  queuedMessagesPerSecond: undefined,
  storedMessagesPerSecondPerClient: undefined,
  subscribesPerSecond: undefined,
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
