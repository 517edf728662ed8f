import type { PastRun } from '../../cli/runs/run-repository.ts';
import { verdictMarks } from '../../report/html.ts';
import { type Html, html } from '../../report/html-markup.ts';
import { formatCount, formatElapsed, formatRate } from '../../shared/format.ts';
import type { Page } from './layout.ts';

/** @param running a run of this process, if there is one that has not ended */
export function runsPage(
  runs: readonly PastRun[],
  running: { readonly runId: string; readonly name: string } | undefined,
): Page {
  const past = runs.filter(({ runId }) => runId !== running?.runId);
  return {
    title: 'Runs',
    current: 'runs',
    body: html`<h1>Runs</h1>
${running === undefined ? html`` : html`<p class="card">Under way: <a href="/runs/${running.runId}">${running.name}</a> <code>${running.runId}</code></p>`}
${past.length === 0 ? renderNone() : renderList(past)}`,
  };
}

function renderNone(): Html {
  return html`<p class="card">There are no runs yet. <a href="/new">Start one</a>, or <code>npx stampede run profiles/smoke.json</code> in a terminal.</p>`;
}

const columns = ['Started', 'Devices', 'Sent', 'Mean rate', 'End to end, p99', 'Lost'];

function renderList(runs: readonly PastRun[]): Html {
  return html`<form action="/compare" method="get">
<div class="table" role="region" aria-label="Runs" tabindex="0"><table>
<caption>The newest first; pick two or more to compare them</caption>
<thead><tr><th scope="col" class="pick"><span class="unseen">Compare</span></th><th scope="col">Run</th><th scope="col">Verdict</th>${columns.map((heading, i) => html`<th scope="col" class="${i === 0 ? 'text' : 'number'}">${heading}</th>`)}</tr></thead>
<tbody>
${runs.map(renderRun)}</tbody>
</table></div>
<p class="actions"><button type="submit">Compare the runs picked</button></p>
</form>`;
}

/** Of a reason in the list; the run's own page has all of it. */
const maxReasonLength = 200;

function renderRun({ runId, summary, unreadable }: PastRun): Html {
  if (summary === undefined) {
    return html`<tr class="dim"><td class="pick"></td><th scope="row"><a href="/runs/${runId}"><code>${runId}</code></a></th><td colspan="7">${unreadable === undefined ? 'no report' : `unreadable: ${unreadable.slice(0, maxReasonLength)}`}</td></tr>\n`;
  }
  const { name, verdict, startedAt, devices, sent, lost, meanPerSecond, endToEndP99Ms } = summary;
  const cells = [
    formatCount(devices.connected),
    formatCount(sent),
    `${formatRate(meanPerSecond)}/s`,
    endToEndP99Ms === null ? '–' : formatElapsed(endToEndP99Ms),
    formatCount(lost),
  ];
  return html`<tr class="plain"><td class="pick"><input type="checkbox" name="run" value="${runId}" aria-label="Compare ${runId}"></td><th scope="row"><a href="/runs/${runId}">${name}</a><br><small class="soft">${runId}</small></th><td><span class="mark ${verdict}">${verdictMarks[verdict]}</span></td><td class="mark"><time datetime="${startedAt}">${startedAt.slice(0, 16).replace('T', ' ')} UTC</time></td>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>\n`;
}
