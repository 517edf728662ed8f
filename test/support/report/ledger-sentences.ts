import { count, numberIn, type Rule } from './rule.ts';
import type { Check } from './truth.ts';

/** `5,700 intended = 4,987 sent + 713 dropped`: adds up, and nothing that is said to be is not so. */
const isTrueEquation: Check = ([line = ''], truth, { slices, messages }) => {
  const [left = '', right = ''] = line.split(' = ');
  const termOf = (text: string) => {
    const [, amount = '', name = ''] = /^([\d,]+) (.*)$/.exec(text.trim()) ?? [];
    return [name, numberIn(amount)] as const;
  };
  const [total, sum] = termOf(left);
  const parts = right.split(' + ').map(termOf);
  const of = Object.fromEntries([[total, sum], ...parts]);
  const unknown = of['not known'] ?? 0;
  const held = messages.notRead + messages.deadLettered + messages.unaccounted;
  const between = (name: string, least: number, most = least, more = unknown) =>
    of[name] === undefined || (of[name] <= most && least <= of[name] + more);
  return (
    parts.reduce((all, [, amount]) => all + amount, 0) === sum &&
    (unknown === 0 || slices.died > 0) &&
    (!/^(?:intended|started|due)$/.test(total) || (sum === truth.intended && between('sent', truth.sent))) &&
    (!/^(?:intended|started|due)$/.test(total) || between('dropped', truth.intended - truth.sent)) &&
    between('acked', leastAcked(truth), truth.acked, unknown + messages.sendUnknown) &&
    (of.received === undefined ||
      (of.received <= truth.received && (truth.isQueueLost || truth.received <= of.received + held))) &&
    (of.duplicates === undefined || of.duplicates <= truth.duplicates) &&
    (of.lost === undefined || of.lost <= truth.sent - truth.received)
  );
};

const leastAcked = ({ ackedInTime, acked }: Parameters<Check>[1]) => ackedInTime ?? acked;

/** `2,100 echo due = 1,804 received + 296 lost`, and what came back twice. */
const isTrueOfEchoes: Check = ([line = ''], { sent, echoed }, { observers }) => {
  const [sum = 0, ...parts] = [...line.matchAll(/[\d,]+(?= )/g)].map(([amount]) => numberIn(amount));
  const { due, received, lost, unaccounted } = observers.echo!;
  return (
    parts.reduce((all, part) => all + part, 0) === sum &&
    due <= sent &&
    (echoed === undefined || (received <= echoed && echoed <= received + unaccounted && lost <= due - echoed))
  );
};

/** `2,100 subscriber due = 1,804 received + 296 lost`, beside what came to the rule. */
const isTrueOfSubscribers: Check = ([line = ''], { sent, received }, { observers }) => {
  const [sum = 0, ...parts] = [...line.matchAll(/[\d,]+(?= )/g)].map(([amount]) => numberIn(amount));
  const seen = observers.subscriber!;
  return (
    parts.reduce((all, part) => all + part, 0) === sum &&
    seen.due <= sent &&
    seen.received <= received &&
    seen.lost <= sent - received
  );
};

/** CloudWatch's sum = a count of the run's + what explains the rest, none of it more than it was. */
const isTrueSum: Check = ([line = ''], truth, report) => {
  const [left = '', right = ''] = line.split(' = ');
  const terms = right.split(/ (?=[+−] [\d,]+ )/);
  const termOf = (text: string) => {
    const [, sign = '', amount = ''] = /^([+−]? ?)([\d,]+) /.exec(`${text} `) ?? [];
    return (sign.startsWith('−') ? -1 : 1) * numberIn(amount);
  };
  const sum = numberIn(/([\d,]+)$/.exec(left)?.[1]);
  const adds = terms.reduce((all, term) => all + termOf(term), 0) === sum;
  const soMany = (pattern: RegExp) => {
    const found = pattern.exec(line);
    return found === null ? null : numberIn(found[1]);
  };
  const arrived = soMany(/\+ ([\d,]+) that arrived and were not acknowledged in time/);
  const pool = soMany(/that may be among (?:the other )?([\d,]+) publishes? without an acknowledgement/);
  const unknown = soMany(/[+−] ([\d,]+) that may be \w+ which slices that died had/);
  const isHttps = report.protocol === 'https';
  return (
    adds &&
    (truth.isAccountShared === true || !line.includes('unexplained')) &&
    !(isHttps && line.includes('PUBACK')) &&
    (arrived === null || arrived <= truth.arrivedUnacked) &&
    (pool === null || pool <= truth.sent - leastAcked(truth)) &&
    (unknown === null || truth.slicesKilled > 0)
  );
};

const unknownMessages: Check = ([, stated], truth, { messages }) =>
  numberIn(stated) === messages.sendUnknown &&
  messages.sent <= truth.sent &&
  truth.sent <= messages.sent + messages.sendUnknown;

/** `dead-letter queue: … failed with them 3, rule’s error queue: … 4`, as counts by where they lie. */
const deadLettersIn = (text = '') =>
  [...text.matchAll(/(dead-letter queue|rule’s error queue): .*? ([\d,]+)(?:, |$)/g)].map(
    ([, queue, amount]) => [queue, numberIn(amount)] as const,
  );

/** Where the messages went. */
export const ledgerRules: readonly Rule[] = [
  [/^[\d,]+ (intended|started|due|sent|arrivals) = .*$/, isTrueEquation],
  [
    /^([\d,]+) unacknowledged = ([\d,]+) incomplete \+ ([\d,]+) not answered$/,
    ([, ...counts], _, { messages, incomplete, qos }) => {
      const [all, taken, open] = counts.map(numberIn);
      return qos === 2 && all === messages.unacknowledged && taken === incomplete && open === all - taken!;
    },
  ],
  [/^[\d,]+ echo (arrivals|due) = .*$/, isTrueOfEchoes],
  [/^(?:CloudWatch|Mosquitto) \S+(?: \S+)? [\d,]+ = .*$/, isTrueSum],
  [/^[\d,]+ subscriber (arrivals|due) = .*$/, isTrueOfSubscribers],
  [/^No message was due before the run ended\.$/, (_, { intended }) => intended === 0],
  [
    new RegExp(
      `^Beside them, ${count} arrivals? of messages that had arrived before \\(.* of what was sent\\)\\.$`,
    ),
    ([, stated], { duplicates }, { messages }) =>
      numberIn(stated) === messages.duplicates && numberIn(stated) > 0 && numberIn(stated) <= duplicates,
  ],
  [
    new RegExp(`^The observer received ${count} wills? of devices, duplicates included\\.$`),
    ([, stated], { wills }) => numberIn(stated) === wills,
  ],
  [
    new RegExp(`^Beside them ${count} messages? not of Stampede’s making came on the same topics\\.$`),
    ([, stated], { unrelated = 0 }) => numberIn(stated) === unrelated,
  ],
  [
    new RegExp(
      `^${count} messages? came to measure-latency again: an invocation died or failed with (?:them|it)\\.$`,
    ),
    ([, again], { hasSubscriberFailed }, { redelivered }) =>
      numberIn(again) === redelivered && hasSubscriberFailed === true,
  ],
  [
    new RegExp(
      `^(?:Up to )?${count} messages? not read yet: measure-latency did not keep up, or did not run\\. `,
    ),
    ([, stated], { received }, { messages }) => numberIn(stated) <= received - messages.received,
  ],
  [
    new RegExp(`^${count} messages? dead-lettered, and not lost: (.*)\\.$`),
    ([, stated, reasons], { received, taken }, { messages }) => {
      const byQueue = deadLettersIn(reasons);
      return (
        byQueue.reduce((sum, [, amount]) => sum + amount, 0) === numberIn(stated) &&
        byQueue.every(([queue, amount]) =>
          queue === 'dead-letter queue' ? amount <= received - messages.received : amount <= taken - received,
        )
      );
    },
  ],
  [
    new RegExp(`^${count} messages? not accounted for, and not known to be lost: .*\\.$`),
    ([, stated], { sent }, { messages }) =>
      numberIn(stated) === messages.unaccounted && numberIn(stated) <= sent - messages.received,
  ],
  [
    new RegExp(`^${count} slices? left no record: of (?:it|them) only arrivals are known`),
    ([, stated], truth) => numberIn(stated) <= truth.slicesKilled,
  ],
  [
    /^1 slice that died is known up to its last record, .* (after|before) publishing began: from there on, the rates by second, their peaks, the throughput and the Lambda seconds are without it\.$/,
    (_, truth) => truth.slicesKilled >= 1,
  ],
  [/slices that died are known up to their last records,/, (_, truth) => truth.slicesKilled >= 2],
  [
    new RegExp(`^Whether ${count} devices? of them connected is not known\\.$`),
    ([, stated], { devicesConnected }, { devices }) =>
      numberIn(stated) === devices.unknown &&
      devicesConnected <= devices.connected + devices.unknown + devices.connectFailed,
  ],
  [
    /^What users of slices that died started after that is not known, but for what arrived\.$/,
    (_, { slicesKilled }, { load }) => slicesKilled > 0 && load !== undefined,
  ],
  [
    new RegExp(`^Whether ${count} messages? of them left is not known; none of those arrived\\.$`),
    unknownMessages,
  ],
  [
    new RegExp(`^What was answered to ${count} messages? of them is not known\\.$`),
    ([, stated], truth, { messages }) =>
      numberIn(stated) === messages.ackUnknown &&
      messages.acked <= truth.acked &&
      leastAcked(truth) <= messages.acked + messages.ackUnknown + messages.sendUnknown,
  ],
];
