import type { RunLedger } from '../measure/run-ledger.ts';
import { groupsOf, mqttGroupsOf } from '../plan/groups.ts';
import { echoObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import { sumBy } from '../shared/counts.ts';
import { formatCount, formatPlural } from '../shared/format.ts';
import { traitsOf } from '../targets/traits-of.ts';
import type { Reconciliation } from './usage-model.ts';

/** CloudWatch's counts for the run. */
export interface CloudWatchView {
  /** By metric (`PublishIn.Success`); empty where there is no data yet. */
  readonly sums: Readonly<Record<string, number>>;
  /** The metrics that were queried: one without a sum is 0, for CloudWatch has no series before the first event. */
  readonly requested: readonly string[];
}

/** Null: not queried, or CloudWatch has no data at all. */
export function cloudWatchSum({ sums, requested }: CloudWatchView, metric: string): number | null {
  const known = sums[metric];
  if (known !== undefined) return known;
  return requested.includes(metric) && Object.keys(sums).length > 0 ? 0 : null;
}

/** Something that makes CloudWatch count more than the run does, or less where the count is negative. */
export interface Explanation {
  readonly count: number;
  /** Text after its count. */
  readonly why: string;
  /** True: the run's counts prove the number. False: it is an upper bound, and may be none. */
  readonly isCertain: boolean;
}

export const certain = (count: number, why: string): Explanation => ({ count, why, isCertain: true });
export const possible = (count: number, why: string): Explanation => ({ count, why, isCertain: false });

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
          ...takenWithoutAcknowledgement(ledger, isMqtt),
          ...commandsTaken(ledger),
        )
      : line(
          'PublishIn.Success',
          'sent',
          messages.sent,
          certain(-throttled, 'that CloudWatch counts as throttled (PublishIn.Throttle)'),
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
    ...echoLines(ledger, cloudwatch, line),
  ];
}

/** Only groups over MQTT keep connections. */
function connectsOf(plan: Plan, { groups }: RunLedger): number {
  return sumBy(groupsOf(plan), ({ profile }, i) => {
    const { connected, reconnects } = groups[i]!.devices;
    return profile.connect.protocol === 'mqtt' ? connected + reconnects : 0;
  });
}

/** Commands of backends, and replies to them, beside the messages of devices. */
export function commandsTaken({ groups, downlink = [] }: RunLedger): Explanation[] {
  const sums = groups
    .filter(({ sendsCommands }) => sendsCommands)
    .map(({ messages, acknowledged }) => ({
      taken: acknowledged ? messages.acked : messages.sent - messages.throttled - messages.failed,
      open: acknowledged ? messages.unacknowledged + messages.ackUnknown : 0,
    }));
  const open = sumBy(sums, (each) => each.open);
  const replies = sumBy(downlink, (each) => each.replies?.sent ?? 0);
  return [
    certain(
      sumBy(sums, ({ taken }) => taken),
      'commands of backends',
    ),
    certain(replies, 'replies of devices'),
    possible(open, `that may be among ${formatPlural(open, 'command')} without an acknowledgement`),
    possible(-replies, 'replies that the service may not have taken: at QoS 0 nothing says so'),
  ];
}

function describeControlConnects({ generator: { slices, controlConnects } }: RunLedger): string {
  if (controlConnects !== slices) return 'of control channels';
  return slices === 1 ? 'control channel' : 'control channels, one a slice';
}

export function ofDeadSlices(
  count: number,
  what: 'publishes' | 'connects' | 'echoes',
  done: string,
): Explanation {
  return possible(count, `that may be ${what} which slices that died had ${done} and not recorded`);
}

function echoLines(
  ledger: RunLedger,
  cloudwatch: CloudWatchView,
  line: (metric: string, column: string, count: number, ...reasons: Explanation[]) => Reconciliation,
): Reconciliation[] {
  const { messages, acknowledged, devices, echoRefusedBy, stoppedOn, slices } = ledger;
  const echo = ledger.observers[echoObserver];
  if (echo === undefined) return [];
  const missed = echo.lost + echo.unaccounted;
  const received = echo.arrivals + echo.unrelated;
  const stops = stoppedOn === undefined ? 0 : slices.stopped;
  const out = line(
    'PublishOut.Success',
    'echoes',
    received,
    certain(stops, 'of the stop message, one a slice'),
    possible(missed, `that may be among ${formatPlural(missed, 'echo', 'es')} that no device received`),
    ofDeadSlices(messages.sendUnknown, 'echoes', 'received'),
  );
  if (missed === 0) return [out];
  const notTaken = messages.sent - (acknowledged ? messages.acked : messages.received);
  const wasUnsubscribed =
    devices.reconnects > 0 || devices.connected < devices.planned || Object.keys(echoRefusedBy).length > 0;
  return [
    out,
    line(
      'PublishOut.Throttle',
      'missed echoes',
      missed,
      possible(
        -Math.max(0, (cloudWatchSum(cloudwatch, 'PublishOut.Success') ?? 0) - received - stops),
        'that may be among those which CloudWatch counts as sent out (PublishOut.Success)',
      ),
      possible(-notTaken, 'that may be of publishes which the service did not take'),
      possible(wasUnsubscribed ? -missed : 0, 'that may have come while their device was not subscribed'),
      possible(-echo.unaccounted, 'that may have been in flight when their slice was stopped or died'),
    ),
  ];
}

/** Publishes that the service took and whose acknowledgement came late or never. */
export function takenWithoutAcknowledgement(
  { messages, stoppedOn }: RunLedger,
  isMqtt: boolean,
): Explanation[] {
  // A lower bound: a message that arrived was taken by the service.
  const arrived = Math.max(0, messages.received - messages.acked - messages.ackUnknown);
  const others = Math.max(0, messages.unacknowledged + messages.failed - arrived);
  return [
    // Over MQTT the control topic's publishes come by another protocol, and count there.
    certain(isMqtt || stoppedOn === undefined ? 0 : 1, 'stop message, published over HTTPS'),
    possible(arrived, 'that arrived and were not acknowledged in time'),
    possible(
      others,
      `that may be among ${arrived > 0 ? 'the other ' : ''}${formatPlural(others, 'publish', 'es')} without an acknowledgement`,
    ),
    ofDeadSlices(messages.ackUnknown + messages.sendUnknown, 'publishes', 'sent'),
  ];
}

/** The certain ones are there in full; the others are taken in their order, each up to its count, while something is left. */
export function explain(
  difference: number,
  reasons: readonly Explanation[],
): Pick<Reconciliation, 'difference' | 'explanations' | 'unexplained'> {
  let rest = difference;
  const explanations: Explanation[] = [];
  const take = (explanation: Explanation, count: number): void => {
    if (count === 0) return;
    explanations.push({ ...explanation, count });
    rest -= count;
  };
  for (const each of reasons) if (each.isCertain) take(each, each.count);
  for (const each of reasons) {
    if (each.isCertain || Math.sign(each.count) !== Math.sign(rest)) continue;
    take(each, Math.sign(rest) * Math.min(Math.abs(rest), Math.abs(each.count)));
  }
  return { difference, explanations, unexplained: rest };
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
