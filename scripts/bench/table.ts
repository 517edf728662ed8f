import { layOutColumns } from '../../src/report/text-table.ts';
import { type Figure, type Goal, isMet } from './figure.ts';

const header = ['figure', 'value', 'against', 'goal', ''];

/** A line for each figure, and one for each further thing it is held against. */
export function renderTable(figures: readonly Figure[]): string[] {
  return layOutColumns([header, ...figures.flatMap(rowsOf)]);
}

function rowsOf({ name, value, unit, ratios = [], goal, note }: Figure): string[][] {
  const label = note === undefined ? name : `${name} (${note})`;
  const own = goal === undefined ? ['', ''] : judge(goal, value);
  const rows = ratios.map((ratio) => [
    '',
    '',
    `${formatFigure(ratio.value)}× ${ratio.to}`,
    ...(ratio.goal === undefined ? ['', ''] : judge(ratio.goal, ratio.value)),
  ]);
  const shown = `${formatFigure(value)} ${unit}`.trimEnd();
  // The first ratio shares the figure's line, unless both are held to something.
  if (goal !== undefined || rows[0] === undefined) return [[label, shown, '', ...own], ...rows];
  return [[label, shown, ...rows[0].slice(2)], ...rows.slice(1)];
}

function judge(goal: Goal, value: number): [string, string] {
  const bound = 'atMost' in goal ? `≤ ${formatFigure(goal.atMost)}` : `≥ ${formatFigure(goal.atLeast)}`;
  return [bound, isMet(goal, value) ? 'met' : 'MISSED'];
}

/** Three significant digits; whole above 1,000. */
export function formatFigure(value: number): string {
  return Math.abs(value) >= 1_000
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)));
}
