import { formatCount, formatElapsed, formatPlural, formatRate, formatShare } from '../shared/format.ts';
import type { Report } from './report-model.ts';
import { cameToItsEnd } from './run-end.ts';
import {
  findHistoryChanges,
  type HistoryChange,
  type HistoryFigure,
  type RunFigures,
  runFiguresOf,
} from './run-history.ts';

/** Runs of one load, divided at their last change. */
export interface SplitHistory {
  /** From the change before the last one, or from the beginning. */
  readonly before: readonly Report[];
  /** From the last change on; empty: nothing changed. */
  readonly after: readonly Report[];
  readonly changes: readonly HistoryChange[];
  /** Ids of runs that ended before their time: their figures are of another load. */
  readonly leftOut: readonly string[];
}

/** Divides a history at its last change. @param reports in any order */
export function splitHistory(reports: readonly Report[]): SplitHistory {
  const ordered = reports
    .filter(cameToItsEnd)
    .toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
  const leftOut = reports.filter((report) => !cameToItsEnd(report)).map(({ runId }) => runId);
  const changes = findHistoryChanges(ordered.map(runFiguresOf));
  const at = changes.at(-1)?.at ?? ordered.length;
  // Figures of one change may show it a run apart.
  const from = changes.findLast((change) => change.at <= at - leastRuns)?.at ?? 0;
  return { before: ordered.slice(from, at), after: ordered.slice(at), changes, leftOut };
}

/** The figures as a table of runs names them. */
export const historyLabels: Readonly<Record<HistoryFigure, string>> = {
  p50Ms: 'p50',
  p99Ms: 'p99',
  lostShare: 'lost',
  ratePerSecond: 'rate',
  holdsLevel: 'holds',
};

export function formatHistoryFigure(figure: HistoryFigure, value: RunFigures[HistoryFigure]): string {
  if (value === null) return '–';
  if (figure === 'lostShare') return formatShare(value);
  if (figure === 'holdsLevel') return formatCount(value);
  return figure === 'p50Ms' || figure === 'p99Ms' ? formatElapsed(value) : `${formatRate(value)}/s`;
}

/** What was found, a line each: `changed at smoke-…: p99 40 ms → 44 ms (by chance in 0.1 % of histories)`. */
export function describeHistory({ before, after, changes, leftOut }: SplitHistory): string[] {
  const runs = before.length + after.length;
  return [
    ...(changes.length === 0 ? [describeUnchanged(runs)] : changes.map(describeChange)),
    ...(leftOut.length === 0
      ? []
      : [`left out, because they ended before their time: ${formatPlural(leftOut.length, 'run')}`]),
  ];
}

/** Of a history without a change: `no change in 14 runs`, and what that is worth. @param runs that came to their end */
export function describeUnchanged(runs: number): string {
  if (runs === 0) return 'no run came to its end';
  const few = runs < fewestRuns ? `; no change can be shown in fewer than ${fewestRuns}` : '';
  return `no change in ${formatPlural(runs, 'run')}${few}`;
}

/** Why a history without a change proves nothing; undefined: it is long enough. */
export function whyTooShort({ before, changes }: SplitHistory): string | undefined {
  if (changes.length > 0 || before.length >= fewestRuns) return undefined;
  return `Inconclusive: no change can be shown in fewer than ${fewestRuns} runs, and there are ${before.length}.`;
}

function describeChange(change: HistoryChange): string {
  return `changed at ${change.runId}: ${describeShift(change)}`;
}

/** `p99 40 ms → 44 ms (by chance in 0.1 % of histories)` */
export function describeShift({ figure, before, after, chance }: HistoryChange): string {
  const values = `${formatHistoryFigure(figure, before)} → ${formatHistoryFigure(figure, after)}`;
  return `${historyLabels[figure]} ${values} (by chance in ${formatShare(chance)} of histories)`;
}

/** Of a side of the comparison. */
const leastRuns = 3;

/** Five before and five after a change are the fewest that show it at 1 %. */
const fewestRuns = 10;
