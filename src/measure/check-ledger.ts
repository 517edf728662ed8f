import { resolvedShapes } from '../profile/load-shapes/resolved-load.ts';
import { sumBy, sumOf } from '../shared/counts.ts';
import type { GroupLedger } from './group-totals.ts';
import type { SentMessages } from './leg-entry.ts';
import type { MessageTotals } from './message-totals.ts';
import type { ObserverLedger, RunLedger, SliceOutcomes } from './run-ledger.ts';

/** An equation of the ledger that does not hold. Nothing the run did can cause it: it is an error of the measurement. */
export interface Imbalance {
  readonly equation: string;
  readonly left: number;
  readonly right: number;
}

/** The equations of docs/measurement.md; empty where every message is accounted for. */
export function checkLedger(ledger: RunLedger): readonly Imbalance[] {
  const { messages: m, slices, inconsistencies } = ledger;
  const observers = Object.entries(ledger.observers);
  const equations: Imbalance[] = [
    {
      equation: 'intended = sent + dropped + not known',
      ...sentOrNot(m),
    },
    {
      equation: 'Σ dead-lettered by reason = dead-lettered',
      left: sumOf(Object.values(ledger.deadLetteredBy)),
      right: m.deadLettered,
    },
    ...observers.flatMap(([name, observer], i) => equationsOf(i === 0 ? undefined : name, observer)),
    {
      equation: 'slices whose counts differ from their sets = 0',
      left: inconsistencies.miscountedSlices,
      right: 0,
    },
    {
      equation: 'Σ dropped by reason = dropped',
      left: sumOf(Object.values(ledger.droppedBy)),
      right: m.dropped,
    },
  ];
  if (ledger.acknowledged) equations.push(answeredEquation(m));
  for (const { group, acknowledged, messages, sendsCommands } of ledger.groups)
    if (acknowledged && (!ledger.acknowledged || sendsCommands))
      equations.push(answeredEquation(messages, group));
  equations.push(...commandEquations(ledger));
  if (slices.completed === slices.planned) equations.push(...plannedEquations(ledger));
  for (const group of ledger.groups) equations.push(...kindEquations(group, slices));
  const { planned, connected, unknown } = ledger.devices;
  if (connected + unknown > planned) {
    equations.push({
      equation: 'devices planned ≥ connected + not known',
      left: planned,
      right: connected + unknown,
    });
  }
  const broken = equations.filter(({ left, right }) => left !== right);
  for (const [name, { arrivals, received, duplicates }] of observers) {
    if (duplicates < 0)
      broken.push({ equation: `arrivals ≥ received (${name})`, left: arrivals, right: received });
  }
  return broken;
}

/** Of backends, whose commands are not among the run's messages. */
function commandEquations({ groups, downlink = [] }: RunLedger): Imbalance[] {
  return [
    ...groups
      .filter(({ sendsCommands }) => sendsCommands)
      .map(({ group, messages }) => ({
        equation: `intended = sent + dropped + not known (${group})`,
        ...sentOrNot(messages),
      })),
    ...downlink.flatMap(({ group, replies }) => {
      if (replies === undefined || replies.replied <= replies.due) return [];
      return [{ equation: `replies due ≥ replied (${group})`, left: replies.due, right: replies.replied }];
    }),
  ];
}

/** Where users decide how much is sent, the plan does not know it. */
function plannedEquations({ groups, messages, plannedMessages }: RunLedger): Imbalance[] {
  const scheduled = groups.filter(({ shape }) => resolvedShapes[shape].hasSchedule);
  if (scheduled.length === groups.length && groups.every(({ sendsCommands }) => sendsCommands === undefined))
    return [{ equation: 'intended = planned', left: messages.intended, right: plannedMessages }];
  return scheduled.map((group) => ({
    equation: `intended = planned (${group.group})`,
    left: group.messages.intended,
    right: group.plannedMessages,
  }));
}

/** Kinds of message that have names: each balances by itself, and together they are their group. */
function kindEquations(group: GroupLedger, { completed, planned }: SliceOutcomes): Imbalance[] {
  const { kinds } = group;
  if (kinds.length === 0) return [];
  const sumsOf = (what: string, of: (part: MessageTotals) => object) => {
    const parts = kinds.map((kind) => of(kind) as Readonly<Record<string, number>>);
    return Object.entries(of(group) as Readonly<Record<string, number>>).map(
      ([name, left]): Imbalance => ({
        equation: `${name}${what} = Σ of its kinds${ofPart(group)}`,
        left,
        right: sumBy(parts, (part) => part[name] ?? 0),
      }),
    );
  };
  return [
    ...sumsOf('', ({ messages }) => messages),
    ...sumsOf(' dropped', ({ droppedBy }) => droppedBy),
    ...Object.keys(group.observers).flatMap((name) =>
      sumsOf(` at ${name}`, ({ observers }) => observers[name] ?? {}),
    ),
    ...kinds.flatMap(({ kind, messages, acknowledged, plannedMessages }) => {
      const name = group.group === undefined ? kind : `${group.group}/${kind}`;
      return [
        { equation: `intended = sent + dropped + not known (${name})`, ...sentOrNot(messages) },
        ...(acknowledged ? [answeredEquation(messages, name)] : []),
        ...(completed === planned
          ? [{ equation: `intended = planned (${name})`, left: messages.intended, right: plannedMessages }]
          : []),
      ];
    }),
  ];
}

function ofPart({ group }: GroupLedger): string {
  return group === undefined ? '' : ` (${group})`;
}

function sentOrNot(m: SentMessages): Pick<Imbalance, 'left' | 'right'> {
  return { left: m.intended, right: m.sent + m.dropped + m.sendUnknown };
}

/** @param group whose messages they are; undefined: those of the run */
function answeredEquation(m: SentMessages, group?: string): Imbalance {
  return {
    equation: `sent = acked + throttled + failed + unacknowledged + not known${group === undefined ? '' : ` (${group})`}`,
    left: m.sent,
    right: m.acked + m.throttled + m.failed + m.unacknowledged + m.ackUnknown,
  };
}

/** @param name of an observer that is not the primary one, where what is due is what was sent */
function equationsOf(name: string | undefined, o: ObserverLedger): Imbalance[] {
  const at = name === undefined ? '' : ` (${name})`;
  return [
    {
      equation: `${name === undefined ? 'sent' : 'due'} = received + lost + not read yet + dead-lettered${o.unaccounted === 0 ? '' : ' + not accounted for'}${at}`,
      left: o.due,
      right: o.received + o.lost + o.notRead + o.deadLettered + o.unaccounted,
    },
    { equation: `arrivals = received + duplicates${at}`, left: o.arrivals, right: o.received + o.duplicates },
    { equation: `messages that arrived unsent = 0${at}`, left: o.unsent, right: 0 },
  ];
}
