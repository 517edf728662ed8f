import { renderReportHeader, renderReportSections } from '../../report/html.ts';
import { html } from '../../report/html-markup.ts';
import type { Report } from '../../report/report-model.ts';
import { placesAboveControls, placesBelowControls } from '../page/live-places.ts';
import type { Page } from './layout.ts';

/** A run that is over: its report, as the file has it. */
export function reportPage(report: Report): Page {
  const { name, runId } = report;
  return {
    title: `${name}: ${report.verdict}`,
    body: html`${renderReportHeader(report)}
<p class="actions"><a class="button" href="/runs/${runId}/report.html">report.html</a> <a class="button" href="/runs/${runId}/report.json">report.json</a></p>
${renderReportSections(report)}`,
  };
}

/** A run of this process that goes on: empty places, which the page's script fills. */
export function livePage(runId: string, name: string): Page {
  const place = (id: string) => html`<div id="${id}"></div>\n`;
  return {
    title: `${name}: live`,
    script: 'live',
    body: html`<div class="live" id="live" data-run="${runId}">
<div class="head">
<div><h1>${name}</h1><p><code>${runId}</code></p></div>
<p class="actions"><button type="button" id="pause" aria-pressed="false">Pause the display</button><button type="button" id="stop" class="danger">Stop the run</button></p>
</div>
<p class="timeline"><b id="phase" role="status">starting</b><progress id="elapsed" max="1" value="0" aria-label="Time of the run that is over"></progress><output id="left"></output></p>
<p id="trouble" class="problem" role="alert"></p>
${placesAboveControls.map(place)}<section id="controls" aria-label="Change the run"></section>
${placesBelowControls.map(place)}
</div>
<noscript><p class="card">The live view needs JavaScript. The report of the run does not.</p></noscript>`,
  };
}

/** A directory of a run without a report that can be read. */
export function noReportPage(runId: string, unreadable?: string): Page {
  return {
    title: 'No report',
    body: html`<h1>No report</h1>
<p><code>${runId}</code> has left no report that this version can show: it may have been cut off, may still be running elsewhere, or was made by another version. <code>npx stampede report ${runId}</code> makes a report of what is stored.</p>
${unreadable === undefined ? html`` : html`<p class="problem">${unreadable}</p>`}
<p><a href="/runs/${runId}/report.html">report.html</a>, if it exists, can be opened directly.</p>`,
  };
}

export function notFoundPage(): Page {
  return {
    title: 'Not found',
    body: html`<h1>Page not found</h1>\n<p><a href="/">All runs</a></p>`,
  };
}
