import { catchUpHeadings, catchUpRows, describeCatchUps } from './catch-up-report.ts';
import { type Html, html, section, table } from './html-markup.ts';
import type { Report } from './report-model.ts';

/** How devices caught up; nothing for a run without sessions that keep commands. */
export function renderCatchUps({ catchUps }: Report): Html {
  if (catchUps === undefined) return html``;
  return section(
    'Catching up',
    table(
      'Devices that came back to their sessions',
      [{ heading: 'Group' }, ...catchUpHeadings.map((heading) => ({ heading, isNumber: true }))],
      catchUpRows(catchUps).map(({ group, cells }) => ({ cells: [group, ...cells] })),
    ),
    ...describeCatchUps(catchUps).map((line) => html`<p class="note">${line}</p>`),
  );
}
