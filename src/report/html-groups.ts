import { type GroupRow, type GroupTable, groupTablesOf, kindTablesOf } from './group-table.ts';
import { type Html, html, section, table } from './html-markup.ts';
import type { Report } from './report-model.ts';
import { partPlotsOf } from './report-plots.ts';

/** Device groups and kinds of message: what they did, and how long it took. Empty where the profile names neither. */
export function renderGroups(report: Report): Html {
  const { groups = [], kinds = [], observers } = report;
  if (groups.length > 0) {
    const { counts, latencies } = groupTablesOf(groups, observers);
    return section(
      'Groups',
      ...renderTable('Devices and messages, by device group', 'Group', counts),
      ...renderTable('Latency in milliseconds, by device group', 'Group', latencies),
      ...partPlotsOf(report),
    );
  }
  if (kinds.length === 0) return html``;
  const { counts, latencies } = kindTablesOf(kinds, observers);
  return section(
    'Kinds of message',
    ...renderTable('Messages, by kind', 'Kind', counts),
    ...renderTable('Latency in milliseconds, by kind', 'Kind', latencies),
    ...partPlotsOf(report),
  );
}

function renderTable(caption: string, names: string, shown: GroupTable | undefined): Html[] {
  if (shown === undefined) return [];
  const { headings, rows, note } = shown;
  const columns = [{ heading: names }, ...headings.map((heading) => ({ heading, isNumber: true }))];
  return [
    table(caption, columns, rows.map(tableRowOf)),
    ...(note === '' ? [] : [html`<p class="note">${note}</p>`]),
  ];
}

/** A kind of a group is dimmed below it. */
function tableRowOf({ group, kind, cells }: GroupRow) {
  if (group !== undefined && kind !== undefined) {
    return { cells: [`${group} / ${kind}`, ...cells], tone: 'dim' as const };
  }
  return { cells: [group ?? kind ?? '', ...cells] };
}
