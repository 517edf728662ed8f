import { eventsMissed, eventsReceived } from '../measure/presence-totals.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import { stopOf } from '../plan/actions/stop.ts';
import { downlinkObserver, echoObserver, subscriberObserver } from '../plan/observers.ts';
import { sumBy, sumOf } from '../shared/counts.ts';
import { formatPlural } from '../shared/format.ts';
import {
  type CloudWatchView,
  certain,
  cloudWatchSum,
  type Explanation,
  ofDeadSlices,
  possible,
} from './explanation.ts';
import { missedBy, repliesMissed } from './missed.ts';
import type { Reconciliation } from './usage-model.ts';

/** Messages of one kind that the service sends to clients of the run. */
interface Outbound {
  readonly name: string;
  readonly received: number;
  readonly missed: number;
  readonly missedName: string;
}

/** `missed echo` after 1, of `missed echoes`: the name as it follows a count. */
function nameAfter(count: number, name: string): string {
  if (count !== 1) return name;
  return name.replace(/\b(ech|deliver|repl|command|event)(oes|ies|s)\b/, (_, stem: string, ending: string) =>
    ending === 's' ? stem : `${stem}${ending === 'ies' ? 'y' : 'o'}`,
  );
}

/** What the service sent out, and what it refused to: echoes, commands, replies and events together. Nothing where no device receives. */
export function outboundLines(
  ledger: RunLedger,
  cloudwatch: CloudWatchView,
  line: (metric: string, column: string, count: number, ...reasons: Explanation[]) => Reconciliation,
): Reconciliation[] {
  const { messages, stoppedOn, slices } = ledger;
  const [first, ...rest] = outboundOf(ledger);
  if (first === undefined) return [];
  const others = [...rest, ...outboundToSubscribers(ledger)];
  const stops = stoppedOn === undefined ? 0 : slices.stopped;
  const beside = [
    ...others.map(({ name, received }) => certain(received, nameAfter(received, name))),
    certain(stops, 'of the stop message, one a slice'),
  ];
  const missed = sumBy([first, ...others], (each) => each.missed);
  const missedEchoes = missedBy(ledger, echoObserver);
  const missedOthers = missed - missedEchoes;
  const out = line(
    'PublishOut.Success',
    nameAfter(first.received, first.name),
    first.received,
    ...beside,
    possible(
      issuedIn(ledger.actions) * ledger.generator.controlConnects,
      'of announcements of actions, to control channels',
    ),
    possible(
      missedEchoes,
      `that may be among ${formatPlural(missedEchoes, 'echo', 'es')} that no device received`,
    ),
    possible(
      missedOthers,
      `that may be among ${formatPlural(missedOthers, 'message')} to clients that did not come`,
    ),
    ...unseenDeliveries(ledger),
    ofDeadSlices(messages.sendUnknown, 'echoes', 'received'),
  );
  const refused = cloudWatchSum(cloudwatch, 'PublishOut.Throttle') ?? 0;
  if (missed === 0 && (ledger.downlink === undefined || refused === 0)) return [out];
  const known = first.received + sumOf(beside.map(({ count }) => count));
  const surplus = Math.max(0, (cloudWatchSum(cloudwatch, 'PublishOut.Success') ?? 0) - known);
  return [
    out,
    line(
      'PublishOut.Throttle',
      nameAfter(first.missed, first.missedName),
      first.missed,
      ...others.map((each) => certain(each.missed, nameAfter(each.missed, each.missedName))),
      ...unseenDeliveries(ledger),
      possible(-surplus, 'that may be among those which CloudWatch counts as sent out (PublishOut.Success)'),
      ...notRefused(ledger, missedOthers),
    ),
  ];
}

/** Actions that were announced beside a stop, each at most once: of those of one command only the last is. */
export function issuedIn(actions: RunLedger['actions']): number {
  return actions.filter((action) => stopOf(action) === undefined).length;
}

/** In the order in which they are added up; the first one is the run's own count. */
function outboundOf(ledger: RunLedger): Outbound[] {
  const { observers, downlink, presence } = ledger;
  const echo = observers[echoObserver];
  const commands = observers[downlinkObserver];
  const kinds: Outbound[] = [];
  if (echo !== undefined) {
    kinds.push({
      name: 'echoes',
      received: echo.arrivals + echo.unrelated,
      missed: missedBy(ledger, echoObserver),
      missedName: 'missed echoes',
    });
  }
  if (commands !== undefined) {
    kinds.push({
      name: 'commands delivered',
      received: commands.arrivals + commands.unrelated,
      missed: deliveriesMissed(ledger),
      missedName: 'missing deliveries of commands',
    });
    kinds.push({
      name: 'replies received',
      received: sumBy(downlink ?? [], (each) => (each.replies?.replied ?? 0) + (each.replies?.late ?? 0)),
      missed: repliesMissed(ledger),
      missedName: 'missing replies',
    });
  }
  if (presence !== undefined) {
    kinds.push({
      name: 'presence events',
      received: eventsReceived(presence),
      missed: eventsMissed(presence),
      missedName: 'missing presence events',
    });
  }
  return kinds;
}

function outboundToSubscribers(ledger: RunLedger): Outbound[] {
  const subscriber = ledger.observers[subscriberObserver];
  if (subscriber === undefined) return [];
  return [
    {
      name: 'received by subscribers',
      received: subscriber.arrivals + subscriber.unrelated,
      missed: missedBy(ledger, subscriberObserver),
      missedName: 'missed by subscribers',
    },
  ];
}

/**
 * Messages that the service may have sent out or refused to, and that came to no client: no second is known of them. CloudWatch's
 * counts are an upper bound of those once they contain all that came.
 */
export function outboundUnseen(ledger: RunLedger, cloudwatch: CloudWatchView): number {
  const { downlink = [], stoppedOn, slices } = ledger;
  const kinds = [...outboundOf(ledger), ...outboundToSubscribers(ledger)];
  const stops = stoppedOn === undefined ? 0 : slices.stopped;
  const came = sumBy(kinds, ({ received }) => received) + stops;
  const most =
    sumBy(kinds, ({ missed }) => missed) + sumBy(downlink, ({ offline, unknown }) => offline + unknown);
  const [sent, refused] = ['PublishOut.Success', 'PublishOut.Throttle'].map((name) =>
    cloudWatchSum(cloudwatch, name),
  );
  const counted = (sent ?? 0) + (refused ?? 0);
  return sent == null || counted < came ? most : Math.min(most, counted - came);
}

/** Deliveries of commands that did not come, though their device was subscribed and its slice recorded them. */
function deliveriesMissed({ observers, downlink = [] }: RunLedger): number {
  const { due, received } = observers[downlinkObserver] ?? { due: 0, received: 0 };
  return due - received - sumBy(downlink, ({ offline, unknown }) => offline + unknown);
}

/** Deliveries of which no device's record says whether the service sent or refused them. */
function unseenDeliveries({ downlink = [] }: RunLedger): Explanation[] {
  const offline = sumBy(downlink, (each) => each.offline);
  return [
    possible(
      offline,
      `that may be among ${formatPlural(offline, 'command')} that were due while their device was not subscribed`,
    ),
    ofDeadSlices(
      sumBy(downlink, (each) => each.unknown),
      'deliveries',
      'received',
    ),
  ];
}

/** Messages that did not come for another reason than a quota of outbound publishes. */
function notRefused(ledger: RunLedger, missedOthers: number): Explanation[] {
  const { messages, acknowledged, devices, echoRefusedBy, observers } = ledger;
  const echo = observers[echoObserver];
  const notTaken = messages.sent - (acknowledged ? messages.acked : messages.received);
  const wasUnsubscribed =
    devices.reconnects > 0 || devices.connected < devices.planned || Object.keys(echoRefusedBy).length > 0;
  return [
    possible(-(echo === undefined ? 0 : notTaken), 'that may be of publishes which the service did not take'),
    possible(
      wasUnsubscribed ? -missedBy(ledger, echoObserver) : 0,
      'that may have come while their device was not subscribed',
    ),
    possible(-(echo?.unaccounted ?? 0), 'that may have been in flight when their slice was stopped or died'),
    possible(-missedOthers, 'that may be missing for another reason'),
  ];
}
