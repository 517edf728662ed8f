import type { HoldOutcome } from '../plan/search/judged-hold.ts';
import { type Html, html, type Row, section, table } from './html-markup.ts';
import type { Report } from './report-model.ts';
import { searchTableOf } from './search-text.ts';

const tones: Readonly<Record<HoldOutcome, Row['tone'] & string>> = {
  passed: 'good',
  failed: 'bad',
  void: 'warning',
};

/** The answer of a search, and its holds; nothing of a run that did not search. */
export function renderSearch(report: Report): Html {
  const search = searchTableOf(report);
  if (search === undefined) return html``;
  const { answer, caption, headings, rows, notes } = search;
  return section(
    'Search',
    html`<p>${answer}</p>`,
    table(
      caption,
      headings.map((heading, column) => ({ heading, isNumber: column > 0 && column < headings.length - 1 })),
      rows.map((cells, row) => ({ cells, tone: tones[report.search!.steps[row]!.outcome] })),
    ),
    ...notes.map((note) => html`<p class="note">${note}</p>`),
  );
}
