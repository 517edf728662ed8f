import { count, elapsed, isAbout, millisecondsIn, numberIn, type Rule } from './rule.ts';
import type { Check } from './truth.ts';

const caption = 'Actions, and how slices carried them out';
const headings = ['slices', 'learned late', 'p99', 'max'];
const hasActions: Check = (_, { actions }) => actions !== undefined;

const isTrueRow: Check = ([, label = '', slices, planned, late, p99, max], { actions = {} }) => {
  const real = actions[label];
  return (
    real !== undefined &&
    numberIn(slices) === real.latenessesMs.length &&
    numberIn(planned) === real.plannedSlices &&
    numberIn(late) === real.learnedLate &&
    // Of fewer than 100 slices the latest is both.
    [p99, max].every((stated) => isAbout(millisecondsIn(stated), Math.max(...real.latenessesMs)))
  );
};

const label = '(\\d+:\\d\\d \\D.*?)';
const cells = [`${count} of ${count}`, count, elapsed, elapsed];

/** What reports state of how slices carried out actions. */
export const actionRules: readonly Rule[] = [
  [new RegExp(`^actions ${headings.join(' ')}$`), hasActions],
  [new RegExp(`^caption: ${caption}$`), hasActions],
  [new RegExp(`^${label} ${cells.join(' ')}$`), isTrueRow],
  [
    new RegExp(
      `^row of ${caption} \\| Action: ${label}${cells.map((cell, i) => ` \\| ${headings[i]}: ${cell}`).join('')}$`,
    ),
    isTrueRow,
  ],
  [/^p99 and max are how late slices carried out an action\.$/, hasActions],
  [
    /^A slice that learned late of an action received it after its instant, and then carried it out at once\.$/,
    (_, { actions = {} }) => Object.values(actions).some(({ learnedLate }) => learnedLate > 0),
  ],
];
