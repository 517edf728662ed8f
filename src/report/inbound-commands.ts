import type { RunLedger } from '../measure/run-ledger.ts';
import { sumBy } from '../shared/counts.ts';
import { formatPlural } from '../shared/format.ts';
import { certain, type Explanation, possible } from './explanation.ts';
import { repliesMissed } from './missed.ts';

const backendsOf = (groups: RunLedger['groups']) => groups.filter(({ sendsCommands }) => sendsCommands);

/** Messages that were sent, and neither acknowledged nor refused. */
export function unansweredOf({
  sent,
  acked,
  failed,
  throttled,
}: RunLedger['groups'][number]['messages']): number {
  return sent - acked - failed - throttled;
}

/** Commands of backends, and replies to them, beside the messages of devices. */
export function commandsTaken({ groups, downlink = [] }: RunLedger): Explanation[] {
  const sums = backendsOf(groups).map(({ messages, acknowledged }) => ({
    taken: acknowledged ? messages.acked : messages.sent - messages.throttled - messages.failed,
    open: acknowledged ? messages.unacknowledged + messages.ackUnknown : 0,
    unanswered: acknowledged ? 0 : messages.sent - messages.throttled - messages.failed,
  }));
  const open = sumBy(sums, (each) => each.open);
  const unanswered = sumBy(sums, (each) => each.unanswered);
  const replies = sumBy(downlink, (each) => each.replies?.sent ?? 0);
  return [
    certain(
      sumBy(sums, ({ taken }) => taken),
      'commands of backends',
    ),
    certain(replies, 'replies of devices'),
    possible(open, `that may be among ${formatPlural(open, 'command')} without an acknowledgement`),
    possible(-unanswered, 'commands that the service may not have taken: at QoS 0 nothing says so'),
    possible(-replies, 'replies that the service may not have taken: at QoS 0 nothing says so'),
  ];
}

/** Commands that were refused with an answer. */
export function commandsAnswered({ groups }: Pick<RunLedger, 'groups'>): number {
  return sumBy(backendsOf(groups), ({ messages }) => messages.throttled);
}

/** Refused commands and replies, beside the messages of devices. */
export function commandsRefused(ledger: RunLedger): Explanation[] {
  const open = sumBy(backendsOf(ledger.groups), ({ messages }) => unansweredOf(messages));
  const replies = repliesMissed(ledger);
  return [
    certain(commandsAnswered(ledger), 'commands of backends'),
    possible(open, `that may be among ${formatPlural(open, 'command')} without an acknowledgement`),
    possible(replies, `that may be among ${formatPlural(replies, 'message')} to clients that did not come`),
  ];
}
