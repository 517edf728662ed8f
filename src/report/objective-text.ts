import { endings } from '../plan/search/describe-end.ts';
import { formatLevel } from '../plan/search/format-level.ts';
import type { LevelMove } from '../plan/search/judged-hold.ts';
import { nameObjective } from '../plan/search/objective/objective-expression.ts';
import {
  formatCount,
  formatElapsed,
  formatMs,
  formatPlural,
  formatRate,
  formatShare,
} from '../shared/format.ts';
import type { ObjectiveReport } from './objective-report.ts';
import type { Report } from './report-model.ts';
import type { SearchStepReport } from './search-report.ts';
import { describeNeeds } from './search-text.ts';

/** What a search that holds an objective found, and its intervals. */
export interface ObjectiveTable {
  /** A sentence. */
  readonly answer: string;
  readonly caption: string;
  /** Of all columns; the first one names the rows. */
  readonly headings: readonly string[];
  /** A row for each interval, a cell for each column. */
  readonly rows: readonly (readonly string[])[];
  /** What to know beside the table, a sentence each. */
  readonly notes: readonly string[];
}

/** Undefined: the run held no objective. */
export function objectiveTableOf(report: Report): ObjectiveTable | undefined {
  const { objective } = report;
  if (objective === undefined) return undefined;
  const { settings, intervals } = objective;
  const firstAt = intervals[0]?.at ?? 0;
  return {
    answer: describeHeld(objective),
    caption: 'The intervals of the search, in the order of time',
    headings: [
      'interval',
      'after',
      'level',
      'why',
      `${nameObjective(settings)}, ms`,
      'received/s',
      'outcome',
    ],
    rows: intervals.map((interval) => [
      `${interval.step}`,
      formatElapsed(interval.at - firstAt),
      formatLevel(settings.of, interval.level),
      whyOf(interval.move),
      interval.objectiveMs === undefined || interval.objectiveMs === null
        ? '–'
        : formatMs(interval.objectiveMs),
      formatRate(interval.figures.perSecond),
      interval.outcome === 'failed'
        ? 'overloaded'
        : interval.outcome === 'passed'
          ? 'judged'
          : interval.outcome,
    ]),
    notes: [
      ...describeSettling(objective),
      ...describeNeeds(report, objective.answer),
      ...intervals.flatMap(describeInterval),
    ],
  };
}

const moves: Readonly<Record<LevelMove, string>> = {
  approach: 'far below the objective',
  track: 'near the objective',
  'back-off': 'was overloaded',
  drain: 'works off its backlog',
  resume: 'has worked it off',
};

function whyOf(move: LevelMove | undefined): string {
  return move === undefined ? '–' : moves[move];
}

/** The level that the search keeps, or why that is not known; a sentence. */
export function describeHeld({ settings, intervals, answer }: ObjectiveReport): string {
  const { of, from, planned, at } = settings;
  const { ended, level, lowest, highest, objectiveMs, limit } = answer;
  const name = nameObjective(settings);
  if (ended === 'none-passed') {
    const last = intervals.findLast((each) => each.level === from)?.objectiveMs ?? null;
    const value = last === null ? 'has no value' : `is ${formatElapsed(last)}`;
    return plannedOr(
      `it does not keep ${name} at ${formatElapsed(at)}: at ${formatLevel(of, from)}, the lowest level of the search, it ${value}.`,
    );
  }
  if (level === null || lowest === null || highest === null || (ended !== 'found' && ended !== 'all-passed'))
    return `The search ended without an answer, because ${endings[ended]}.`;
  const spread = lowest === highest ? '' : ` (${formatLevel(of, lowest)} to ${formatLevel(of, highest)})`;
  const metric = objectiveMs === null ? 'has no value' : `is ${formatElapsed(objectiveMs)}`;
  const why =
    ended === 'all-passed'
      ? ', the highest level of the search'
      : limit === undefined
        ? ''
        : `; more breaks ${limit.metric} ${limit.expression}${limit.quota === undefined ? '' : ` (quota ${limit.quota})`}`;
  return plannedOr(
    `it takes ${formatLevel(of, level)}${spread}, where ${name} ${metric} and the objective is ${formatElapsed(at)}${why}.`,
  );

  function plannedOr(sentence: string): string {
    return planned === undefined
      ? `I${sentence.slice(1)}`
      : `You plan ${formatLevel(of, planned)}; ${sentence}`;
  }
}

/** When the level had settled, and how well the objective was kept from then on. */
function describeSettling({ settings, answer }: ObjectiveReport): string[] {
  const { settledAfterMs, keptShare, backOffs } = answer;
  const settled =
    settledAfterMs === null || keptShare === null
      ? 'The level has not settled'
      : `The level had settled after ${formatElapsed(settledAfterMs)}; from then on the metric was within ${formatShare(settings.precision)} of the objective in ${formatShare(keptShare)} of the intervals`;
  const overloads =
    backOffs === 0 ? 'no overload lowered it' : `${formatPlural(backOffs, 'overload')} lowered it in all`;
  return [`${settled}; ${overloads}.`];
}

function describeInterval({ step, voidBecause = [], outcome, seen }: SearchStepReport): string[] {
  return [
    ...(voidBecause.length === 0
      ? []
      : [`Interval ${formatCount(step)} is void: ${voidBecause.map(({ sentence }) => sentence).join(' ')}`]),
    ...(seen === undefined
      ? []
      : [
          `Interval ${formatCount(step)} was ${seen} when the search went on; by the complete record it is ${outcome}.`,
        ]),
  ];
}
