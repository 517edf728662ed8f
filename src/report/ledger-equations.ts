import { messageCounters } from '../measure/message-counters.ts';
import type { MessageLedger, ObserverLedger } from '../measure/run-ledger.ts';
import { downlinkObserver, ruleObserver } from '../plan/observers.ts';
import { type DueWord, dueWords, resolvedShapes } from '../profile/load-shapes/resolved-load.ts';
import { sumBy } from '../shared/counts.ts';
import type { Report } from './report-model.ts';

/** `sent = received + lost + …` with its figures, as the terminal and the page both show it. */
export interface Equation {
  readonly total: Term;
  readonly parts: readonly Term[];
}

export interface Term {
  readonly name: string;
  readonly count: number;
  /** Highlighted when it is not zero. */
  readonly isTrouble: boolean;
}

/** The equations of docs/measurement.md; without the one on acknowledgements where there are none. */
export function ledgerEquations(report: Report): Equation[] {
  const { messages } = report;
  const labels = {
    ...(report.requests && requestLabels),
    intended: wordForDue(report),
  };
  const term = (name: keyof MessageLedger): Term => {
    const { [name]: label }: Partial<Record<keyof MessageLedger, string>> = labels;
    return { ...termOf(name, messages[name]), ...(label && { name: label }) };
  };
  const equation = (total: keyof MessageLedger, ...parts: (keyof MessageLedger)[]): Equation => ({
    total: term(total),
    parts: parts.map(term),
  });
  // Only slices that died leave anything unknown.
  const unknown = (name: 'sendUnknown' | 'ackUnknown'): Term[] => (messages[name] > 0 ? [term(name)] : []);
  const plus = ({ total, parts }: Equation, more: Term[]): Equation => ({
    total,
    parts: [...parts, ...more],
  });
  return [
    ...dueEquation(report),
    plus(equation('intended', 'sent', 'dropped'), unknown('sendUnknown')),
    ...(isAcknowledged(report)
      ? [plus(equation('sent', 'acked', 'throttled', 'failed', 'unacknowledged'), unknown('ackUnknown'))]
      : []),
    ...incompleteEquation(report),
    ...(hasArrivals(report)
      ? [
          equation('arrivals', 'received', 'duplicates'),
          equation('sent', 'received', 'lost', ...heldColumnsOf(report)),
        ]
      : []),
    ...Object.entries(report.observers)
      .slice(1)
      .filter(([name]) => name !== downlinkObserver)
      .flatMap(observerEquations),
    ...downlinkEquations(report),
  ];
}

/** Messages that were due: *started* where users decided when, *intended* where a schedule did, *due* where each holds of some. */
export function wordForDue({ load }: { readonly load?: Report['load'] | undefined }): WordForDue {
  return load === 'mixed' ? 'due' : resolvedShapes[load ?? 'open'].due;
}

export type WordForDue = DueWord | 'due';

/** Where groups differ in it, who decided when a message was due. */
function dueEquation({ load, messages, groups = [] }: Report): Equation[] {
  if (load !== 'mixed') return [];
  const partOf = (word: DueWord): Term => ({
    name: word,
    count: sumBy(
      groups.filter((group) => wordForDue(group) === word),
      (group) => group.messages.intended,
    ),
    isTrouble: false,
  });
  return [
    {
      total: { name: 'due', count: messages.intended, isTrouble: false },
      parts: dueWords.map(partOf),
    },
  ];
}

/** A request is answered, with success or without, and not acknowledged. */
const requestLabels: Partial<Record<keyof MessageLedger, string>> = {
  acked: 'succeeded',
  unacknowledged: 'unanswered',
};

/** Whether any observer sees messages arrive. Without one, a message ends with its answer. */
export function hasArrivals({ observers }: Pick<Report, 'observers'>): boolean {
  return Object.keys(observers).length > 0;
}

/** At QoS 2 a broker may have taken a message over without completing it. */
function incompleteEquation({ messages: { unacknowledged }, incomplete }: Report): Equation[] {
  if (incomplete === undefined) return [];
  return [
    {
      total: termOf('unacknowledged', unacknowledged),
      parts: [
        { name: 'incomplete', count: incomplete, isTrouble: incomplete > 0 },
        { name: 'not answered', count: unacknowledged - incomplete, isTrouble: unacknowledged > incomplete },
      ],
    },
  ];
}

/** Of an observer beside the primary one. */
function observerEquations([name, observer]: readonly [string, ObserverLedger]): Equation[] {
  const { due, arrivals, received, duplicates, lost } = observer;
  const held = heldColumns.filter((column) => observer[column] > 0);
  return [
    {
      total: { name: `${name} arrivals`, count: arrivals, isTrouble: false },
      parts: [termOf('received', received), termOf('duplicates', duplicates)],
    },
    {
      total: { name: `${name} due`, count: due, isTrouble: false },
      parts: [
        termOf('received', received),
        termOf('lost', lost),
        ...held.map((column) => termOf(column, observer[column])),
      ],
    },
  ];
}

/** Of commands, their deliveries and their replies. */
function downlinkEquations({ downlink }: Report): Equation[] {
  if (downlink === undefined) return [];
  const { intended, sent, dropped, sendUnknown, due, delivered, duplicates, replies } = downlink;
  const { offline, throttled, lost, unknown } = downlink;
  const plain = (name: string, count: number): Term => ({ name, count, isTrouble: false });
  const trouble = (name: string, count: number): Term => ({ name, count, isTrouble: count > 0 });
  const notKnown = (count: number): Term[] => (count > 0 ? [trouble('not known', count)] : []);
  return [
    {
      total: plain('commands intended', intended),
      parts: [plain('sent', sent), trouble('dropped', dropped), ...notKnown(sendUnknown)],
    },
    {
      total: plain('deliveries due', due),
      parts: [
        plain('delivered', delivered),
        plain('offline', offline),
        trouble('throttled', throttled),
        trouble('lost', lost),
        ...notKnown(unknown),
      ],
    },
    {
      total: plain('deliveries arrived', delivered + duplicates),
      parts: [plain('delivered', delivered), trouble('duplicates', duplicates)],
    },
    ...(replies === undefined
      ? []
      : [
          {
            total: plain('replies due', replies.due),
            parts: [
              plain('replied', replies.replied),
              trouble('timed out', replies.timedOut),
              ...notKnown(replies.unknown),
            ],
          },
        ]),
  ];
}

function termOf(name: keyof MessageLedger, count: number): Term {
  const { label, isTrouble = false } = messageCounters[name];
  return { name: label, count, isTrouble: isTrouble && count !== 0 };
}

/** What was sent, did not arrive and is not lost. */
const heldColumns = ['notRead', 'deadLettered', 'unaccounted'] as const;

/** The last only where there is something in it; so are the others where no queue can hold a message. */
function heldColumnsOf({ messages, observers }: Report): (keyof MessageLedger)[] {
  const hasQueue = Object.keys(observers)[0] === ruleObserver;
  return heldColumns.filter((column) => (hasQueue && column !== 'unaccounted') || messages[column] > 0);
}

/** What was sent, did not arrive and is not lost, by column; only what there is. */
export function heldMessages(messages: MessageLedger): { name: string; count: number }[] {
  return heldColumns
    .map((column) => ({ name: messageCounters[column].label, count: messages[column] }))
    .filter(({ count }) => count > 0);
}

/** Whether publishes are acknowledged at all: over HTTPS, and over MQTT at QoS 1 and 2. */
export function isAcknowledged({ protocol, qos }: Report): boolean {
  return protocol === 'https' || qos === 1 || qos === 2;
}
