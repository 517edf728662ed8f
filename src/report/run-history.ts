import { type ChangePoint, findChangePoints } from '../measure/change-points.ts';
import { medianOf } from '../measure/median-interval.ts';
import { makeRandom } from '../shared/random.ts';
import { hasArrivals } from './ledger-equations.ts';
import type { Report, Verdict } from './report-model.ts';
import { cameToItsEnd } from './run-end.ts';
import { kindOfRun } from './search-outcome.ts';

/** A run in a history of runs. */
export interface RunFigures {
  readonly runId: string;
  readonly name: string;
  readonly verdict: Verdict;
  /** Its figures are of the whole load: nothing ended the run before its time. */
  readonly isWhole: boolean;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly devicesConnected: number;
  readonly sent: number;
  readonly lost: number;
  /** Sent, mean over the publishing time. Null: a search, whose load is many loads; so are the next three. */
  readonly ratePerSecond: number | null;
  /** Of end_to_end_latency, or of response_time where nothing arrives; null: not measured. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Null: nothing arrives in such a run. */
  readonly lostShare: number | null;
  /** The highest level that passed in a search, or the level that held an objective, in the unit of what it searched. Null: no search, or it has no answer. */
  readonly holdsLevel: number | null;
  /** Null: a target without a bill. */
  readonly costUsd: number | null;
}

/** The figures of a run that a history shows. */
export function runFiguresOf(report: Report): RunFigures {
  const { runId, name, verdict, startedAt, endedAt, devices, messages, rates, cost, search, objective } =
    report;
  const { response_time: answers, end_to_end_latency: arrivals } = report.latencyMs;
  const latency = arrivals.count > 0 ? arrivals : answers;
  const isSearch = kindOfRun(report) !== 'load';
  const isMeasured = !isSearch && latency !== undefined && latency.count > 0;
  const arrives = !isSearch && hasArrivals(report) && messages.sent > 0;
  return {
    runId,
    name,
    verdict,
    isWhole: cameToItsEnd(report),
    startedAt,
    endedAt,
    devicesConnected: devices.connected,
    sent: messages.sent,
    lost: messages.lost,
    ratePerSecond: isSearch ? null : rates.meanPerSecond,
    p50Ms: isMeasured ? latency.p50 : null,
    p99Ms: isMeasured ? latency.p99 : null,
    lostShare: arrives ? messages.lost / messages.sent : null,
    holdsLevel: search?.answer.holds ?? objective?.answer.level ?? null,
    costUsd: cost?.totalUsd ?? null,
  };
}

/** Figures that a history is searched for a change in: a search has the last one, any other run the others. */
export const historyFigures = ['p50Ms', 'p99Ms', 'lostShare', 'ratePerSecond', 'holdsLevel'] as const;
export type HistoryFigure = (typeof historyFigures)[number];

/** A change of one figure of a history. */
export interface HistoryChange extends ChangePoint {
  readonly figure: HistoryFigure;
  /** The first run after the change; `at` is its place in the history, from 0. */
  readonly runId: string;
  /** Medians from the change before to this one, and from this one to the next. */
  readonly before: number;
  readonly after: number;
}

/**
 * Where the level of each figure changed. Of histories without a change, 1 % have one in a given figure by chance, so at most 4 % in any of
 * four.
 * @param runs of one load, the oldest first
 * @returns by run, then in the order of `historyFigures`
 */
export function findHistoryChanges(runs: readonly RunFigures[]): HistoryChange[] {
  const changes = historyFigures.flatMap((figure, lane) => {
    const measured = runs.flatMap((run, index) => {
      const value = run[figure];
      return value === null ? [] : [{ index, runId: run.runId, value }];
    });
    const values = measured.map(({ value }) => value);
    const found = findChangePoints(values, { random: makeRandom(values.length, lane) });
    return found.map(({ at, chance }, i): HistoryChange => {
      const from = found[i - 1]?.at ?? 0;
      const to = found[i + 1]?.at ?? values.length;
      const { index, runId } = measured[at]!;
      return {
        figure,
        runId,
        at: index,
        chance,
        before: medianOf(values.slice(from, at)),
        after: medianOf(values.slice(at, to)),
      };
    });
  });
  return changes.toSorted((a, b) => a.at - b.at);
}

/** The changes of a list of runs of any loads, by the run that they begin with; each profile's whole runs are a history. */
export function changesByRun(runs: readonly RunFigures[]): ReadonlyMap<string, readonly HistoryChange[]> {
  const whole = runs.filter(({ isWhole }) => isWhole).toSorted(byStart);
  const histories = [...Map.groupBy(whole, ({ name }) => name).values()];
  return Map.groupBy(histories.flatMap(findHistoryChanges), ({ runId }) => runId);
}

/** The oldest first. */
export function byStart(a: RunFigures, b: RunFigures): number {
  return Date.parse(a.startedAt) - Date.parse(b.startedAt);
}
