import {
  describeShift,
  describeUnchanged,
  formatHistoryFigure,
  historyLabels,
} from '../../report/history-comparison.ts';
import type { Verdict } from '../../report/report-model.ts';
import {
  type HistoryChange,
  type HistoryFigure,
  historyFigures,
  type RunFigures,
} from '../../report/run-history.ts';
import { renderSparkline } from '../../report/sparkline.ts';
import { layOutColumns, wrapText } from '../../report/text-table.ts';
import { formatCount, formatPlural } from '../../shared/format.ts';
import type { StyleName, Styler } from './style.ts';

export type ChangesByRun = ReadonlyMap<string, readonly HistoryChange[]>;

interface HistoryPage {
  readonly style: Styler;
  /** Of the terminal; undefined: no terminal. */
  readonly columns: number | undefined;
}

interface TableColumn {
  readonly heading: string;
  readonly figure?: HistoryFigure;
  of(run: RunFigures): string;
}

const marks: Readonly<Record<Verdict, string>> = {
  passed: '✓',
  failed: '✗',
  inconclusive: '?',
  aborted: '■',
};
const styles: Readonly<Record<Verdict, StyleName | undefined>> = {
  passed: undefined,
  failed: 'bad',
  inconclusive: 'warning',
  aborted: 'dim',
};

const devices: TableColumn = { heading: 'devices', of: (run) => formatCount(run.devicesConnected) };
const columnOf = (figure: HistoryFigure): TableColumn => ({
  heading: historyLabels[figure],
  figure,
  of: (run) => formatHistoryFigure(figure, run[figure]),
});
const shown: readonly TableColumn[] = [
  devices,
  ...(['ratePerSecond', 'p50Ms', 'p99Ms', 'lostShare'] as const).map(columnOf),
  // A search that was stopped may not have come to what the service holds.
  {
    ...columnOf('holdsLevel'),
    of: (run) =>
      `${formatHistoryFigure('holdsLevel', run.holdsLevel)}${run.isWhole || run.holdsLevel === null ? '' : ' so far'}`,
  },
];
/** What a narrow terminal does without, the first of these first. */
const dispensable = ['devices', historyLabels.p50Ms, historyLabels.ratePerSecond];

const indent = '  ';
const widthUnlessKnown = 80;
const sparklineColumns = 40;

/**
 * A line for each run, a line before the first run of each change, and the course of each figure where all runs are of one profile.
 * @param runs at least one, the oldest first
 */
export function renderHistoryTable(
  runs: readonly RunFigures[],
  changes: ChangesByRun,
  { style, columns = widthUnlessKnown }: HistoryPage,
): string {
  const names = new Set(runs.map(({ name }) => name));
  const [head = '', ...rows] = layOutWithout(runs, columns - indent.length);
  const lines = runs.flatMap((run, i) => {
    const own = (changes.get(run.runId) ?? []).map((change) => {
      const of = names.size > 1 ? `${run.name}: ` : '';
      return style('heading', `▼ changed: ${of}${describeShift(change)}`);
    });
    const styleName = styles[run.verdict];
    return [...own, styleName === undefined ? rows[i]! : style(styleName, rows[i]!)];
  });
  const isOne = names.size === 1;
  const courses = isOne ? coursesOf(runs) : [];
  const notes = isOne
    ? notesOf(runs, changes)
    : ['Changes are found by profile: --profile NAME shows the course of one.'];
  return [
    [style('heading', head), ...lines],
    [...courses, ...notes.flatMap((note) => wrapText(note, columns - indent.length, '', ''))],
  ]
    .map((part) => part.map((line) => `${indent}${line}\n`).join(''))
    .join('\n');
}

/** The rows, with as many columns as the width holds; an id is never cut, because commands take it. */
function layOutWithout(runs: readonly RunFigures[], width: number): string[] {
  let used = shown.filter(({ figure }) => figure === undefined || runs.some((run) => run[figure] !== null));
  for (const next of [...dispensable, undefined]) {
    const rows = layOutColumns([
      ['  run', ...used.map(({ heading }) => heading)],
      ...runs.map((run) => [`${marks[run.verdict]} ${run.runId}`, ...used.map(({ of }) => of(run))]),
    ]);
    if (next === undefined || rows.every((row) => row.length <= width)) return rows;
    used = used.filter(({ heading }) => heading !== next);
  }
  return [];
}

/** `p99   ▁▁▂▇▇  38 ms to 44 ms`, for each figure of a profile's runs. */
function coursesOf(runs: readonly RunFigures[]): string[] {
  const whole = runs.filter(({ isWhole }) => isWhole);
  return historyFigures.flatMap((figure) => {
    const values = whole.map((run) => run[figure]);
    const known = values.filter((value) => value !== null);
    if (known.length < 2) return [];
    const isLatency = figure === 'p50Ms' || figure === 'p99Ms';
    const line = renderSparkline(values, sparklineColumns, isLatency ? 'logarithmic' : 'fromZero');
    const ends = [Math.min(...known), Math.max(...known)].map((end) => formatHistoryFigure(figure, end));
    return [`${historyLabels[figure].padEnd(5)} ${line}  ${[...new Set(ends)].join(' to ')}`];
  });
}

function notesOf(runs: readonly RunFigures[], changes: ChangesByRun): string[] {
  const whole = runs.filter(({ isWhole }) => isWhole);
  const left = runs.length - whole.length;
  return [
    ...(changes.size > 0 ? [] : [describeUnchanged(whole.length)]),
    ...(left === 0
      ? []
      : [
          `${formatPlural(left, 'run')} ended before ${left === 1 ? 'its' : 'their'} time: no part of the history`,
        ]),
  ];
}

const csvColumns = [
  'runId',
  'name',
  'verdict',
  'isWhole',
  'startedAt',
  'endedAt',
  'devicesConnected',
  'sent',
  'lost',
  'ratePerSecond',
  'p50Ms',
  'p99Ms',
  'lostShare',
  'holdsLevel',
  'costUsd',
] as const satisfies readonly (keyof RunFigures)[];

/**
 * RFC 4180, with a heading; what was not measured is empty. The last column names the figures that changed with the run.
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function renderHistoryCsv(runs: readonly RunFigures[], changes: ChangesByRun): string {
  const rows = runs.map((run) => [
    ...csvColumns.map((column) => run[column] ?? ''),
    (changes.get(run.runId) ?? []).map(({ figure }) => figure).join(' '),
  ]);
  return [[...csvColumns, 'changed'], ...rows].map((cells) => `${cells.map(csvCell).join(',')}\n`).join('');
}

function csvCell(value: string | number | boolean): string {
  const text = String(value);
  return /[",\s]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
