import { count, numberIn, type Rule } from './rule.ts';

/** What a report says of its own subscribers, and of a broker's counts. */
export const subscriberRules: readonly Rule[] = [
  [
    /^end_to_end_latency and transit end at the clock of the subscriber’s slice, and begin at that of the slice that sends/,
    (_, __, { observers }) => Object.keys(observers)[0] === 'subscriber',
  ],
  [
    new RegExp(`^Beside them ${count} messages? of other runs came on the same topics\\.$`),
    ([, stated], { otherRuns = 0 }) => numberIn(stated) === otherRuns && otherRuns > 0,
  ],
  [
    new RegExp(
      `^Of what was sent, ${count} did not come to the rule and came to the subscriber, ${count} did not come to the subscriber and came to the rule, ${count} came to neither\\.$`,
    ),
    ([, atRule, atSubscriber, atBoth], { sent, received }, { observers }) => {
      const missing = [atRule, atSubscriber].map((only) => numberIn(only) + numberIn(atBoth));
      return (
        missing[0] === observers.rule!.due - observers.rule!.received &&
        missing[1] === observers.subscriber!.due - observers.subscriber!.received &&
        numberIn(atBoth) <= sent - received
      );
    },
  ],
  [
    new RegExp(`^Subscribers lost their connection ${count} times? \\(.*\\) and subscribed again\\.$`),
    ([, stated], _, { subscribers }) => numberIn(stated) === subscribers?.gaps,
  ],
  [
    new RegExp(
      `^The target had not kept the session of a subscriber ${count} times?: what it had not delivered by then is lost with it\\.$`,
    ),
    ([, stated], _, { subscribers }) => numberIn(stated) === subscribers?.sessionsLost,
  ],
  [
    new RegExp(
      `^${count} messages? came to subscribers marked as sent before \\(DUP\\): where a session goes on, the target sends again what it takes for undelivered, and duplicates may be among it\\.( At QoS 2 a duplicate is one that it sent again after its PUBREL, as Mosquitto 2\\.0 does where a connection breaks just after the session went on\\.)?$`,
    ),
    ([, stated, atQos2], _, { subscribers, messages, qos }) =>
      numberIn(stated) === subscribers?.redelivered &&
      messages.duplicates > 0 &&
      (atQos2 !== undefined) === (qos === 2),
  ],
  [
    /^A subscriber used .* of its vCPU in its busiest second: the target may have dropped messages because the subscriber did not read them in time\.$/,
    (_, { isSubscriberBusy }, { messages }) => isSubscriberBusy === true && messages.lost > 0,
  ],
  [
    new RegExp(`^Of ${count} subscribers?, ${count} died(?: \\(.*\\))?\\.$`),
    ([, planned, died], _, { subscribers }) =>
      subscribers !== undefined &&
      numberIn(planned) === subscribers.planned &&
      numberIn(died) === subscribers.planned - subscribers.ended,
  ],
  [
    /^The broker published no counts of its own under \$SYS to compare the ledger with\.$/,
    (_, __, { subscribers }) => subscribers !== undefined && subscribers.broker === undefined,
  ],
  [
    /^Mosquitto was started again while the run went on: its own counts are not whole, and not compared with the ledger\.$/,
    (_, __, { reconciliation }) => reconciliation.length === 0,
  ],
  [
    /^What EMQX had counted before publishing began is not known \((.*)\): not compared with the ledger\.$/,
    ([, counters = ''], _, { reconciliation }) =>
      counters
        .split(', ')
        .every((counter) => reconciliation.every(({ metric }) => metric !== `publishes ${counter}`)),
  ],
];
