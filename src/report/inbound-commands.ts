import type { RunLedger } from '../measure/run-ledger.ts';
import { sumBy } from '../shared/counts.ts';
import { formatPlural } from '../shared/format.ts';
import { certain, type Explanation, possible } from './explanation.ts';

/** Commands of backends, and replies to them, beside the messages of devices. */
export function commandsTaken({ groups, downlink = [] }: RunLedger): Explanation[] {
  const sums = groups
    .filter(({ sendsCommands }) => sendsCommands)
    .map(({ messages, acknowledged }) => ({
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
  return sumBy(
    groups.filter(({ sendsCommands }) => sendsCommands),
    ({ messages }) => messages.throttled,
  );
}

/** Refused commands and replies, beside the messages of devices. */
export function commandsRefused(ledger: RunLedger): Explanation[] {
  const open = sumBy(
    ledger.groups.filter(({ sendsCommands }) => sendsCommands),
    ({ messages: { sent, acked, failed, throttled } }) => sent - acked - failed - throttled,
  );
  const replies = repliesMissed(ledger);
  return [
    certain(commandsAnswered(ledger), 'commands of backends'),
    possible(open, `that may be among ${formatPlural(open, 'command')} without an acknowledgement`),
    possible(replies, `that may be among ${formatPlural(replies, 'message')} to clients that did not come`),
  ];
}

/** Replies that devices sent, and that did not come to their backend. */
export function repliesMissed({ downlink = [] }: Pick<RunLedger, 'downlink'>): number {
  return sumBy(downlink, ({ replies }) =>
    replies === undefined ? 0 : Math.max(0, replies.sent - replies.replied - replies.late),
  );
}
