import type { LevelMove } from '../../../src/plan/search/judged-hold.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { all, count, elapsed, isAbout, millisecondsIn, numberIn, type Rule } from './rule.ts';
import type { Check } from './truth.ts';

const level = `${count}/s`;
const name = '(\\S+ p\\(\\d+\\))';
const plan = `(?:You plan ${level}; it|It)`;

const isPlanned: Check = ([, stated], _, { objective }) =>
  stated === undefined
    ? objective?.settings.planned === undefined
    : objective?.settings.planned === numberIn(stated);

/** Levels since they had settled, without those of an overload and its backlog. */
function settledLevels({ objective }: Report): number[] {
  const { settledAfterMs } = objective!.answer;
  const firstAt = objective!.intervals[0]!.at;
  return objective!.intervals
    .filter(({ at, move }) => at - firstAt >= settledAfterMs! && move !== 'back-off' && move !== 'drain')
    .map((each) => each.level);
}

const isSpread: Check = ([, , stated, low, high], _, report) => {
  const levels = settledLevels(report);
  const below = levels.filter((each) => each <= numberIn(stated)).length;
  return (
    below >= levels.length / 2 &&
    levels.includes(numberIn(stated)) &&
    numberIn(low ?? stated) === Math.min(...levels) &&
    numberIn(high ?? stated) === Math.max(...levels)
  );
};

const isLimit: Check = (match, _, { objective }) => {
  const [metric, quota] = [match[8], match[9]];
  if (metric === undefined) return true;
  return objective!.intervals.some(({ broke }) =>
    broke.some((each) => `${each.metric} ${each.expression}` === metric && each.quota === quota),
  );
};

const why: Readonly<Record<LevelMove, string>> = {
  approach: 'far below the objective',
  track: 'near the objective',
  'back-off': 'was overloaded',
  drain: 'works off its backlog',
  resume: 'has worked it off',
};
const outcomes = { passed: 'judged', failed: 'overloaded', void: 'void' } as const;

const isTrueInterval: Check = ([, step, , at, because, ms, , outcome], _, { objective }) => {
  const interval = objective?.intervals[Number(step)];
  if (interval === undefined) return false;
  const { objectiveMs = null } = interval;
  return (
    interval.level === numberIn(at) &&
    why[interval.move!] === because &&
    outcomes[interval.outcome] === outcome &&
    (ms === '–' ? objectiveMs === null : isAbout(numberIn(ms), objectiveMs ?? -1))
  );
};

const caption = 'The intervals of the search, in the order of time';

/** What reports state of a search that holds an objective. */
export const objectiveRules: readonly Rule[] = [
  [
    new RegExp(
      `^${plan} takes ${level}(?: \\(${level} to ${level}\\))?, where ${name} is ${elapsed} and the objective is ${elapsed}(?:, the highest level of the search|; more breaks (\\S+ \\S+)(?: \\(quota (\\w+)\\))?)?\\.$`,
    ),
    all(
      isPlanned,
      isSpread,
      (match, _, { objective }) =>
        millisecondsIn(match[7]) === objective?.settings.at &&
        isAbout(millisecondsIn(match[6]), objective.answer.objectiveMs ?? -1),
      isLimit,
    ),
  ],
  [
    new RegExp(
      `^${plan} does not keep ${name} at ${elapsed}: at ${level}, the lowest level of the search, it (?:is ${elapsed}|has no value)\\.$`,
    ),
    all(
      isPlanned,
      ([, , , at, from, value], _, { objective }) =>
        millisecondsIn(at) === objective?.settings.at &&
        numberIn(from) === objective.settings.from &&
        objective.intervals.some(({ level: held, objectiveMs = null }) =>
          held !== objective.settings.from
            ? false
            : value === undefined
              ? objectiveMs === null
              : isAbout(millisecondsIn(value), objectiveMs ?? -1),
        ),
    ),
  ],
  [
    /^The search ended without an answer, because (?:it|its) [\w ]+\.$/,
    (_, __, { objective }) =>
      objective !== undefined && !['found', 'all-passed', 'none-passed'].includes(objective.answer.ended),
  ],
  [
    new RegExp(
      `^(?:The level has not settled|The level had settled after ${elapsed}; from then on the metric was within (\\d+) % of the objective in (\\S+) % of the intervals); (?:no overload lowered it|${count} overloads? lowered it in all)\\.$`,
    ),
    ([, after, precision, share, overloads], _, { objective }) => {
      const { answer, settings, intervals } = objective!;
      if (numberIn(overloads ?? '0') !== intervals.filter(({ move }) => move === 'back-off').length)
        return false;
      if (after === undefined) return answer.settledAfterMs === null;
      return (
        isAbout(millisecondsIn(after), answer.settledAfterMs ?? -1) &&
        numberIn(precision) === 100 * settings.precision &&
        Math.abs(numberIn(share) - 100 * (answer.keptShare ?? -1)) <= 0.51
      );
    },
  ],
  [
    /^Interval (\d+) is void: (.*)$/,
    ([, step, sentence], _, { objective }) =>
      objective?.intervals[Number(step)]?.voidBecause?.map((each) => each.sentence).join(' ') === sentence,
  ],
  [
    /^Interval (\d+) was (\w+) when the search went on; by the complete record it is (\w+)\.$/,
    ([, step, before, after], _, { objective }) => {
      const interval = objective?.intervals[Number(step)];
      return interval?.seen === before && interval?.outcome === after && before !== after;
    },
  ],
  [
    new RegExp(`^level [▁-█ ]*${level} to ${level}$`),
    ([, low, high], _, { objective }) => {
      const levels = objective!.intervals.map((each) => each.level);
      return Math.min(...levels) === numberIn(low) && Math.max(...levels) === numberIn(high);
    },
  ],
  [
    new RegExp(`^metric [▁-█ ]*${elapsed} to ${elapsed}$`),
    ([, low, high], _, { objective }) => {
      const known = objective!.intervals.flatMap(({ objectiveMs }) => objectiveMs ?? []);
      return (
        isAbout(millisecondsIn(low), Math.min(...known)) && isAbout(millisecondsIn(high), Math.max(...known))
      );
    },
  ],
  [
    new RegExp(
      `^row of ${caption} \\| interval: (\\d+) \\| after: (\\S+ m?s) \\| level: ${level} \\| why: (.*) \\| \\S+ p\\(\\d+\\), ms: (\\S+) \\| received/s: (\\S+) \\| outcome: (\\w+)$`,
    ),
    isTrueInterval,
  ],
  [new RegExp(`^caption: ${caption}$`), (_, __, { objective }) => objective !== undefined],
  [
    new RegExp(`^objective: ${name}$`),
    ([, stated], _, { objective }) =>
      stated === `${objective?.settings.metric} p(${objective?.settings.percentile})`,
  ],
  [
    /^figcaption: (?:Level over time|\S+ p\(\d+\) by interval)$/,
    (_, __, { objective }) => (objective?.intervals.length ?? 0) > 1,
  ],
  [
    /^level: between ([\d.,]+)\/s and ([\d.,]+)\/s\.$/,
    ([, low, high], _, { objective }) => {
      const levels = objective!.intervals.map((each) => each.level);
      return Math.min(...levels) === numberIn(low) && Math.max(...levels) === numberIn(high);
    },
  ],
  [
    new RegExp(
      `^${name}: (?:between ${elapsed} and ${elapsed}|nothing measured)\\. objective: between ${elapsed} and ${elapsed}\\.$`,
    ),
    ([, , low, high, from, to], _, { objective }) => {
      const known = objective!.intervals.flatMap(({ objectiveMs }) => objectiveMs ?? []);
      const isTrue =
        low === undefined
          ? known.length === 0
          : isAbout(millisecondsIn(low), Math.min(...known)) &&
            isAbout(millisecondsIn(high), Math.max(...known));
      return isTrue && [from, to].every((each) => millisecondsIn(each) === objective!.settings.at);
    },
  ],
];
