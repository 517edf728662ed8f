import type { HoldOutcome } from '../plan/search/judged-hold.ts';
import type { Report } from './report-model.ts';
import { searchTableOf } from './search-text.ts';
import { type Page, renderTable, type SummaryStyleName } from './terminal-page.ts';
import { wrapText } from './text-table.ts';

const styleNames: Readonly<Record<HoldOutcome, SummaryStyleName>> = {
  passed: 'good',
  failed: 'bad',
  void: 'warning',
};

/** The holds of a search, under its answer, which is among the reasons; nothing of a run that did not search. */
export function renderSearch(report: Report, { style, width }: Page): string[] {
  const search = searchTableOf(report);
  if (search === undefined || search.rows.length === 0) return [];
  const { headings, rows, notes } = search;
  const named = rows.map(([step, ...cells]) => [`  step ${step}`, ...cells]);
  const styleOf = (row: number) => styleNames[report.search!.steps[row]!.outcome];
  const lines = notes.flatMap((line) => wrapText(line, width, '  '));
  return [...renderTable([['search', ...headings.slice(1)], ...named], { style, width, styleOf }), ...lines];
}
