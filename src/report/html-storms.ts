import { type Html, html, section, table } from './html-markup.ts';
import type { Report } from './report-model.ts';
import { connectsPlotOf } from './report-plots.ts';
import { describeStorms, stormHeadings, stormRows } from './storm-report.ts';

/** Disconnects, and how devices came back; nothing for a run without one. */
export function renderStorms(report: Report): Html {
  const { storms, timeline } = report;
  if (storms === undefined) return html``;
  return section(
    'Storms',
    table(
      'Devices that a disconnect was for, and how they came back',
      [{ heading: 'Storm' }, ...stormHeadings.map((heading) => ({ heading, isNumber: true }))],
      stormRows(storms).map(({ storm, cells }) => ({ cells: [storm, ...cells] })),
    ),
    ...describeStorms(storms, timeline.publishAt).map((line) => html`<p class="note">${line}</p>`),
    connectsPlotOf(report, storms),
  );
}
