import { formatCount, formatElapsed, formatRate, formatShare, formatUsd } from '../shared/format.ts';
import type { Comparison } from './compare-reports.ts';
import {
  type ComparisonOutcome,
  countOf,
  describeNoise,
  describeRuns,
  formatChange,
  formatFigure,
  formatNoise,
  outcomeOf,
  shownFigures,
} from './comparison-text.ts';
import { describeTarget } from './conditions-report.ts';
import { hasArrivals, heldMessages } from './ledger-equations.ts';
import { describeReconciliation } from './reconciliation.ts';
import { describeClient, describeSlices } from './report-figures.ts';
import type { Report, Verdict } from './report-model.ts';
import { formatMeasured } from './threshold-figures.ts';
import { describeUnknown, wordForConnected } from './unknown-figures.ts';

/**
 * A run as Markdown, for the summary of a GitHub Actions step.
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions#adding-a-job-summary
 */
export function renderStepSummary(report: Report): string {
  const { name, runId, verdict, reasons, thresholds } = report;
  const { sentence } = report.generator.health;
  return [
    `### ${marks[verdict]} ${escapeText(name)}: ${verdict}`,
    '',
    ...describeTarget(report).map((line) => `_${escapeText(line)}_\n`),
    `\`${runId}\`: ${describeClient(report)}; ${describeSlices(report)}.`,
    ...reasons.map((reason) => `\n> ${escapeText(reason)}`),
    ...describeUnknown(report).map((line) => `\n> ${escapeText(line)}`),
    '',
    ...(thresholds.length === 0 ? [] : [...thresholdTable(report), '']),
    ...figureTable(report),
    '',
    ...report.reconciliation
      .filter(({ cloudwatch }) => cloudwatch !== null)
      .map((line) => `- ${escapeText(describeReconciliation(line))}`),
    '',
    ...(reasons.includes(sentence) ? [] : [escapeText(sentence), '']),
  ].join('\n');
}

/** A comparison as Markdown: what is worse first, what is the same only counted. */
export function renderComparisonSummary(comparison: Comparison): string {
  const { baseline, candidate, tolerance, cautions, inconsistencies, brokenThresholds } = comparison;
  const rows = shownFigures(comparison).map((figure) => [
    figureMarks[figure.outcome],
    figure.figure,
    formatFigure(figure, figure.baseline),
    formatFigure(figure, figure.candidate),
    formatChange(figure),
    formatNoise(figure),
  ]);
  return [
    `### ${outcomeMarks[outcomeOf(comparison)]}: ${escapeText(candidate[0]?.name ?? '')}`,
    '',
    `\`${describeRuns(candidate)}\` against \`${describeRuns(baseline)}\`; ${formatShare(tolerance)} is tolerated.`,
    ...[...inconsistencies, ...cautions].map((caution) => `\n> ⚠️ ${escapeText(caution)}`),
    ...brokenThresholds.map((threshold) => `\n> ❌ \`${threshold}\` passed before, and fails now.`),
    '',
    ...(rows.length === 0
      ? []
      : [...markdownTable(['', 'figure', 'baseline', 'candidate', 'change', 'noise'], rows, 2), '']),
    `${formatCount(countOf(comparison, 'same'))} figures are within the tolerance. ${describeNoise(comparison)}`,
    '',
  ].join('\n');
}

const figureMarks = { worse: '❌', better: '✅', unclear: '❔', noise: '〰️' } as const;

const outcomeMarks: Readonly<Record<ComparisonOutcome, string>> = {
  regressed: '❌ regressed',
  inconclusive: '❔ inconclusive',
  'no regression': '✅ no regression',
};

const marks: Readonly<Record<Verdict, string>> = {
  passed: '✅',
  inconclusive: '❔',
  failed: '❌',
  aborted: '⏹️',
};

function thresholdTable({ thresholds }: Report): string[] {
  const rows = thresholds.map((threshold) => [
    threshold.isExcusedByStop === true ? '⏹️' : threshold.passed ? '✅' : '❌',
    `\`${threshold.metric} ${threshold.expression}\`${threshold.isDefault ? ' (default)' : ''}`,
    formatMeasured(threshold),
  ]);
  return markdownTable(['', 'threshold', 'measured'], rows, 2);
}

function figureTable(report: Report): string[] {
  const { devices, messages, throttling, rates, latencyMs, cost, requests } = report;
  const name = requests === undefined ? 'end_to_end_latency' : 'response_time';
  const latency = latencyMs[name];
  const ofSent = (count: number) =>
    messages.sent > 0 ? `${formatCount(count)} (${formatShare(count / messages.sent)})` : formatCount(count);
  const rows = [
    [
      `devices ${wordForConnected(report)}`,
      `${formatCount(devices.connected)} of ${formatCount(devices.planned)}${(devices.unknown ?? 0) > 0 ? ` (${formatCount(devices.unknown)} not known)` : ''}`,
    ],
    ['messages sent', `${formatCount(messages.sent)} of ${formatCount(messages.intended)}`],
    ['throughput', `${formatRate(rates.throughputPerSecond)}/s`],
    ...(latency === undefined || latency.count === 0
      ? []
      : [
          [`${name} p50, p99, p99.9`, [latency.p50, latency.p99, latency.p999].map(formatElapsed).join(', ')],
        ]),
    ...(hasArrivals(report) ? [['lost', ofSent(messages.lost)]] : [['failed', ofSent(messages.failed)]]),
    ...heldMessages(messages).map(({ name, count }) => [name, ofSent(count)]),
    ['throttled', ofSent(throttling.publishes)],
    ...(cost === undefined
      ? []
      : [[cost.isCharged ? 'cost, estimated' : 'cost on AWS, estimated', formatUsd(cost.totalUsd)]]),
  ];
  return markdownTable(['figure', ''], rows, 1);
}

/** @param firstNumber the column from which on cells are aligned right */
function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  firstNumber: number,
): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [
    line(head),
    `|${head.map((_, i) => (i >= firstNumber ? '---:' : '---')).join('|')}|`,
    ...rows.map(line),
  ];
}

/** Between backquotes nothing is markup but a table's bar. */
function escapeCell(text: string): string {
  const isCode = /^`[^`]*`( \(default\))?$/.test(text);
  return (isCode ? text : escapeText(text)).replaceAll('|', '\\|');
}

/** Escapes a reason, which is text of a service: it must be neither markup nor more than one line. */
function escapeText(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').replace(/[<>]/g, (sign) => (sign === '<' ? '&lt;' : '&gt;'));
}
