import { medianOf } from '../measure/median-interval.ts';
import { endings } from '../plan/search/describe-end.ts';
import { formatLevel } from '../plan/search/format-level.ts';
import type { HoldFigures } from '../plan/search/judged-hold.ts';
import { sumOf } from '../shared/counts.ts';
import type { FigureOfRuns, FigureSample } from './judge-change.ts';
import { hasArrivals } from './ledger-equations.ts';
import type { ObjectiveReport } from './objective-report.ts';
import type { Report } from './report-model.ts';
import type { SearchReport, SearchStepReport } from './search-report.ts';
import { shownLatencyOf } from './search-text.ts';
import { leastSamples } from './within-run-noise.ts';

/**
 * What searches are compared by: the two levels of their answers, the headroom, and what was measured at levels that all of them held. Above
 * the knee figures say how long a queue had grown, so these levels are not compared.
 */
export function searchFiguresOf(baseline: readonly Report[], candidate: readonly Report[]): FigureOfRuns[] {
  return [
    answerFigure('search holds', 'level', (search) => search.answer.holds ?? 0),
    answerFigure('search breaks', 'level', (search) => search.answer.breaks),
    answerFigure('search headroom', 'ratio', ({ settings: { planned }, answer: { holds } }) =>
      planned === undefined || planned === 0 ? null : (holds ?? 0) / planned,
    ),
    ...commonLevels(baseline, candidate).flatMap((level) => levelFigures(level, [...baseline, ...candidate])),
  ];
}

/** What searches that hold an objective are compared by: the level that they held, and its part of the planned load. */
export const objectiveFigures: readonly FigureOfRuns[] = [
  objectiveFigure('objective level', 'level', ({ level }) => level),
  objectiveFigure('objective headroom', 'ratio', ({ level }, planned) =>
    level === null || planned === undefined || planned === 0 ? null : level / planned,
  ),
];

/** The level goes up and down: its standard deviation is taken for a quarter of the range that it was in. */
function objectiveFigure(
  figure: string,
  kind: 'level' | 'ratio',
  of: (answer: ObjectiveReport['answer'], planned: number | undefined) => number | null,
): FigureOfRuns {
  return {
    figure,
    kind,
    better: 'more',
    of({ objective }) {
      if (objective === undefined || !hasAnswer(objective)) return null;
      const { answer, settings } = objective;
      const found = answer.ended === 'none-passed' ? { ...answer, level: 0 } : answer;
      const value = of(found, settings.planned);
      if (value === null) return null;
      const { level, lowest, highest } = answer;
      const share = level === null || level === 0 ? 0 : ((highest ?? 0) - (lowest ?? 0)) / level;
      return { value, sd: (share * value) / 4 };
    },
  };
}

/** Why nothing follows from searches, a sentence each. @param which of the run, as a sentence names it */
export function describeNoAnswer(which: string, { search, objective }: Report): string[] {
  const found = search ?? objective;
  if (found === undefined || hasAnswer(found)) return [];
  return [`The search of ${which} has no answer, because ${endings[found.answer.ended]}.`];
}

function hasAnswer({ answer: { ended } }: SearchReport | ObjectiveReport): boolean {
  return ended === 'found' || ended === 'all-passed' || ended === 'none-passed';
}

/**
 * The knee is anywhere between the two levels of an answer, with equal chances: the standard deviation is their distance by √12. If only one
 * is known, their distance would have been the precision.
 */
function answerFigure(
  figure: string,
  kind: 'level' | 'ratio',
  of: (search: SearchReport) => number | null,
): FigureOfRuns {
  return {
    figure,
    kind,
    better: 'more',
    of({ search }) {
      if (search === undefined || !hasAnswer(search)) return null;
      const value = of(search);
      if (value === null) return null;
      const { answer, settings } = search;
      const { holds, breaks } = answer;
      const level = holds ?? breaks ?? 0;
      const share = holds === null || breaks === null ? settings.precision : (breaks - holds) / level;
      return { value, sd: (share * value) / Math.sqrt(12) };
    },
  };
}

/** Levels that a search of each side held, at most the lowest answer of all: each of these holds. Upwards. */
function commonLevels(baseline: readonly Report[], candidate: readonly Report[]): number[] {
  const searches = [...baseline, ...candidate].flatMap(({ search }) => search ?? []);
  const most = Math.min(...searches.map(({ answer: { holds } }) => holds ?? 0));
  const levelsIn = (reports: readonly Report[]) =>
    new Set(reports.flatMap((report) => countedSteps(report).map(({ level }) => level)));
  const after = levelsIn(candidate);
  return [...levelsIn(baseline)]
    .filter((level) => level <= most && after.has(level))
    .toSorted((a, b) => a - b);
}

function countedSteps({ search }: Report): readonly SearchStepReport[] {
  return search?.steps.filter(({ outcome }) => outcome !== 'void') ?? [];
}

function levelFigures(level: number, reports: readonly Report[]): FigureOfRuns[] {
  const [search] = reports.flatMap(({ search }) => search ?? []);
  const place = `at ${formatLevel(search!.settings.of, level)}`;
  const latency = shownLatencyOf(search!);
  const isObserved = reports.some(hasArrivals);
  const figure = (
    name: string,
    kind: FigureOfRuns['kind'],
    better: FigureOfRuns['better'],
    of: (holds: readonly HoldFigures[], seconds: number) => FigureSample | null,
  ): FigureOfRuns => ({
    figure: `${name} ${place}`,
    kind,
    better,
    of(report) {
      const steps = countedSteps(report).filter((step) => step.level === level);
      const seconds = sumOf(steps.map(({ holdFrom, holdUntil }) => (holdUntil - holdFrom) / 1_000));
      return steps.length === 0
        ? null
        : of(
            steps.map(({ figures }) => figures),
            seconds,
          );
    },
  });
  const totalOf = (
    holds: readonly HoldFigures[],
    counter: 'sent' | 'lost' | 'failed' | 'received' | 'acked',
  ) => sumOf(holds.map((hold) => hold[counter]));
  return [
    ...(latency === undefined
      ? []
      : (['p50', 'p95', 'p99'] as const).map((percentile) =>
          figure(`${latency} ${percentile}`, 'latency', 'less', (holds) => {
            const measured = holds.flatMap(({ latencyMs }) => latencyMs[latency] ?? []);
            // The percentile of all holds together is not known; the hold in the middle has one.
            const values = measured
              .filter(({ count }) => count >= leastSamples)
              .map((each) => each[percentile]);
            return values.length === 0 ? null : { value: medianOf(values) };
          }),
        )),
    figure(isObserved ? 'lost_messages rate' : 'failed_messages rate', 'share', 'less', (holds) => {
      const trials = totalOf(holds, 'sent');
      return trials === 0 ? null : { value: totalOf(holds, isObserved ? 'lost' : 'failed') / trials, trials };
    }),
    figure('throughput rate', 'rate', 'more', (holds, seconds) => {
      const value = totalOf(holds, isObserved ? 'received' : 'acked') / seconds;
      return { value, sd: Math.sqrt(value / seconds) };
    }),
  ];
}
