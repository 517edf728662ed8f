import { count, elapsed, isAbout, millisecondsIn, numberIn, type Rule } from './rule.ts';
import type { Check } from './truth.ts';

const headings = ['resumed', 'new', 'stored', 'p50', 'p99', 'max', 'interrupted', 'reordered', 'repeated'];
const isKept: Check = (_, { catchUp }) => catchUp !== undefined;

const isTrueRow: Check = (
  [, resumed, unresumed, stored, p50, p99, max, interrupted, reordered, repeated],
  { catchUp },
) => {
  if (catchUp === undefined) return false;
  const { times } = catchUp;
  const percentile = (share: number) => times[Math.ceil(share * times.length) - 1]!;
  return (
    numberIn(resumed) === catchUp.resumed &&
    numberIn(unresumed) === catchUp.unresumed &&
    numberIn(stored) === catchUp.stored &&
    isAbout(millisecondsIn(p50), percentile(0.5)) &&
    isAbout(millisecondsIn(p99), percentile(0.99)) &&
    isAbout(millisecondsIn(max), times.at(-1)!) &&
    numberIn(interrupted) === catchUp.interrupted &&
    numberIn(reordered) === catchUp.reordered &&
    numberIn(repeated) === catchUp.repeated
  );
};

const rowWith = (gaps: readonly string[]) =>
  [count, count, count, elapsed, elapsed, elapsed, count, count, count]
    .map((cell, i) => `${gaps[i]}${cell}`)
    .join('');

/** What reports state of devices that catch up. */
export const catchUpRules: readonly Rule[] = [
  [new RegExp(`^catching up ${headings.join(' ')}$`), isKept],
  [/^caption: Devices that came back to their sessions$/, isKept],
  [new RegExp(`^locks${rowWith(headings.map(() => ' '))}$`), isTrueRow],
  [
    new RegExp(
      `^row of Devices that came back to their sessions \\| Group: locks${rowWith(headings.map((heading) => ` \\| ${heading}: `))}$`,
    ),
    isTrueRow,
  ],
  [
    /^Resumed: connects that went on with a session\. p50, p99 and max are from such a connect to the last command that the session had stored by then\.$/,
    isKept,
  ],
  [
    new RegExp(
      `^Commands that a session was to keep, and that did not come: ${count} that the service did not store, ${count} expired, ${count} for no such reason\\. They are among those that were offline\\.$`,
    ),
    ([, notStored, expired, others], { catchUp }) =>
      numberIn(notStored) === catchUp?.notStored &&
      numberIn(expired) === catchUp.expired &&
      numberIn(others) === catchUp.others,
  ],
];
