import { type FleetTable, fleetTablesOf } from './fleet-tables.ts';
import { type Html, html, section, table } from './html-markup.ts';
import type { Report } from './report-model.ts';
import { connectsPlotOf } from './report-plots.ts';

/** Storms, commands, catching up, presence, the injected network and drift: a section for each that the run has. */
export function renderFleet(report: Report): readonly Html[] {
  return fleetTablesOf(report).map((each) =>
    section(each.title, tableOf(each), ...notesOf(each), ...plotsOf(report, each)),
  );
}

function tableOf({ caption, names, headings, rows }: FleetTable): Html {
  const columns = [{ heading: names }, ...headings.map((heading) => ({ heading, isNumber: true }))];
  return table(
    caption,
    columns,
    rows.map((cells) => ({ cells })),
  );
}

const notesOf = ({ notes }: FleetTable) => notes.map((line) => html`<p class="note">${line}</p>`);

function plotsOf(report: Report, { title }: FleetTable): Html[] {
  return title === 'Storms' && report.storms !== undefined ? [connectsPlotOf(report, report.storms)] : [];
}
