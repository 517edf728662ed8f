import type {
  BrokenObjective,
  HoldOutcome,
  JudgedHold,
  LevelMove,
} from '../../../src/plan/search/judged-hold.ts';
import { overloadThreshold } from '../../../src/plan/search/objective/objective-expression.ts';
import type { SearchEnd } from '../../../src/plan/search/search-answer.ts';
import type { ObjectiveSearch } from '../../../src/profile/search.ts';
import type { SearchRecord } from '../../../src/report/search-report.ts';
import { holdOf } from '../plan/simulated-service.ts';
import { objectiveSearch } from '../queueing/held-service.ts';
import type { NamedSituation, Situation } from './true-run.ts';

type Interval = readonly [level: number, move: LevelMove, objectiveMs: number | null, outcome?: HoldOutcome];

const refusal: BrokenObjective = {
  metric: 'throttled_messages',
  expression: 'count==0',
  actual: 312,
  quota: 'publishInPerSecond',
};

function judged([level, move, objectiveMs, outcome = 'passed']: Interval, step: number): JudgedHold {
  const isLate = outcome === 'failed' && (objectiveMs ?? 0) > 1_000;
  return {
    ...holdOf({ level }, outcome, step),
    move,
    objectiveMs,
    broke:
      outcome !== 'failed'
        ? []
        : [isLate ? { ...overloadThreshold(objectiveSearch), actual: objectiveMs } : refusal],
  };
}

function recordOf(
  intervals: readonly Interval[],
  settings: Partial<ObjectiveSearch> = {},
  seen: readonly Interval[] = intervals,
): SearchRecord {
  return {
    settings: { ...objectiveSearch, ...settings },
    judged: intervals.map(judged),
    seen: seen.map(judged),
  };
}

const kept: readonly Interval[] = [
  [400, 'approach', 21],
  [800, 'approach', 63],
  [1_600, 'approach', 2_100, 'failed'],
  [640, 'back-off', 1_900, 'failed'],
  [640, 'drain', 240],
  [960, 'resume', 410],
  [990, 'track', 530],
  [981, 'track', 488],
  [984, 'track', 702],
  [970, 'track', 455],
];
const bounded: readonly Interval[] = kept.map(([level, move, ms, outcome = 'passed'], i) =>
  i === 2 ? [1_600, 'approach', 31, 'failed'] : [level, move, Math.min(ms ?? 0, 32), outcome],
);
const atFrom: Interval = [100, 'back-off', 3_200, 'failed'];
const voids: readonly Interval[] = [
  [100, 'approach', 20],
  [200, 'approach', null, 'void'],
  [200, 'approach', null, 'void'],
  [200, 'approach', null, 'void'],
];

const stopBySearch = (
  ended: SearchEnd,
  reason = 'the search ended: its time was over',
): Partial<Situation> => ({
  stoppedAfterMs: 4_200,
  stoppedOn: { by: 'search', ended, reason },
});

/** How searches that hold an objective end. */
export const objectiveSituations: readonly NamedSituation[] = [
  ['an objective was kept', { ...stopBySearch('found'), search: recordOf(kept) }],
  [
    'an objective was kept at one level',
    { ...stopBySearch('found'), search: recordOf(kept.map(([, move, ms]) => [500, move, ms])) },
  ],
  [
    'an objective was kept at more than is planned',
    { ...stopBySearch('found'), search: recordOf(kept, { planned: 800 }) },
  ],
  [
    'an objective was kept at less than is planned',
    { ...stopBySearch('found'), search: recordOf(kept, { planned: 2_000 }) },
  ],
  ['a quota bounds the level of an objective', { ...stopBySearch('found'), search: recordOf(bounded) }],
  [
    'loss bounds the level of an objective',
    { ...stopBySearch('found'), search: withoutQuota(recordOf(bounded)) },
  ],
  [
    'the highest level is below an objective',
    {
      ...stopBySearch('found'),
      search: recordOf(
        Array.from({ length: 7 }, (): Interval => [5_000, 'approach', 30]),
        { planned: 4_000 },
      ),
    },
  ],
  [
    'the lowest level is above an objective',
    { ...stopBySearch('none-passed'), search: recordOf([atFrom, atFrom, atFrom, atFrom, atFrom]) },
  ],
  [
    'nothing arrives at the lowest level of an objective',
    {
      ...stopBySearch('none-passed'),
      search: recordOf(
        Array.from({ length: 5 }, (): Interval => [100, 'back-off', null, 'failed']),
        { planned: 300 },
      ),
    },
  ],
  [
    'the level of an objective has not settled',
    { ...stopBySearch('out-of-time'), search: recordOf([...kept.slice(0, 3), [2_000, 'track', 400]]) },
  ],
  ['the intervals of an objective were void', { ...stopBySearch('void'), search: recordOf(voids) }],
  [
    'the complete record judges an interval in another way',
    {
      ...stopBySearch('found'),
      search: recordOf(
        kept,
        {},
        kept.map((each, i) => (i === 1 ? [800, 'approach', 63, 'void'] : each)),
      ),
    },
  ],
  [
    'a level of an objective was refused',
    {
      ...stopBySearch(
        'refused',
        'the search ended: its next level was refused: 2,000/s is more than the quota',
      ),
      search: recordOf(kept.slice(0, 2)),
    },
  ],
  [
    'the user stopped a search for an objective',
    { stoppedAfterMs: 4_200, search: recordOf(kept.slice(0, 4)) },
  ],
  [
    'StopExecution ended a search for an objective',
    { execution: { status: 'ABORTED' }, search: recordOf(kept) },
  ],
  ['a search for an objective had no time for an interval', { search: recordOf([]) }],
];

function withoutQuota(record: SearchRecord): SearchRecord {
  const drop = (hold: JudgedHold): JudgedHold => ({
    ...hold,
    broke: hold.broke.map(({ metric, expression, actual }) => ({ metric, expression, actual })),
  });
  return { ...record, judged: record.judged.map(drop), seen: record.seen.map(drop) };
}
