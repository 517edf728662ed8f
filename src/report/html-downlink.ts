import { backendHeadings, backendRows, describeDownlink } from './downlink-report.ts';
import { type Html, html, section, table } from './html-markup.ts';
import type { Report } from './report-model.ts';

/** Commands of backends, and what became of them; nothing for a run without any. */
export function renderDownlink({ downlink }: Report): Html {
  if (downlink === undefined) return html``;
  return section(
    'Commands',
    table(
      'Commands by backend, and their deliveries',
      [{ heading: 'Backend' }, ...backendHeadings.map((heading) => ({ heading, isNumber: true }))],
      backendRows(downlink).map(({ group, cells }) => ({ cells: [group, ...cells] })),
    ),
    ...describeDownlink(downlink).map((line) => html`<p class="note">${line}</p>`),
  );
}
