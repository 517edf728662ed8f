import type { HoldOutcome } from '../plan/search/judged-hold.ts';
import { formatCount, formatElapsed, formatRate, formatShare, formatUsd } from '../shared/format.ts';
import { describeTarget } from './conditions-report.ts';
import { describeDrift } from './drift-text.ts';
import { hasArrivals, heldMessages } from './ledger-equations.ts';
import { escapeText, markdownTable } from './markdown-table.ts';
import { objectiveTableOf } from './objective-text.ts';
import { describeReconciliation } from './reconciliation.ts';
import { describeClient, describeSlices } from './report-figures.ts';
import type { Report, Verdict } from './report-model.ts';
import { searchTableOf } from './search-text.ts';
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
    ...holdTable(report),
    ...figureTable(report),
    '',
    ...report.reconciliation
      .filter(({ cloudwatch }) => cloudwatch !== null)
      .map((line) => `- ${escapeText(describeReconciliation(line))}`),
    '',
    ...(report.drift === undefined
      ? []
      : [...describeDrift(report.drift).map((line) => `- ${escapeText(line)}`), '']),
    ...(reasons.includes(sentence) ? [] : [escapeText(sentence), '']),
  ].join('\n');
}

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

/** The holds of a search, or its intervals. Its answer is the first of the reasons. */
function holdTable(report: Report): string[] {
  const search = searchTableOf(report) ?? objectiveTableOf(report);
  const holds = report.search?.steps ?? report.objective?.intervals ?? [];
  if (search === undefined || search.rows.length === 0) return [];
  const rows = search.rows.map((cells, i) => [holdMarks[holds[i]!.outcome], ...cells]);
  return [
    `${search.caption}:`,
    '',
    ...markdownTable(['', ...search.headings], rows, 2),
    '',
    ...search.notes.map((note) => `- ${escapeText(note)}`),
    '',
  ];
}

const holdMarks: Readonly<Record<HoldOutcome, string>> = { passed: '✅', failed: '❌', void: '❔' };

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
