import type { RunLedger } from '../measure/run-ledger.ts';
import { accountOf } from '../plan/account.ts';
import { mqttGroupsOf } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
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
  const publishes = Math.max(0, ...sent);
  const isMqtt = mqttGroupsOf(plan).length > 0;
  const peaks: [QuotaName, number][] = [['publishInPerSecond', publishes]];
  // Counted as it was planned (`quotaAssumptions`): the rule's match of each publish, and each echo that a device received.
  const outbound = sent.map((count, i) => count + (echoed[i] ?? 0));
  peaks.push(['publishOutPerSecond', Math.max(0, ...outbound)]);
  peaks.push(['ruleEvaluationsPerSecond', publishes]);
  if (isMqtt) {
    peaks.push(
      ['connectsPerSecond', largestRise(connected)],
      ['concurrentConnections', Math.max(0, ...connected)],
    );
  }
  const counted = traitsOf(plan.target).quotas;
  return peaks
    .filter(([name]) => counted.includes(name))
    .map(([name, peak]) => {
      const quota: Quota = quotas[name];
      const limit = limits[name];
      const { label, unit } = quota;
      return {
        quota: name,
        name: label,
        unit,
        limit,
        isLive: live.includes(name),
        peak,
        headroom: 1 - peak / limit,
      };
    });
}

function largestRise(gauge: readonly number[]): number {
  return gauge.reduce((most, value, i) => Math.max(most, value - (gauge[i - 1] ?? 0)), 0);
}
