import type { RunLedger } from '../measure/run-ledger.ts';
import { echoedMessages } from '../plan/echoes.ts';
import type { Plan } from '../plan/plan.ts';
import type { Reconciliation } from './report.ts';

/** What CloudWatch said of the run. */
export interface CloudWatchView {
  /** By metric (`PublishIn.Success`); empty where there is no data yet. */
  readonly sums: Readonly<Record<string, number>>;
  /** The metrics that were asked for: one without a sum is 0, for CloudWatch has no series before the first event. */
  readonly asked: readonly string[];
}

/** Null: not asked for, or CloudWatch has no data at all. */
export function cloudWatchSum({ sums, asked }: CloudWatchView, metric: string): number | null {
  const known = sums[metric];
  if (known !== undefined) return known;
  return asked.includes(metric) && Object.keys(sums).length > 0 ? 0 : null;
}

/** Something that makes CloudWatch count more than the run does, or less where the count is negative. */
interface Explanation {
  readonly count: number;
  readonly why: string;
}

/**
 * CloudWatch's sums against the run's own counts. CloudWatch counts whole minutes and the whole account: what is known to
 * make the two differ is named with its count, the rest is shown as unexplained, and no verdict hangs on either.
 */
export function reconcile(plan: Plan, ledger: RunLedger, cloudwatch: CloudWatchView): Reconciliation[] {
  const line = (metric: string, column: string, count: number, ...reasons: Explanation[]): Reconciliation => {
    const sum = cloudWatchSum(cloudwatch, metric);
    if (sum === null) {
      return {
        metric,
        cloudwatch: null,
        column,
        ledger: count,
        difference: null,
        explanations: [],
        unexplained: null,
      };
    }
    return { metric, cloudwatch: sum, column, ledger: count, ...explain(sum - count, reasons) };
  };
  const { messages, devices, acknowledged } = ledger;
  const isMqtt = plan.profile.connect.protocol === 'mqtt';
  return [
    acknowledged
      ? line('PublishIn.Success', 'acked', messages.acked, ...takenUnacknowledged(ledger, isMqtt))
      : line('PublishIn.Success', 'sent', messages.sent, {
          count: -(cloudwatch.sums['PublishIn.Throttle'] ?? 0),
          why: 'were throttled: a QoS 0 publish is then lost without a word',
        }),
    line('PublishIn.Throttle', 'throttled', messages.throttled, {
      count: acknowledged ? messages.unacknowledged : messages.lost,
      why: acknowledged
        ? 'are unacknowledged in the ledger: a throttled QoS 1 publish gets no PUBACK'
        : 'are lost in the ledger: a throttled QoS 0 publish gets no answer',
    }),
    ...(isMqtt
      ? [
          line('Connect.Success', 'connects', devices.connected + devices.reconnects, {
            count: ledger.generator.slices,
            why:
              ledger.generator.slices === 1 ? 'is its control channel' : 'are control channels, one a slice',
          }),
        ]
      : []),
    ...(isMqtt && plan.profile.echo.fraction > 0
      ? [
          line('PublishOut.Success', 'echoes', ledger.echoed, {
            count: ledger.stoppedOn === undefined ? 0 : ledger.generator.slices,
            why: 'are the stop message, one a slice',
          }),
          ...missedEchoes(plan, ledger).map(({ missed, reasons }) =>
            line('PublishOut.Throttle', 'missed echoes', missed, ...reasons),
          ),
        ]
      : []),
  ];
}

/** Echoes that were planned and that no device received, none if all were. A rule's deliveries are no PublishOut. */
function missedEchoes(
  plan: Plan,
  { echoed, messages, acknowledged, devices, echoRefusedBy }: RunLedger,
): { missed: number; reasons: Explanation[] }[] {
  const missed = echoedMessages(plan) - echoed;
  if (missed <= 0) return [];
  const notTaken = messages.intended - (acknowledged ? messages.acked : messages.received);
  const wasAway =
    devices.reconnects > 0 || devices.connected < devices.planned || Object.keys(echoRefusedBy).length > 0;
  const reasons = [
    { count: -notTaken, why: 'may be of publishes that were not taken: there was nothing to send back' },
    { count: wasAway ? -missed : 0, why: 'may have come while their device was not subscribed' },
  ];
  return [{ missed, reasons }];
}

/** What the service took in, and no device heard of in time. */
function takenUnacknowledged({ messages, stoppedOn }: RunLedger, isMqtt: boolean): Explanation[] {
  const arrived = Math.max(0, messages.received - messages.acked);
  return [
    { count: arrived, why: 'arrived, though their acknowledgement came late or never' },
    {
      count: Math.max(0, messages.unacknowledged - arrived),
      why: 'may have been taken, though nobody saw them arrive or be acknowledged',
    },
    // Over MQTT the control topic's publishes come by another protocol, and count there.
    { count: isMqtt || stoppedOn === undefined ? 0 : 1, why: 'is the stop message, published over HTTPS' },
  ];
}

/** Takes the explanations in their order, each up to its count, until nothing is left to explain. */
function explain(
  difference: number,
  reasons: readonly Explanation[],
): Pick<Reconciliation, 'difference' | 'explanations' | 'unexplained'> {
  let rest = difference;
  const explanations: Explanation[] = [];
  for (const { count, why } of reasons) {
    if (Math.sign(count) !== Math.sign(rest)) continue;
    const taken = Math.sign(rest) * Math.min(Math.abs(rest), Math.abs(count));
    if (taken === 0) continue;
    explanations.push({ count: taken, why });
    rest -= taken;
  }
  return { difference, explanations, unexplained: rest };
}
