import type { RunLedger } from '../measure/run-ledger.ts';
import { accountOf } from '../plan/account.ts';
import { downlinksOf } from '../plan/downlinks.ts';
import { deviceGroupsOf, mqttGroupsOf } from '../plan/groups.ts';
import { isBasicIngest, kindsOf } from '../plan/kinds.ts';
import type { Plan } from '../plan/plan.ts';
import { observedGroupsOf } from '../plan/presence.ts';
import { type Quota, type QuotaName, quotas } from '../targets/aws-iot/quotas.ts';
import { traitsOf } from '../targets/traits-of.ts';
import type { QuotaUse } from './usage-model.ts';

/**
 * Share of each quota that the run used in its busiest second, by the run's own counters: CloudWatch's minutes hide what
 * happens within them. Refused requests count too.
 */
export function quotaUseOf(plan: Plan, ledger: RunLedger): QuotaUse[] {
  const { limits, live } = accountOf(plan);
  const { sent, connected, echoed } = ledger.perSecond;
  const { connects } = ledger;
  const publishes = Math.max(0, ...sent);
  const isMqtt = mqttGroupsOf(plan).length > 0;
  const uncountedToo = uncountedBySecond(plan);
  // Of messages of devices it is counted as it was planned (`quotaAssumptions`): the rule's match of each publish, and each echo that a
  // device received. Publishes are not counted by kind and second: of a run with Basic Ingest beside other messages it is an upper bound.
  const matched = deviceGroupsOf(plan).flatMap(kindsOf).every(isBasicIngest) ? 0 : 1;
  const outbound = sent.map((count, i) => count * matched + (echoed[i] ?? 0));
  const peaks: Readonly<Record<QuotaName, number | undefined>> = {
    publishInPerSecond: publishes,
    publishOutPerSecond: Math.max(0, ...outbound),
    ruleEvaluationsPerSecond: publishes,
    connectsPerSecond: connects && Math.max(0, ...connects.offered),
    concurrentConnections: isMqtt ? Math.max(0, ...connected) : undefined,
    ...uncounted,
  };
  const counted = traitsOf(plan.target).quotas;
  return (Object.entries(peaks) as [QuotaName, number | undefined][]).flatMap(([name, peak]) => {
    if (peak === undefined || !counted.includes(name) || uncountedToo.includes(name)) return [];
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
        headroom: 1 - peak / limit,
      },
    ];
  });
}

/** Quotas that commands, replies or presence events take part in: no counter of the run's shows those by second. */
export function uncountedBySecond(plan: Plan): readonly QuotaName[] {
  const downlinks = downlinksOf(plan);
  const keepsConnections = downlinks.some(({ sender }) => sender.profile.connect.protocol === 'mqtt');
  return [
    ...(downlinks.length > 0 ? (['publishInPerSecond'] as const) : []),
    ...(downlinks.length > 0 || observedGroupsOf(plan).length > 0 ? (['publishOutPerSecond'] as const) : []),
    // The clients of a backend have connections of their own.
    ...(keepsConnections ? (['concurrentConnections'] as const) : []),
  ];
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
