import {
  type ComparedFigure,
  type Comparison,
  compareRuns,
  defaultTolerance,
} from '../../report/compare-reports.ts';
import { formatChange, formatFigure } from '../../report/comparison-text.ts';
import { verdictMarks } from '../../report/html.ts';
import { type Html, html, section } from '../../report/html-markup.ts';
import { hasArrivals, heldMessages } from '../../report/ledger-equations.ts';
import { renderDistributionPlot } from '../../report/plots/distribution-plot.ts';
import { renderLinesPlot } from '../../report/plots/lines-plot.ts';
import { stepsOf } from '../../report/plots/time-axis.ts';
import type { Report } from '../../report/report-model.ts';
import { formatCount, formatRate, formatShare } from '../../shared/format.ts';
import type { Page } from './layout.ts';

/** A plot has six kinds of lines. */
export const maxCompared = 6;

/** A figure that a run does not have. */
const none = '–';

/** Properties of the runs that are neither better nor worse. */
const contexts: readonly { readonly name: string; readonly of: (report: Report) => string }[] = [
  { name: 'verdict', of: ({ verdict }) => verdictMarks[verdict] },
  { name: 'devices connected', of: ({ devices }) => formatCount(devices.connected) },
  { name: 'messages sent', of: ({ messages }) => formatCount(messages.sent) },
  {
    name: 'messages lost',
    of: (report) => (hasArrivals(report) ? formatCount(report.messages.lost) : none),
  },
  {
    name: 'not lost, not arrived',
    of: (report) =>
      heldMessages(report.messages)
        .map(({ name, count }) => `${formatCount(count)} ${name}`)
        .join(', ') || (hasArrivals(report) ? '0' : none),
  },
  { name: 'mean rate', of: ({ rates }) => `${formatRate(rates.meanPerSecond)}/s` },
];

/** @param reports at most six, the others are compared with the first */
export function comparePage(reports: readonly Report[]): Page {
  return {
    title: 'Compare',
    body: html`<h1>Compare</h1>
${reports.length < 2 ? html`<p class="card">Pick two runs or more in <a href="/">the list</a>; those without a report cannot be compared.</p>` : renderComparison(reports)}`,
  };
}

function renderComparison(reports: readonly Report[]): Html {
  const latency = reports.some(hasArrivals) ? 'end_to_end_latency' : 'response_time';
  const labelOf = (report: Report, i: number): string => `${letterOf(i)}: ${report.name}`;
  return html`${renderTable(reports)}
${section(
  'Rates',
  renderLinesPlot({
    key: 'compare-rate',
    title: 'Sent each second, from the beginning of publishing',
    quantity: 'rate',
    lines: reports.map((report, i) => ({ label: labelOf(report, i), points: sentOf(report) })),
  }),
)}
${section(
  'Latency',
  renderLinesPlot({
    key: 'compare-p99',
    title: `${latency} p99 over time`,
    quantity: 'latency',
    lines: reports.map((report, i) => ({ label: labelOf(report, i), points: p99Of(report, latency) })),
  }),
  renderDistributionPlot({
    key: 'compare-distribution',
    title: `${latency} by percentile`,
    curves: reports.flatMap((report, i) => {
      const distribution = report.latencyDistribution[latency];
      return distribution === undefined ? [] : [{ label: labelOf(report, i), distribution }];
    }),
  }),
)}`;
}

function renderTable(reports: readonly Report[]): Html {
  const [first, ...others] = reports as [Report, ...Report[]];
  const comparisons = others.map((report) => compareRuns([first], [report]));
  const heads = reports.map(
    ({ runId, name, startedAt }, i) =>
      html`<th scope="col" class="number"><a href="/runs/${runId}">${letterOf(i)}: ${name}</a><br><small class="soft">${startedAt.slice(0, 16).replace('T', ' ')} UTC</small></th>`,
  );
  const context = contexts.flatMap(({ name, of }) => {
    const cells = reports.map(of);
    if (cells.every((cell) => cell === none)) return [];
    return [
      html`<tr class="plain"><th scope="row">${name}</th>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>\n`,
    ];
  });
  // Comparisons have rows of their own where runs measured different things.
  const rows = new Map(comparisons.flatMap(({ figures }) => figures.map((each) => [each.figure, each])));
  const figures = [...rows.values()].map(({ figure, kind, baseline }) => {
    const cells = comparisons.map(({ figures }) =>
      renderFigure(figures.find((each) => each.figure === figure)),
    );
    return html`<tr class="plain"><th scope="row">${figure}</th><td class="number">${baseline === null ? none : formatFigure({ kind }, baseline)}</td>${cells}</tr>\n`;
  });
  return html`<div class="table" role="region" aria-label="Figures side by side" tabindex="0"><table>
<caption>Each run against the first; within ${formatShare(defaultTolerance)} two figures count as the same; noise: a run differs as much from second to second; one run each: whether two runs of the same thing differ as much is not known; –: not measured, or too few samples</caption>
<thead><tr><th scope="col">Figure</th>${heads}</tr></thead>
<tbody>
${context}${figures}</tbody>
</table></div>
${comparisons.map(renderRemarks)}`;
}

function renderFigure(figure: ComparedFigure | undefined): Html {
  if (figure === undefined || figure.candidate === null) return html`<td class="number">${none}</td>`;
  const { kind, candidate, outcome } = figure;
  const value = formatFigure({ kind }, candidate);
  if (outcome === 'same' || outcome === 'unknown') return html`<td class="number">${value}</td>`;
  const label = { worse: 'worse', better: 'better', noise: 'noise', unclear: 'one run each' }[outcome];
  return html`<td class="number">${value}<br><small class="${outcome}">${formatChange(figure)}, ${label}</small></td>`;
}

function renderRemarks({ cautions, inconsistencies, brokenThresholds }: Comparison, i: number): Html {
  const remarks = [
    ...brokenThresholds.map((threshold) => `Broken threshold: ${threshold}.`),
    ...inconsistencies.map((doubt) => `Inconclusive: ${doubt}`),
    ...cautions,
  ];
  if (remarks.length === 0) return html``;
  return html`<section class="card"><h2>${letterOf(i + 1)} against A</h2><ul class="faults">${remarks.map((remark) => html`<li>${remark}</li>`)}</ul></section>`;
}

/** A, B, C, … */
function letterOf(i: number): string {
  return String.fromCharCode(65 + i);
}

function sentOf({ perSecond, timeline }: Report): [number, number][] {
  return stepsOf(perSecond.sent, perSecond).map(([at, rate]) => [at - timeline.publishAt, rate]);
}

function p99Of(
  { latencyOverTime, timeline }: Report,
  latency: 'end_to_end_latency' | 'response_time',
): [number, number | null][] {
  const overTime = latencyOverTime[latency];
  if (overTime === undefined) return [];
  const { startSecond, secondsPerStep, steps } = overTime;
  return steps.map(({ p99 }, i) => [
    (startSecond + (i + 0.5) * secondsPerStep) * 1_000 - timeline.publishAt,
    p99,
  ]);
}
