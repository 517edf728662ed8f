import { type Html, html, section, table } from './html-markup.ts';
import { describePresence, presenceHeadings, presenceRows } from './presence-report.ts';
import type { Report } from './report-model.ts';

/** Connects and disconnects against the service's events; nothing for a run that does not observe them. */
export function renderPresence({ presence }: Report): Html {
  if (presence === undefined) return html``;
  return section(
    'Presence',
    table(
      'Connects and disconnects of devices, and the events about them',
      [{ heading: 'Group' }, ...presenceHeadings.map((heading) => ({ heading, isNumber: true }))],
      presenceRows(presence).map(({ group, cells }) => ({ cells: [group, ...cells] })),
    ),
    ...describePresence(presence).map((line) => html`<p class="note">${line}</p>`),
  );
}
