import { count, numberIn, type Rule } from './rule.ts';
import type { Check } from './truth.ts';

const headings = [
  'connects',
  'events',
  'missing',
  'unmatched',
  'disconnects',
  'events',
  'missing',
  'unmatched',
];
const isObserved: Check = (_, { presence }) => presence !== undefined;

const isTrueRow: Check = ([, ...cells], { presence }) =>
  presence !== undefined &&
  [...presence.connects, ...presence.disconnects].every((each, i) => numberIn(cells[i]) === each);

const cells = (gaps: readonly string[]) => gaps.map((gap) => `${gap}${count}`).join('');

/** What reports state of presence. */
export const presenceRules: readonly Rule[] = [
  [new RegExp(`^presence ${headings.join(' ')}$`), isObserved],
  [/^caption: Connects and disconnects of devices, and the events about them$/, isObserved],
  [new RegExp(`^meters${cells(headings.map(() => ' '))}$`), isTrueRow],
  [
    new RegExp(
      `^row of Connects and disconnects of devices, and the events about them \\| Group: meters${cells(headings.map((heading) => ` \\| ${heading}: `))}$`,
    ),
    isTrueRow,
  ],
  [
    /^Connects and disconnects are those that devices counted; events are those of their client ids, each version number once\.$/,
    isObserved,
  ],
  [
    /^Disconnected, by the events: (?:[A-Z_]+ [\d,]+(?:, )?)+\.$/,
    ([text = ''], { presence }) => text.split(', ').length - 1 === presence?.reasons,
  ],
  [
    new RegExp(`^${count} events? came twice, and ${count} after a later one of the same device\\.$`),
    ([, twice, late], { presence }) =>
      numberIn(twice) === presence?.duplicates && numberIn(late) === presence.outOfOrder,
  ],
  [
    new RegExp(`^Events of the run’s own control channels and observer: ${count}\\.$`),
    ([, own], { presence }) => numberIn(own) === presence?.ofRun,
  ],
  [
    new RegExp(`^Events of other clients: ${count}\\.$`),
    ([, others], { presence }) => numberIn(others) === presence?.unrelated,
  ],
  [
    new RegExp(`^Subscriptions of the observer were refused: QuotaExceeded ${count}\\.$`),
    ([, refused], { presence }) => numberIn(refused) === presence?.refused,
  ],
  [
    /^The observer was not subscribed from the first connect to the last disconnect: events may be missing for that reason\.$/,
    (_, { presence }) => presence?.isWhole === false,
  ],
  [
    new RegExp(
      `^${count} slices? did not come to an end, and what devices did there since the last record was not counted\\.$`,
    ),
    ([, slices], { presence }) => numberIn(slices) === presence?.slicesUnknown,
  ],
];
