import type { RunLedger } from '../measure/run-ledger.ts';
import { cloudWatchProtocolsOf, groupsOf, mqttGroupsOf } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { sumBy } from '../shared/counts.ts';
import { formatCount, formatPlural } from '../shared/format.ts';
import { traitsOf } from '../targets/traits-of.ts';
import {
  type CloudWatchView,
  certain,
  cloudWatchSum,
  type Explanation,
  explain,
  ofDeadSlices,
  possible,
} from './explanation.ts';
import { commandsAnswered, commandsRefused, commandsTaken } from './inbound-commands.ts';
import { issuedIn, outboundLines } from './outbound-reconciliation.ts';
import type { Reconciliation } from './usage-model.ts';

/**
 * CloudWatch's sums against the run's own counts. CloudWatch counts whole minutes and the whole account. What the run's
 * counts say for certain is added first, then what they allow for, up to their bounds; the rest is shown as unexplained. No
 * verdict hangs on any of it.
 */
export function reconcile(plan: Plan, ledger: RunLedger, cloudwatch: CloudWatchView): Reconciliation[] {
  if (traitsOf(plan.target).serviceCounts !== 'cloudwatch') return [];
  const line = (metric: string, column: string, count: number, ...reasons: Explanation[]): Reconciliation => {
    const sum = cloudWatchSum(cloudwatch, metric);
    const entry = { metric, column, ledger: count };
    if (sum === null) {
      return { ...entry, cloudwatch: null, difference: null, explanations: [], unexplained: null };
    }
    return { ...entry, cloudwatch: sum, ...explain(sum - count, reasons) };
  };
  const { messages, devices, slices, acknowledged } = ledger;
  const isMqtt = mqttGroupsOf(plan).length > 0;
  const throttled = cloudwatch.sums['PublishIn.Throttle'] ?? 0;
  const recordless = slices.died - ledger.knownUntil.length;
  return [
    acknowledged
      ? line(
          'PublishIn.Success',
          'acked',
          messages.acked,
          ...takenWithoutAcknowledgement(ledger, cloudWatchProtocolsOf(plan).includes('HTTP')),
          ...commandsTaken(ledger),
        )
      : line(
          'PublishIn.Success',
          'sent',
          messages.sent,
          certain(
            commandsAnswered(ledger) - throttled,
            'that CloudWatch counts as throttled (PublishIn.Throttle)',
          ),
          ofDeadSlices(messages.sendUnknown, 'publishes', 'sent'),
          ...commandsTaken(ledger),
        ),
    line(
      'PublishIn.Throttle',
      'throttled',
      messages.throttled,
      acknowledged
        ? possible(
            messages.unacknowledged,
            `that may be among ${formatPlural(messages.unacknowledged, 'unacknowledged publish', 'es')}`,
          )
        : possible(
            messages.lost,
            `that may be among ${formatPlural(messages.lost, 'lost message')}: a QoS 0 publish gets no answer`,
          ),
      ...commandsRefused(ledger),
      ofDeadSlices(messages.ackUnknown + messages.sendUnknown, 'publishes', 'been refused'),
    ),
    ...(isMqtt
      ? [
          line(
            'Connect.Success',
            'connects',
            connectsOf(plan, ledger),
            certain(ledger.generator.controlConnects, describeControlConnects(ledger)),
            certain(ledger.subscribers?.connects ?? 0, 'of subscribers'),
            possible(
              devices.connectFailed,
              `that may be among ${formatPlural(devices.connectFailed, 'attempt')} to connect that devices gave up`,
            ),
            possible(
              ledger.stoppedOn === undefined ? 0 : devices.planned - devices.connected - devices.unknown,
              'that may be connects which were under way when the run was stopped',
            ),
            possible(
              Math.max(0, ledger.generator.slices - ledger.generator.controlConnects),
              'that may be control channels whose answer came too late',
            ),
            ofDeadSlices(devices.unknown + recordless, 'connects', 'made'),
          ),
        ]
      : []),
    ...outboundLines(ledger, cloudwatch, line),
  ];
}

/** Only groups over MQTT keep connections. */
function connectsOf(plan: Plan, { groups }: RunLedger): number {
  return sumBy(groupsOf(plan), ({ profile }, i) => {
    const { connected, reconnects } = groups[i]!.devices;
    return profile.connect.protocol === 'mqtt' ? connected + reconnects : 0;
  });
}

function describeControlConnects({ generator: { slices, controlConnects } }: RunLedger): string {
  if (controlConnects !== slices) return 'of control channels';
  return slices === 1 ? 'control channel' : 'control channels, one a slice';
}

/**
 * Publishes that the service took and whose acknowledgement came late or never, and those of the run itself.
 * @param countsHttps whether the service's count has publishes over HTTPS: those of the control topic
 */
export function takenWithoutAcknowledgement(
  { messages, stoppedOn, actions }: RunLedger,
  countsHttps: boolean,
): Explanation[] {
  // A lower bound: a message that arrived was taken by the service.
  const arrived = Math.max(0, messages.received - messages.acked - messages.ackUnknown);
  const others = Math.max(0, messages.unacknowledged + messages.failed - arrived);
  return [
    certain(countsHttps && stoppedOn !== undefined ? 1 : 0, 'stop message, published over HTTPS'),
    possible(countsHttps ? issuedIn(actions) : 0, 'of announcements of actions, published over HTTPS'),
    possible(arrived, 'that arrived and were not acknowledged in time'),
    possible(
      others,
      `that may be among ${arrived > 0 ? 'the other ' : ''}${formatPlural(others, 'publish', 'es')} without an acknowledgement`,
    ),
    ofDeadSlices(messages.ackUnknown + messages.sendUnknown, 'publishes', 'sent'),
  ];
}

/** `400 connects + 4 control channels, one a slice − 2 unexplained`; CloudWatch's sum is equal to it. */
export function describeSum({ column, ledger, explanations, unexplained }: Reconciliation): string {
  const terms = explanations.map(({ count, why }) => ({ count, what: why }));
  if (unexplained !== null && unexplained !== 0) terms.push({ count: unexplained, what: 'unexplained' });
  const rest = terms.map(
    ({ count, what }) => `${count < 0 ? '−' : '+'} ${formatCount(Math.abs(count))} ${what}`,
  );
  return [`${formatCount(ledger)} ${column}`, ...rest].join(' ');
}

/** `CloudWatch Connect.Success 404 = 400 connects + 4 control channels, one a slice` */
export function describeReconciliation(line: Reconciliation): string {
  const { metric, cloudwatch, source = 'CloudWatch' } = line;
  return cloudwatch === null
    ? `${source} has no ${metric} yet`
    : `${source} ${metric} ${formatCount(cloudwatch)} = ${describeSum(line)}`;
}
