import { formatCount, formatMs, formatRate, formatShare } from '../../../report/figures.ts';
import { type Html, html, section } from '../../../report/html-markup.ts';
import { renderDistributionPlot } from '../../../report/plots/distribution-plot.ts';
import { renderLinesPlot } from '../../../report/plots/lines-plot.ts';
import { stepsOf } from '../../../report/plots/time-axis.ts';
import type { Report } from '../../../report/report.ts';
import type { Page } from './layout.ts';

/** A plot has six kinds of lines. */
export const maxCompared = 6;

interface Row {
  readonly name: string;
  readonly of: (report: Report) => number | null;
  readonly format: (value: number) => string;
  /** Which way is better; undefined where neither is. */
  readonly better?: 'less' | 'more';
}

const ms = (value: number): string => `${formatMs(value)} ms`;
const percentile = (
  name: 'end_to_end_latency' | 'puback_round_trip' | 'send_lag',
  column: 'p50' | 'p99' | 'p999',
): Row => ({
  name: `${name} ${column === 'p999' ? 'p99.9' : column}`,
  of: ({ latencyMs }) => (latencyMs[name].count > 0 ? latencyMs[name][column] : null),
  format: ms,
  better: 'less',
});

const rows: readonly Row[] = [
  { name: 'devices connected', of: ({ devices }) => devices.connected, format: formatCount },
  { name: 'messages sent', of: ({ messages }) => messages.sent, format: formatCount },
  { name: 'mean rate', of: ({ rates }) => rates.meanPerSecond, format: (rate) => `${formatRate(rate)}/s` },
  {
    name: 'throughput',
    of: ({ rates }) => rates.throughputPerSecond,
    format: (rate) => `${formatRate(rate)}/s`,
    better: 'more',
  },
  { name: 'dropped', of: ({ messages }) => messages.dropped, format: formatCount, better: 'less' },
  { name: 'throttled', of: ({ messages }) => messages.throttled, format: formatCount, better: 'less' },
  { name: 'failed', of: ({ messages }) => messages.failed, format: formatCount, better: 'less' },
  { name: 'lost', of: ({ messages }) => messages.lost, format: formatCount, better: 'less' },
  percentile('end_to_end_latency', 'p50'),
  percentile('end_to_end_latency', 'p99'),
  percentile('end_to_end_latency', 'p999'),
  percentile('puback_round_trip', 'p50'),
  percentile('puback_round_trip', 'p99'),
  percentile('send_lag', 'p99'),
  { name: 'CPU seconds', of: ({ generator }) => generator.cpuSeconds, format: formatRate, better: 'less' },
];

/** @param reports at most six, the first is what the others are held against */
export function comparePage(reports: readonly Report[]): Page {
  return {
    title: 'Compare',
    body: html`<h1>Compare</h1>
${reports.length < 2 ? html`<p class="card">Pick two runs or more in <a href="/">the list</a>; those without a report cannot be compared.</p>` : renderComparison(reports)}`,
  };
}

function renderComparison(reports: readonly Report[]): Html {
  const labelOf = (report: Report, i: number): string => `${String.fromCharCode(65 + i)}: ${report.name}`;
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
    title: 'end_to_end_latency p99 over time',
    quantity: 'latency',
    lines: reports.map((report, i) => ({ label: labelOf(report, i), points: p99Of(report) })),
  }),
  renderDistributionPlot({
    key: 'compare-distribution',
    title: 'end_to_end_latency by percentile',
    curves: reports.map((report, i) => ({
      label: labelOf(report, i),
      distribution: report.latencyDistribution.end_to_end_latency,
    })),
  }),
)}`;
}

function renderTable(reports: readonly Report[]): Html {
  const heads = reports.map(
    ({ runId, name, startedAt }, i) =>
      html`<th scope="col" class="number"><a href="/runs/${runId}">${String.fromCharCode(65 + i)}: ${name}</a><br><small class="soft">${startedAt.slice(0, 16).replace('T', ' ')} UTC</small></th>`,
  );
  const body = rows.map((row) => {
    const values = reports.map(row.of);
    return html`<tr class="plain"><th scope="row">${row.name}</th>${values.map((value, i) => html`<td class="number">${value === null ? '–' : row.format(value)}${i === 0 ? html`` : renderDifference(row, values[0] ?? null, value)}</td>`)}</tr>\n`;
  });
  return html`<div class="table" role="region" aria-label="Figures side by side" tabindex="0"><table>
<caption>Each run against the first</caption>
<thead><tr><th scope="col">Figure</th>${heads}</tr></thead>
<tbody>
${body}</tbody>
</table></div>`;
}

/** Below this a difference says nothing. */
const noticeableShare = 0.005;

function renderDifference({ better }: Row, first: number | null, value: number | null): Html {
  if (first === null || value === null || first === value) return html``;
  const change = first === 0 ? null : (value - first) / Math.abs(first);
  if (change !== null && Math.abs(change) < noticeableShare) return html``;
  const isLess = value < first;
  const tone = better === undefined ? 'soft' : isLess === (better === 'less') ? 'better' : 'worse';
  const text = change === null ? 'was none' : `${isLess ? '−' : '+'}${formatShare(Math.abs(change))}`;
  const words = better === undefined ? '' : `, ${tone}`;
  return html`<br><small class="${tone}">${text}<span class="unseen">${words}</span></small>`;
}

function sentOf({ perSecond, timeline }: Report): [number, number][] {
  return stepsOf(perSecond.sent, perSecond.startSecond).map(([at, rate]) => [at - timeline.publishAt, rate]);
}

function p99Of({ latencyOverTime, timeline }: Report): [number, number | null][] {
  const { startSecond, secondsPerStep, steps } = latencyOverTime.end_to_end_latency;
  return steps.map(({ p99 }, i) => [
    (startSecond + (i + 0.5) * secondsPerStep) * 1_000 - timeline.publishAt,
    p99,
  ]);
}
