import type { PastRun } from '../../cli/runs/run-repository.ts';
import { formatHistoryFigure } from '../../report/history-comparison.ts';
import { verdictMarks } from '../../report/html.ts';
import { type Html, html } from '../../report/html-markup.ts';
import { formatCount } from '../../shared/format.ts';
import type { Page } from './layout.ts';
import { renderTrends } from './trend-section.ts';

export interface RunsPage {
  /** The newest first. */
  readonly runs: readonly PastRun[];
  /** A run of this process, if there is one that has not ended. */
  readonly running?: { readonly runId: string; readonly name: string } | undefined;
  /** Name of the profile whose runs are listed; absent: all of them. */
  readonly profile?: string | undefined;
}

export function runsPage({ runs, running, profile }: RunsPage): Page {
  const past = runs.filter(({ runId }) => runId !== running?.runId);
  const figures = past.flatMap((run) => run.figures ?? []);
  const names = [...new Set(figures.map(({ name }) => name))].toSorted();
  const listed = profile === undefined ? past : past.filter((run) => run.figures?.name === profile);
  const shown = profile ?? figures[0]?.name;
  return {
    title: 'Runs',
    current: 'runs',
    body: html`<h1>Runs</h1>
${running === undefined ? html`` : html`<p class="card">Under way: <a href="/runs/${running.runId}">${running.name}</a> <code>${running.runId}</code></p>`}
${names.length < 2 && profile === undefined ? html`` : renderFilter(names, profile)}
${shown === undefined ? html`` : renderTrends(shown, figures)}
${listed.length === 0 ? renderNone(profile) : renderList(listed)}`,
  };
}

function renderFilter(names: readonly string[], profile: string | undefined): Html {
  const option = (name: string) =>
    html`<option${name === profile ? html` selected` : html``}>${name}</option>`;
  return html`<form action="/" method="get" class="filter"><p class="field"><label for="profile">Profile</label><select id="profile" name="profile"><option value="">all</option>${names.map(option)}</select></p><button type="submit">Show</button></form>`;
}

function renderNone(profile: string | undefined): Html {
  if (profile !== undefined)
    return html`<p class="card">The profile ${profile} has no runs. <a href="/">All runs</a></p>`;
  return html`<p class="card">There are no runs yet. <a href="/new">Start one</a>, or <code>npx stampede run profiles/smoke.json</code> in a terminal.</p>`;
}

const columns = ['Started', 'Devices', 'Sent', 'Mean rate', 'p99', 'Lost'];

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

function renderRun({ runId, figures, unreadable }: PastRun): Html {
  if (figures === undefined) {
    return html`<tr class="dim"><td class="pick"></td><th scope="row"><a href="/runs/${runId}"><code>${runId}</code></a></th><td colspan="7">${unreadable === undefined ? 'no report' : `unreadable: ${unreadable.slice(0, maxReasonLength)}`}</td></tr>\n`;
  }
  const { name, verdict, startedAt, devicesConnected, sent, lost } = figures;
  const cells = [
    formatCount(devicesConnected),
    formatCount(sent),
    formatHistoryFigure('ratePerSecond', figures.ratePerSecond),
    formatHistoryFigure('p99Ms', figures.p99Ms),
    formatCount(lost),
  ];
  return html`<tr class="plain"><td class="pick"><input type="checkbox" name="run" value="${runId}" aria-label="Compare ${runId}"></td><th scope="row"><a href="/runs/${runId}">${name}</a><br><small class="soft">${runId}</small></th><td><span class="mark ${verdict}">${verdictMarks[verdict]}</span></td><td class="mark"><time datetime="${startedAt}">${startedAt.slice(0, 16).replace('T', ' ')} UTC</time></td>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>\n`;
}
