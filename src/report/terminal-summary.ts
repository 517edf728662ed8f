import { formatDuration } from '../shared/duration.ts';
import { formatCount, formatMs, formatPlural, formatRate, formatShare, formatUsd } from '../shared/format.ts';
import { conditionRows, describeRehearsal } from './conditions-report.ts';
import { asidesOf } from './notes.ts';
import { describeReconciliation } from './reconciliation.ts';
import {
  causeLines,
  describeClient,
  describeGenerator,
  describePrices,
  describeRamp,
  describeSilence,
  describeSliceLogs,
  describeSlices,
  describeThrottling,
  type Equation,
  latencyCells,
  latencyHeadings,
  latencyNotes,
  latencyOrder,
  ledgerEquations,
  publishOutNote,
  type Term,
} from './report-figures.ts';
import type { Reconciliation, Report, ThresholdResult, Verdict } from './report-model.ts';
import { renderSparkline } from './sparkline.ts';
import { layOutColumns, wrapText } from './text-table.ts';
import { describeOpenThresholds, formatMeasured } from './threshold-figures.ts';
import { describeDevices, describeUnknown } from './unknown-figures.ts';

/** What a piece of text is for; the terminal decides how it looks. */
export type SummaryInk = 'heading' | 'dim' | 'good' | 'warning' | 'bad';
export type SummaryPaint = (ink: SummaryInk, text: string) => string;

export interface SummaryOptions {
  /** Plain text unless given. */
  readonly paint?: SummaryPaint;
  /** Where the report's files are, one a line. */
  readonly files?: readonly string[];
}

/** Room beside a sparkline for its name and what its heights mean. */
const sparklineColumns = 58;

/** Of 100 columns, less the indent that every line gets at the end. */
const width = 98;
const maxStages = 12;

/** The end of a run for the terminal: no line is longer than 100 columns, and it reads the same without colour. */
export function renderTerminalSummary(report: Report, options: SummaryOptions = {}): string {
  const paint = options.paint ?? ((_ink, text) => text);
  const sections = [
    renderHead(report, paint),
    renderMessages(report, paint),
    renderRates(report, paint),
    renderLatencies(report, paint),
    renderQuotas(report, paint),
    renderThresholds(report, paint),
    renderCost(report, paint),
    renderGenerator(report, paint),
    renderConditions(report, paint),
    renderFiles(options.files ?? [], paint),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `  ${line}`.trimEnd()).join('\n'))
    .join('\n\n');
}

const verdictMarks: Readonly<Record<Verdict, { ink: SummaryInk; text: string }>> = {
  passed: { ink: 'good', text: '✓ PASSED' },
  inconclusive: { ink: 'warning', text: '? INCONCLUSIVE' },
  failed: { ink: 'bad', text: '✗ FAILED' },
  aborted: { ink: 'warning', text: '■ ABORTED' },
};

function renderHead(report: Report, paint: SummaryPaint): string[] {
  const { ink, text } = verdictMarks[report.verdict];
  return [
    `${paint(ink, text)}  ${paint('heading', report.runId)}${report.conditions?.isRehearsal ? paint('warning', '  rehearsal') : ''}`,
    ...describeRehearsal(report).flatMap((line) =>
      wrapText(line, width).map((each) => paint('warning', each)),
    ),
    ...wrapText(`${describeClient(report)}; ${describeDevices(report)}; ${describeSlices(report)}`, width),
    ...report.reasons.flatMap((reason) =>
      wrapText(reason, width, '- ', '  ').map((line) => paint(ink, line)),
    ),
    ...describeSilence(report).map((line) => paint('dim', line)),
    ...describeUnknown(report).flatMap((line) => wrapText(line, width).map((each) => paint('warning', each))),
  ];
}

function renderMessages(report: Report, paint: SummaryPaint): string[] {
  return [
    paint('heading', 'messages'),
    ...renderEquations(ledgerEquations(report), paint),
    ...report.reconciliation.flatMap((line) => renderReconciliation(line, paint)),
    ...causeLines(report).flatMap(({ what, reasons }) =>
      wrapText(`why ${what}: ${reasons}`, width, '  ', '    ').map((line) => paint('warning', line)),
    ),
    ...describeSliceLogs(report).map((line) => `  ${line}`),
    ...renderAsides(report, paint),
  ];
}

function renderReconciliation(line: Reconciliation, paint: SummaryPaint): string[] {
  const { cloudwatch, unexplained } = line;
  const text = describeReconciliation(line);
  if (cloudwatch === null) return [paint('dim', `  ${text}`)];
  return wrapText(text, width, '  ', '    ').map((each) =>
    unexplained === 0 ? each : paint('warning', each),
  );
}

function renderAsides(report: Report, paint: SummaryPaint): string[] {
  return asidesOf(report)
    .flatMap((sentence) => wrapText(sentence, width, '  ', '    '))
    .map((line) => paint('warning', line));
}

/** The terms of all equations stand in columns, so that they can be compared down the page. */
function renderEquations(equations: readonly Equation[], paint: SummaryPaint): string[] {
  const rows = equations.map(({ total, parts }) => [total, ...parts]);
  const widthOf = (column: number, text: (term: Term) => string) =>
    Math.max(...rows.map((row) => (row[column] === undefined ? 0 : text(row[column]).length)));
  const cell = (term: Term, column: number) => {
    const name = term.name.padEnd(widthOf(column, (t) => t.name));
    return `${name} ${formatCount(term.count).padStart(widthOf(column, (t) => formatCount(t.count)))}`;
  };
  return rows.flatMap((row) => {
    const lines: string[] = [];
    let line = '';
    let used = 0;
    for (const [column, term] of row.entries()) {
      const piece = `${column === 0 ? '  ' : column === 1 ? '  =  ' : '  +  '}${cell(term, column)}`;
      // Past the edge, an equation goes on under its own parts.
      if (used + piece.length > width) {
        lines.push(line);
        used = 2 + cell(row[0]!, 0).length;
        line = ' '.repeat(used);
      }
      line += term.isTrouble ? paint('warning', piece) : piece;
      used += piece.length;
    }
    return [...lines, line];
  });
}

function renderRates({ rates, perSecond }: Report, paint: SummaryPaint): string[] {
  const stages = rates.stages
    .slice(0, maxStages)
    .map((stage) => [
      `  stage ${stage.stage}`,
      formatDuration(stage.seconds * 1000),
      describeRamp(stage),
      formatRate(stage.intendedPerSecond),
      formatRate(stage.sentPerSecond),
    ]);
  const [head = '', ...body] = layOutColumns([
    ['messages per second', 'lasts', 'target', 'intended', 'sent'],
    ...stages,
  ]);
  const more = rates.stages.length - stages.length;
  return [
    paint('heading', head),
    ...body,
    ...(more > 0 ? [paint('dim', `  and ${formatPlural(more, 'stage')} more`)] : []),
    `  mean ${formatRate(rates.meanPerSecond)}, busiest second ${formatCount(rates.peakPerSecond)}, throughput ${formatRate(rates.throughputPerSecond)}`,
    `  sent       ${renderSparkline(perSecond.sent, sparklineColumns, 'fromZero')}  0 to ${formatCount(rates.peakPerSecond)} a second`,
  ];
}

function renderLatencies(report: Report, paint: SummaryPaint): string[] {
  const rows = latencyOrder
    .filter((name) => report.latencyMs[name].count > 0)
    .map((name) => {
      const latency = report.latencyMs[name];
      return [`  ${name}`, formatCount(latency.count), ...latencyCells(latency)];
    });
  if (rows.length === 0) return [];
  const [head = '', ...body] = layOutColumns([['latency, ms', 'samples', ...latencyHeadings], ...rows]);
  const notes = latencyNotes(report).flatMap((note) => wrapText(note, width, '  '));
  return [
    paint('heading', head),
    ...body,
    ...renderP99OverTime(report),
    ...notes.map((note) => paint('dim', note)),
  ];
}

/** A line for the whole run: when the slow messages were. */
function renderP99OverTime({ latencyOverTime }: Report): string[] {
  const p99 = latencyOverTime.end_to_end_latency.steps.map((step) => step.p99);
  const known = p99.filter((ms) => ms !== null);
  if (known.length < 2) return [];
  const range = [Math.min(...known), Math.max(...known)].map(formatMs).join(' to ');
  return [`  end to end ${renderSparkline(p99, sparklineColumns, 'logarithmic')}  p99 ${range} ms`];
}

function renderQuotas(report: Report, paint: SummaryPaint): string[] {
  const { quotas, throttling, bindingQuota, assumedLimits } = report;
  const quantity = (value: number, unit: string) => `${formatCount(value)}${unit}`;
  const [head = '', ...body] = layOutColumns([
    ['quotas', 'peak', 'limit', 'headroom'],
    ...quotas.map(({ name, peak, limit, isLive, unit, headroom }) => [
      `  ${name}${isLive ? '' : '*'}`,
      quantity(peak, unit),
      quantity(limit, unit),
      formatShare(headroom),
    ]),
  ]);
  return [
    paint('heading', head),
    ...body.map((line, i) => (quotas[i]!.headroom < 0 ? paint('warning', line) : line)),
    ...describeThrottling(throttling)
      .flatMap((line) => wrapText(line, width, '  ', '    '))
      .map((line) => paint('warning', line)),
    ...wrapText(bindingQuota.sentence, width, '  ', '    ').map((line) =>
      throttling.refusals.length > 0 ? paint('warning', line) : line,
    ),
    ...[...(assumedLimits === undefined ? [] : [`* ${assumedLimits}`]), publishOutNote]
      .flatMap((line) => wrapText(line, width, '  '))
      .map((line) => paint('dim', line)),
  ];
}

function renderThresholds(report: Report, paint: SummaryPaint): string[] {
  const { thresholds } = report;
  if (thresholds.length === 0) return [paint('heading', 'thresholds'), paint('dim', '  none')];
  const [head = '', ...body] = layOutColumns([
    ['thresholds', 'measured'],
    ...thresholds.map((threshold) => [
      `  ${markOf(threshold)} ${threshold.metric} ${threshold.expression}${threshold.isDefault ? ' (default)' : ''}`,
      formatMeasured(threshold),
    ]),
  ]);
  return [
    paint('heading', head),
    ...body.map((line, i) => {
      const { passed, isExcusedByStop } = thresholds[i]!;
      return paint(isExcusedByStop === true ? 'dim' : passed ? 'good' : 'bad', line);
    }),
    ...describeOpenThresholds(report).flatMap((line) =>
      wrapText(line, width, '  ').map((each) => paint('dim', each)),
    ),
  ];
}

function markOf({ passed, isUndecided, isExcusedByStop }: ThresholdResult): string {
  if (isExcusedByStop === true) return '–';
  return passed ? '✓' : isUndecided === true ? '?' : '✗';
}

function renderCost({ cost }: Report, paint: SummaryPaint): string[] {
  const figures = `${formatUsd(cost.totalUsd)} used, ${formatUsd(cost.forecastUsd)} forecast`;
  return [
    paint('heading', 'cost'),
    ...wrapText(`${figures}. ${describePrices(cost)}.`, width, '  ').map((line) =>
      cost.isCharged ? line : paint('dim', line),
    ),
  ];
}

function renderGenerator(report: Report, paint: SummaryPaint): string[] {
  const { state, sentence } = report.generator.health;
  const ink = state === 'bottleneck' ? 'bad' : state === 'kept-up' ? 'good' : 'warning';
  return [
    paint('heading', 'generator'),
    ...wrapText(sentence, width, '  ').map((line) => paint(ink, line)),
    ...describeGenerator(report).flatMap((line) => wrapText(line, width, '  ', '    ')),
  ];
}

function renderConditions(report: Report, paint: SummaryPaint): string[] {
  const rows = conditionRows(report);
  if (rows.length === 0) return [];
  return [
    paint('heading', 'conditions'),
    ...rows.flatMap(([name, text]) => wrapText(`${name}: ${text}`, width, '  ', '    ')),
  ];
}

function renderFiles(files: readonly string[], paint: SummaryPaint): string[] {
  return files.length === 0 ? [] : [paint('heading', 'report'), ...files.map((file) => `  ${file}`)];
}
