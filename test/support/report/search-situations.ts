import type { HoldOutcome } from '../../../src/plan/search/judged-hold.ts';
import type { CapacitySearch } from '../../../src/profile/search.ts';
import type { SearchRecord, SearchStepReport } from '../../../src/report/search-report.ts';
import { capacitySearch, holdOf } from '../plan/simulated-service.ts';
import { requestSituation } from './request-situation.ts';
import type { NamedSituation, Situation } from './true-run.ts';

type Hold = readonly [level: number, outcome: HoldOutcome, repeats?: number];

const objective = { metric: 'end_to_end_latency', expression: 'p(99)<500', actual: 812.4 };
const refusal = { metric: 'throttled_messages', expression: 'count==0', quota: 'publishInPerSecond' };

/** Levels above 3,100/s break both thresholds. */
function judged([level, outcome, repeats]: Hold, step: number): SearchStepReport {
  const hold = holdOf({ level, ...(repeats !== undefined && { repeats }) }, outcome, step);
  const p99 = outcome === 'failed' ? 812.4 : 41.2;
  const figures = {
    ...hold.figures,
    sent: 3 * level,
    acked: 2.9 * level,
    received: 2.9 * level,
    perSecond: level * 0.97,
    lost: outcome === 'failed' ? 123 : 0,
    failed: outcome === 'failed' ? 45 : 0,
    latencyMs:
      outcome === 'void' ? {} : { end_to_end_latency: { count: level, p50: 9, p95: 20, p99, max: p99 } },
  };
  const broke = level > 3_500 ? [objective, { ...refusal, actual: null }] : [{ ...refusal, actual: 370 }];
  return { ...hold, figures, broke: outcome === 'failed' ? broke : [] };
}

function recordOf(holds: readonly Hold[], settings: Partial<CapacitySearch> = {}): SearchRecord {
  const all = holds.map(judged);
  return { settings: { ...capacitySearch, ...settings }, judged: all, seen: all };
}

/** The same holds, of devices that connect again. */
function ofConnects(record: SearchRecord): SearchRecord {
  const all = record.judged.map((hold): SearchStepReport => {
    const { level, figures, broke } = hold;
    const { end_to_end_latency: connect } = figures.latencyMs;
    const failed = figures.failed;
    return {
      ...hold,
      broke: broke.map((each) => ({ ...each, metric: 'connects_failed', quota: 'connectsPerSecond' })),
      figures: {
        ...figures,
        latencyMs: connect === undefined ? {} : { connect },
        connects: { due: 3 * level, made: 3 * level, granted: 3 * level - failed, failed },
      },
    };
  });
  return { ...record, judged: all, seen: all };
}

const found: readonly Hold[] = [
  [1_000, 'passed'],
  [2_000, 'passed'],
  [4_000, 'failed'],
  [3_012, 'passed'],
  [3_137, 'failed'],
  [3_012, 'passed', 3],
  [3_137, 'failed', 4],
];

const stopBySearch = (reason: string, ended: 'found' | 'refused' = 'found'): Partial<Situation> => ({
  stoppedAfterMs: 4_200,
  stoppedOn: { by: 'search', ended, reason },
});
const answered = stopBySearch('the search ended: it found its answer');
const unfinished: readonly Hold[] = [
  [1_000, 'passed'],
  [2_000, 'failed'],
];

/** How searches end. */
export const searchSituations: readonly NamedSituation[] = [
  ['a search found the knee', { ...answered, search: recordOf(found) }],
  ['a search found more than is planned', { ...answered, search: recordOf(found, { planned: 2_000 }) }],
  ['a search found less than is planned', { ...answered, search: recordOf(found, { planned: 6_000 }) }],
  [
    'the complete record judges a hold in another way',
    {
      ...answered,
      search: {
        ...recordOf(found),
        seen: found.map((hold, i) => judged(i === 1 ? [2_000, 'void'] : hold, i)),
      },
    },
  ],
  [
    'the complete record contradicts the answer of a search',
    {
      ...answered,
      search: {
        ...recordOf(
          found.map(([level, ...rest]) => (level === 3_137 ? [level, 'passed'] : [level, ...rest])),
        ),
        seen: found.map(judged),
      },
    },
  ],
  [
    'all levels of a search passed',
    {
      ...answered,
      search: recordOf(
        [
          [1_000, 'passed'],
          [2_000, 'passed'],
          [2_000, 'passed', 1],
        ],
        { to: 2_000, planned: 500 },
      ),
    },
  ],
  [
    'the first level of a search failed',
    {
      ...answered,
      search: recordOf(
        [
          [1_000, 'failed'],
          [1_000, 'failed', 0],
        ],
        { planned: 3_000 },
      ),
    },
  ],
  [
    'the holds of a search were void',
    {
      ...answered,
      search: recordOf([
        [1_000, 'passed'],
        [2_000, 'void'],
        [2_000, 'void', 1],
      ]),
    },
  ],
  ['the user stopped a search', { stoppedAfterMs: 4_200, search: recordOf(unfinished) }],
  ['a search had no time for a hold', { search: recordOf([]) }],
  [
    'a level of a search was refused',
    {
      ...stopBySearch(
        'the search ended: its next level was refused: 2,000/s is more than the quota',
        'refused',
      ),
      search: recordOf([[1_000, 'passed']]),
    },
  ],
  ['StopExecution ended a search', { execution: { status: 'ABORTED' }, search: recordOf(unfinished) }],
  [
    'a search of users found the knee',
    { ...answered, search: recordOf(found, { of: 'users', planned: 2_000 }) },
  ],
  [
    'a search of devices found the knee',
    { ...answered, search: recordOf(found, { of: 'devices', planned: 6_000, connectsPerSecond: 400 }) },
  ],
  [
    'a search of connects found the knee',
    { ...answered, search: ofConnects(recordOf(found, { of: 'connects' })) },
  ],
  ['a search loaded a web service', { ...requestSituation[1], search: recordOf(found) }],
];
