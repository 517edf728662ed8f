import type { SliceCounts } from '../../aws/map-runs.ts';
import type { RunTotals } from '../../live/run-totals.ts';
import { groupsOf, isAcknowledged } from '../../plan/groups.ts';
import { observersOf } from '../../plan/observers.ts';
import type { Plan } from '../../plan/plan.ts';
import {
  formatClock,
  formatCount,
  formatElapsed,
  formatPerSecond,
  formatTimeLeft,
} from '../../shared/format.ts';
import type { ServiceCounts } from '../run/progress.ts';
import { type Progress, type ProgressPhase, phaseOf, troublesOf } from '../run/progress.ts';
import { fleetFiguresOf } from './progress-fleet.ts';
import { tableOfParts } from './progress-parts.ts';
import { searchProgressOf } from './progress-search.ts';
import { liveThresholdsOf } from './progress-thresholds.ts';
import { plainStyler, type Styler } from './style.ts';

/** A wider line is hard to read. */
const maxColumns = 100;
const labelColumns = 14;
/** Room for the figures to the right of a bar. */
const figureColumns = 31;
/** A narrower bar shows nothing: only figures are printed. */
const minBarColumns = 8;

interface Row {
  readonly label: string;
  /** Beside a bar there is one; without a bar they wrap where the terminal is narrow. */
  readonly figures: readonly string[];
  readonly bar?: Bar;
  readonly isTrouble?: boolean;
}

interface Bar {
  /** Share filled, 0–1. */
  readonly done: number;
  /** Share where a tick stands: what `done` should be. */
  readonly mark?: number;
}

/** The live display of a terminal: some eight lines, and a table of device groups and kinds of message; none wider than `columns`. */
export function renderProgressFrame(
  progress: Progress,
  columns: number,
  style: Styler = plainStyler,
): string[] {
  const width = Math.min(columns, maxColumns);
  return [...rowsOf(progress).flatMap((row) => drawRow(row, width, style)), ...partsOf(progress, width)];
}

function partsOf(progress: Progress, width: number): string[] {
  const { plan, totals: { parts } = {} } = progress;
  const phase = phaseOf(progress);
  if (plan === undefined || parts === undefined || phase === 'starting') return [];
  return tableOfParts(parts, plan, width);
}

function rowsOf(progress: Progress): Row[] {
  const { plan, totals, slices, cloudwatch } = progress;
  const phase = phaseOf(progress);
  const rows = [phaseRow(progress, phase)];
  if (plan === undefined || phase === 'starting') return rows;
  if (slices !== undefined) rows.push(slicesRow(slices));
  if (totals !== undefined) rows.push(...totalsRows(totals, progress, plan, phase));
  const search = searchProgressOf(progress);
  if (search.length > 0) rows.push({ label: 'search', figures: search });
  if (cloudwatch !== undefined) rows.push({ label: 'CloudWatch', figures: cloudWatchFigures(cloudwatch) });
  const thresholds = totals && liveThresholdsOf(totals, plan);
  if (thresholds !== undefined)
    rows.push({ label: 'thresholds', figures: thresholds.figures, isTrouble: thresholds.hasFailed });
  const troubles = troublesOf(progress).map(([what, count]) => `${formatCount(count)} ${what}`);
  if (troubles.length > 0) rows.push({ label: 'trouble', figures: troubles, isTrouble: true });
  return rows;
}

function totalsRows(totals: RunTotals, progress: Progress, plan: Plan, phase: ProgressPhase): Row[] {
  const rows: Row[] = [];
  if (phase === 'connecting' || phase === 'publishing') rows.push(connectedRow(totals, plan));
  if (phase === 'publishing') rows.push(...usersRows(progress), rateRow(progress, plan));
  if (totals.sent > 0) rows.push(messagesRow(totals, plan));
  rows.push(...fleetFiguresOf(totals, plan).map(([label, figures]) => ({ label, figures })));
  if (totals.endToEndP99Ms !== undefined) {
    rows.push({ label: 'end to end', figures: [`p99 ${formatElapsed(totals.endToEndP99Ms)} so far`] });
  }
  return rows;
}

function slicesRow({ total, running, done }: SliceCounts): Row {
  return {
    label: 'slices',
    figures: [`${formatCount(running)} running`, `${formatCount(done)} done of ${formatCount(total)}`],
  };
}

/** CloudWatch's value is a minute or two old: it has one value a minute. */
export function cloudWatchFigures({ publishIn, publishOut }: ServiceCounts): string[] {
  return [
    `PublishIn ${formatCount(publishIn)}`,
    `PublishOut ${formatCount(publishOut)} (a minute or two behind)`,
  ];
}

function phaseRow({ plan, now }: Progress, phase: ProgressPhase): Row {
  if (phase === 'stopping') {
    return { label: phase, figures: ['devices disconnect', 'messages in flight drain', 'then the report'] };
  }
  if (plan === undefined) return { label: phase, figures: ['the load is cut into slices'] };
  const { startAt, drainEndAt } = plan.timeline;
  if (phase === 'starting')
    return { label: phase, figures: [`devices connect in ${formatTimeLeft(startAt - now)}`] };
  if (phase === 'summarizing')
    return { label: phase, figures: ['merging slices and arrivals'], bar: { done: 1 } };
  const [elapsedMs, wholeMs] = [now - startAt, drainEndAt - startAt];
  const left = formatTimeLeft(wholeMs - elapsedMs);
  return {
    label: phase,
    figures: [`${formatClock(elapsedMs)} of ${formatClock(wholeMs)}, ${left} left`],
    bar: { done: elapsedMs / wholeMs },
  };
}

function connectedRow(totals: RunTotals, plan: Plan): Row {
  const { devices } = plan.profile;
  return {
    label: 'connected',
    figures: [`${formatCount(totals.connected)} of ${formatCount(devices)}`],
    bar: { done: totals.connected / devices },
  };
}

function usersRows({ users }: Progress): Row[] {
  if (users === undefined) return [];
  const { active, planned, most } = users;
  return [
    {
      label: 'users',
      figures: [`${formatCount(active)} of ${formatCount(planned)}`],
      bar: { done: active / most, mark: planned / most },
    },
  ];
}

function rateRow({ sentPerSecond, intendedPerSecond }: Progress, plan: Plan): Row {
  const { peakPerSecond } = plan.load;
  return {
    label: 'sending',
    figures: [`${formatPerSecond(sentPerSecond)} of ${formatPerSecond(intendedPerSecond)}`],
    bar: { done: sentPerSecond / peakPerSecond, mark: intendedPerSecond / peakPerSecond },
  };
}

function messagesRow(totals: RunTotals, plan: Plan): Row {
  const figures = [`${formatCount(totals.sent)} sent`];
  // QoS 0 has no acknowledgement to wait for.
  if (groupsOf(plan).some(isAcknowledged)) {
    figures.push(`${formatCount(totals.acked)} acked`);
  }
  if (observersOf(plan).length > 0) figures.push(`${formatCount(totals.arrivals)} arrived`);
  return { label: 'messages', figures };
}

function drawRow({ label, figures, bar, isTrouble }: Row, width: number, style: Styler): string[] {
  const head = `  ${label}`.padEnd(labelColumns);
  const barColumns = width - labelColumns - figureColumns - 2;
  if (bar !== undefined && barColumns >= minBarColumns) {
    return [`${head}${drawBar(bar, barColumns, style)}  ${figures.join(', ').slice(0, figureColumns)}`];
  }
  return wrap(figures, width - labelColumns).map((line, i) => {
    const text = cut(`${i === 0 ? head : ' '.repeat(labelColumns)}${line}`, width);
    return isTrouble ? style('warning', text) : text;
  });
}

/** `██████│░░░`: filled up to `done`, a tick at `mark` where the two differ by more than a cell. */
function drawBar({ done, mark }: Bar, columns: number, style: Styler): string {
  const tick = mark === undefined ? undefined : cellsOf(mark, columns);
  const reached = cellsOf(done, columns);
  const filled = tick !== undefined && Math.abs(tick - reached) <= 1 ? tick : reached;
  const cells = [...'█'.repeat(filled), ...'░'.repeat(columns - filled)];
  if (tick !== undefined && tick !== filled) cells[Math.min(tick, columns - 1)] = '│';
  return style('bar', cells.slice(0, filled).join('')) + style('dim', cells.slice(filled).join(''));
}

/** A share above 0 % is never drawn as empty, and one below 100 % never as full. */
function cellsOf(share: number, columns: number): number {
  if (!(share > 0)) return 0;
  if (share >= 1) return columns;
  return Math.max(1, Math.min(columns - 1, Math.round(share * columns)));
}

/** Joins with commas, as many to a line as fit. */
function wrap(items: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const [i, item] of items.entries()) {
    const piece = i === items.length - 1 ? item : `${item},`;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + piece.length <= columns)
      lines[lines.length - 1] = `${last} ${piece}`;
    else lines.push(piece);
  }
  return lines;
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
