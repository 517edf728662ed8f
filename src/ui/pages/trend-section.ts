import {
  describeShift,
  describeUnchanged,
  formatHistoryFigure,
  historyLabels,
} from '../../report/history-comparison.ts';
import { type Html, html } from '../../report/html-markup.ts';
import { renderTrendPlot } from '../../report/plots/trend-plot.ts';
import {
  byStart,
  findHistoryChanges,
  type HistoryFigure,
  type RunFigures,
} from '../../report/run-history.ts';

/** One plot each, where the runs have the figure, with what its axis shows at least. */
const plotted: readonly (readonly [figure: HistoryFigure, leastSpan: number])[] = [
  ['p99Ms', 2],
  ['lostShare', 0.01],
  ['ratePerSecond', 1],
  ['holdsLevel', 1],
];

/** The course of a profile's figures over its runs, and where they changed; nothing of fewer than two whole runs. */
export function renderTrends(name: string, runs: readonly RunFigures[]): Html {
  const whole = runs.filter((run) => run.isWhole && run.name === name).toSorted(byStart);
  if (whole.length < 2) return html``;
  const changes = findHistoryChanges(whole);
  const plots = plotted.flatMap(([figure, leastSpan]) => {
    if (whole.filter((run) => run[figure] !== null).length < 2) return [];
    return [
      renderTrendPlot({
        key: `trend-${historyLabels[figure]}`,
        title: historyLabels[figure],
        points: whole.map((run) => ({ name: run.runId, value: run[figure] })),
        changes: changes.filter((change) => change.figure === figure).map(({ at }) => at),
        ends: [dayOf(whole[0]!), dayOf(whole.at(-1)!)],
        leastSpan,
        format: (value) => formatHistoryFigure(figure, value),
      }),
    ];
  });
  return html`<section aria-labelledby="trend">
<h2 id="trend">History of ${name}</h2>
<div class="trends">${plots}</div>
${
  changes.length === 0
    ? html`<p class="note">${describeUnchanged(whole.length)}</p>`
    : html`<ul class="changes">${changes.map((change) => html`<li>Changed with <a href="/runs/${change.runId}"><code>${change.runId}</code></a>: ${describeShift(change)}</li>`)}</ul>`
}
</section>
`;
}

/** `11-28 13:18`, UTC */
function dayOf({ startedAt }: RunFigures): string {
  return startedAt.slice(5, 16).replace('T', ' ');
}
