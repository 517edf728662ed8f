import type { BrokerCount } from '../measure/broker-samples.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import { groupsOf } from '../plan/groups.ts';
import { isRetained, kindsOf } from '../plan/kinds.ts';
import { downlinkObserver, echoObserver, subscriberObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import { sumBy } from '../shared/counts.ts';
import { formatPlural } from '../shared/format.ts';
import { maySkipReceived } from '../targets/mqtt/sys-topics.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { type Explanation, explain, ofDeadSlices, possible } from './explanation.ts';
import { commandsTaken } from './inbound-commands.ts';
import { takenWithoutAcknowledgement } from './reconciliation.ts';
import type { Reconciliation } from './usage-model.ts';

/**
 * A broker's own counts, as it publishes them under `$SYS`, against the run's. It counts all its clients: what it counts more than the
 * run's counts explain may be theirs. Counts that begin or end within the run, or that a restart has cut, are not held against anything.
 */
export function reconcileBroker(plan: Plan, ledger: RunLedger): Reconciliation[] {
  if (traitsOf(plan.target).serviceCounts !== 'sys-topics') return [];
  const broker = ledger.subscribers?.broker;
  if (broker === undefined) return [];
  const { messages, acknowledged } = ledger;
  const line = (
    metric: string,
    { counter, column, count }: { counter: BrokerCount['counter']; column: string; count: number },
    ...reasons: Explanation[]
  ): Reconciliation[] => {
    const counted = broker.counts.find((each) => each.counter === counter);
    if (counted === undefined || counted.isPartial || counted.wasReset) return [];
    const entry = { source: broker.name, metric, column, ledger: count };
    return [{ ...entry, cloudwatch: counted.count, ...explain(counted.count - count, reasons) }];
  };
  const replies = sumBy(
    ledger.downlink ?? [],
    ({ replies: each }) => (each?.replied ?? 0) + (each?.late ?? 0),
  );
  const delivered = sumBy([subscriberObserver, echoObserver, downlinkObserver], (name) => {
    const seen = ledger.observers[name];
    return seen === undefined ? 0 : seen.arrivals + seen.unrelated;
  });
  const skipped = maySkipReceived(broker.name) ? skippedBy(plan, ledger) : 0;
  const undelivered = messages.lost + messages.unaccounted;
  return [
    ...line(
      'publishes received',
      {
        counter: 'received',
        column: acknowledged ? 'acked' : 'sent',
        count: acknowledged ? messages.acked : messages.sent,
      },
      possible(
        -skipped,
        `that may be among ${formatPlural(skipped, 'message')} at QoS 2 or with RETAIN, which ${broker.name} may not count`,
      ),
      ...(acknowledged
        ? takenWithoutAcknowledgement(ledger, false)
        : [
            ofDeadSlices(messages.sendUnknown, 'publishes', 'sent'),
            possible(-messages.lost, notTaken(messages.lost)),
          ]),
      ...commandsTaken(ledger),
    ),
    ...line(
      'publishes sent',
      { counter: 'sent', column: 'received by the run’s subscribers', count: delivered + replies },
      possible(broker.samples, 'that may be of these counts themselves'),
      possible(undelivered, `that may be among ${formatPlural(undelivered, 'message')} that did not arrive`),
    ),
    ...line(
      'publishes dropped',
      { counter: 'dropped', column: 'lost', count: messages.lost },
      possible(
        messages.unaccounted,
        `that may be among ${formatPlural(messages.unaccounted, 'message')} not accounted for`,
      ),
    ),
  ];
}

/** Messages of the run that have no part in a count without QoS 2 and RETAIN. */
function skippedBy(plan: Plan, { groups, acknowledged }: RunLedger): number {
  return sumBy(groupsOf(plan), (group, i) => {
    const totals = groups[i]!;
    return sumBy(kindsOf(group), (kind, k) => {
      const isSkipped = kind.profile.publish.qos === 2 || isRetained(kind);
      const { acked, sent } = (totals.kinds[k] ?? totals).messages;
      return isSkipped ? (acknowledged ? acked : sent) : 0;
    });
  });
}

function notTaken(lost: number): string {
  return `that may be among ${formatPlural(lost, 'lost message')}: a QoS 0 publish gets no answer`;
}

/** What of a broker's counts is not held against the run's, and why: a sentence each. */
export function describeBrokerCounts(plan: Plan, { subscribers }: RunLedger): string[] {
  if (subscribers === undefined || traitsOf(plan.target).serviceCounts !== 'sys-topics') return [];
  const { broker } = subscribers;
  if (broker === undefined)
    return ['The broker published no counts of its own under $SYS to compare the ledger with.'];
  const cut = broker.counts.filter(({ wasReset }) => wasReset);
  if (cut.length > 0)
    return [
      `${broker.name} was started again while the run went on: its own counts are not whole, and not compared with the ledger.`,
    ];
  const partial = broker.counts.filter((each) => each.isPartial).map(({ counter }) => counter);
  return partial.length > 0
    ? [
        `What ${broker.name} had counted before publishing began is not known (${partial.join(', ')}): not compared with the ledger.`,
      ]
    : [];
}
