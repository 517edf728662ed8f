import { unknownReasons } from '../../../src/measure/downlink-ledger.ts';
import { count, numberIn, type Rule } from './rule.ts';
import type { Check, TrueDownlink } from './truth.ts';

const hasCommands: Check = (_, { downlink }) => downlink !== undefined;

/** `40 deliveries due = 30 delivered + 4 offline + …`: adds up, and each is what it was. */
const isTrueEquation: Check = ([line = ''], { downlink }) => {
  const terms = [...line.matchAll(/([\d,]+) ([a-z ]+?)(?= = | \+ |$)/g)].map(
    ([, amount, name = '']) => [name, numberIn(amount)] as const,
  );
  const [[total, sum] = ['', 0], ...parts] = terms;
  const unknown = total.startsWith('replies') ? downlink?.repliesUnknown : downlink?.unknown;
  const { stated, unknownBecause: _, ...counts } = downlink ?? {};
  const real: Readonly<Record<string, number | undefined>> = {
    ...counts,
    ...stated,
    'commands intended': downlink?.sent,
    dropped: 0,
    'deliveries due': downlink?.due,
    'deliveries arrived': (downlink?.delivered ?? 0) + (downlink?.duplicates ?? 0),
    'replies due': (downlink?.replied ?? 0) + (downlink?.timedOut ?? 0) + (downlink?.repliesUnknown ?? 0),
    'timed out': downlink?.timedOut,
    'not known': unknown,
  };
  return (
    terms.every(([name, amount]) => real[name] === amount) &&
    parts.reduce((added, [, amount]) => added + amount, 0) === sum
  );
};

/** `operator | 300 | 40 | …`, a figure under each heading. */
const isTrueRow: Check = ([, ...cells], { downlink }, { downlink: report }) => {
  if (downlink === undefined) return false;
  const { sent, due, delivered, offline, throttled, lost, replied, timedOut } = downlink;
  const [devices, ...figures] = cells.map((cell) => (cell === '–' ? undefined : numberIn(cell)));
  const real = [sent, sent, due, delivered, offline, throttled + lost, replied, timedOut];
  return (
    devices === report?.backends[0]?.devices &&
    real.every((each, i) => (each === undefined ? figures[i] === undefined : figures[i] === each))
  );
};

const headings = 'devices intended sent deliveries delivered offline missing replied timed out'.split(
  / (?!out)/,
);
/** Only of replies there may be none. */
const cellOf = (heading: string) => (/replied|timed out/.test(heading) ? '([\\d,]+|–)' : '([\\d,]+)');

/** In the order of `unknownReasons`. */
const unknownMeanings = [
  'that may have come after the slice of their device had stored its last record',
  'of a backend whose slice died before it had recorded when it sent them',
  'sent late, within 0\\.1 s of when their device lost its subscription or had it again',
];

const states =
  (of: (truth: TrueDownlink) => readonly (number | undefined)[]): Check =>
  ([, ...stated], { downlink }) =>
    downlink !== undefined && of(downlink).every((each, i) => numberIn(stated[i]) === each);

const fateOfMissing = [
  '(CloudWatch has no data yet, so deliveries that were throttled count as lost)',
  `The refusals may be of other messages of the run: ${count} to ${count} deliveries are lost`,
  `At least ${count} are lost`,
  '(They are lost)',
]
  .map((sentence) => `${sentence}\\.`)
  .join('|');

/** The service says neither which deliveries it refused, nor always how many. */
const isTrueOfMissing: Check = (groups, { downlink }, { downlink: report }) => {
  if (downlink === undefined || report === undefined) return false;
  const { throttled, lost } = downlink;
  const [, all, refused, isOfAccount, isEarly, least, most, atLeast, areLost] = groups;
  const isCounted = report.refusalCounts === 'counted';
  return (
    numberIn(all) === throttled + lost &&
    (refused === undefined || numberIn(refused) >= (isCounted ? throttled : 0)) &&
    (isOfAccount !== undefined) === (isCounted && refused !== undefined) &&
    (isEarly !== undefined) === (report.refusalCounts === 'not yet') &&
    (least === undefined || (numberIn(least) <= lost && lost <= numberIn(most))) &&
    (atLeast === undefined || numberIn(atLeast) <= lost) &&
    (areLost === undefined || throttled === 0)
  );
};

/** What reports state of commands. */
export const downlinkRules: readonly Rule[] = [
  [/^[\d,]+ (?:commands intended|deliveries due|deliveries arrived|replies due) = .*$/, isTrueEquation],
  [new RegExp(`^commands ${headings.join(' ')}$`), hasCommands],
  [/^caption: Commands by backend, and their deliveries$/, hasCommands],
  [new RegExp(`^operator ${headings.map(cellOf).join(' ')}$`), isTrueRow],
  [
    new RegExp(
      `^row of Commands by backend, and their deliveries \\| Backend: operator${headings.map((heading) => ` \\| ${heading}: ${cellOf(heading)}`).join('')}$`,
    ),
    isTrueRow,
  ],
  [
    /^A delivery is a command at a device that it was for\. Offline: the device was not subscribed when it was due\.$/,
    hasCommands,
  ],
  [
    new RegExp(
      `^Missing deliveries: ${count}\\.(?: At most ${count} of them were refused for a quota(: CloudWatch counts refusals of the whole account)?\\.)?(?: (?:${fateOfMissing}))?$`,
    ),
    isTrueOfMissing,
  ],
  [
    new RegExp(
      `^Deliveries that are not known: ${unknownMeanings.map((each) => `(?:${count} ${each}(?:; (?=\\d))?)?`).join('')}\\.$`,
    ),
    states(({ unknownBecause = {} }) => unknownReasons.map((reason) => unknownBecause[reason] ?? 0)),
  ],
  [
    new RegExp(
      `^Replies that devices sent: ${count}, and that came: ${count}\\. The others count as timed out, also where a quota is why they did not come\\.$`,
    ),
    states(({ repliesSent, replied = 0, late = 0 }) => [repliesSent, replied + late]),
  ],
  [
    new RegExp(
      `^Replies that did not come, and that were due while their backend’s client was not subscribed: ${count}\\.$`,
    ),
    states(({ repliesOffline }) => [repliesOffline]),
  ],
  [
    new RegExp(`^Replies that came after the timeout, and count as timed out: ${count}\\.$`),
    states(({ late }) => [late]),
  ],
  [
    new RegExp(
      `^Replies of which nothing is known, because the slices of their backends ended early: ${count}\\.$`,
    ),
    states(({ repliesUnknown }) => [repliesUnknown]),
  ],
  [
    new RegExp(`^Subscriptions to commands that were refused: QuotaExceeded ${count}\\.$`),
    states(({ subscribesRefused }) => [subscribesRefused]),
  ],
];
