import { formatCount, formatPlural, formatRate, formatShare, formatUsd } from '../shared/format.ts';
import { conditionRows, describeTarget } from './conditions-report.ts';
import { fleetTablesOf } from './fleet-tables.ts';
import { type GroupRow, type GroupTable, groupTablesOf, kindTablesOf } from './group-table.ts';
import { wordForDue } from './ledger-equations.ts';
import {
  describeBusiestSecond,
  describeClient,
  describeGenerator,
  describePeak,
  describePrices,
  describeSilence,
  describeSlices,
  describeThrottling,
  latencyCells,
  latencyHeadings,
  latencyNotes,
  latencyRowsOf,
  quotaNotes,
  stageCells,
} from './report-figures.ts';
import type { Report, ThresholdResult, Verdict } from './report-model.ts';
import { renderP99OverTime, renderSparkline } from './sparkline.ts';
import { renderMessages } from './terminal-messages.ts';
import { renderObjective } from './terminal-objective.ts';
import { type Page, renderTable, type SummaryStyleName, type SummaryStyler } from './terminal-page.ts';
import { renderSearch } from './terminal-search.ts';
import { wrapText } from './text-table.ts';
import { describeOpenThresholds, formatMeasured } from './threshold-figures.ts';
import { describeDevices, describeUnknown } from './unknown-figures.ts';

export interface SummaryOptions {
  /** Plain text unless given. */
  readonly style?: SummaryStyler;
  /** Where the report's files are, one a line. */
  readonly files?: readonly string[];
  /** Width of the terminal: text is broken for it, down to 80, and tables stand closer. 100, the default, at most. */
  readonly columns?: number | undefined;
}

/** A sparkline's name, and what its heights mean. */
const besideSparkline = 40;

const indent = 2;
const [leastColumns, mostColumns] = [80, 100];
const maxStages = 12;

/**
 * The end of a run for the terminal: no line is longer than `columns`, but for names of files and of runs, and it reads the same
 * without colour.
 */
export function renderTerminalSummary(report: Report, options: SummaryOptions = {}): string {
  const columns = Math.min(Math.max(options.columns ?? mostColumns, leastColumns), mostColumns);
  const page: Page = { style: options.style ?? ((_name, text) => text), width: columns - indent };
  const sections = [
    renderHead(report, page),
    renderThresholds(report, page),
    renderSearch(report, page),
    renderObjective(report, page),
    renderMessages(report, page),
    renderGroups(report, page),
    renderRates(report, page),
    renderLatencies(report, page),
    ...renderFleet(report, page),
    renderQuotas(report, page),
    renderCost(report, page),
    renderGenerator(report, page),
    renderConditions(report, page),
    renderFiles(options.files ?? [], page),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${' '.repeat(indent)}${line}`.trimEnd()).join('\n'))
    .join('\n\n');
}

const verdictMarks: Readonly<Record<Verdict, { styleName: SummaryStyleName; text: string }>> = {
  passed: { styleName: 'good', text: '✓ PASSED' },
  inconclusive: { styleName: 'warning', text: '? INCONCLUSIVE' },
  failed: { styleName: 'bad', text: '✗ FAILED' },
  aborted: { styleName: 'warning', text: '■ ABORTED' },
};

function renderHead(report: Report, { style, width }: Page): string[] {
  const { styleName, text } = verdictMarks[report.verdict];
  return [
    `${style(styleName, text)}  ${style('heading', report.runId)}${report.conditions?.isRehearsal ? style('warning', '  rehearsal') : ''}`,
    ...report.reasons.flatMap((reason) =>
      wrapText(reason, width, '- ', '  ').map((line) => style(styleName, line)),
    ),
    ...describeTarget(report).flatMap((line) => wrapText(line, width).map((each) => style('warning', each))),
    ...wrapText(`${describeClient(report)}; ${describeDevices(report)}; ${describeSlices(report)}`, width),
    ...describeSilence(report).flatMap((line) => wrapText(line, width).map((each) => style('dim', each))),
    ...describeUnknown(report).flatMap((line) => wrapText(line, width).map((each) => style('warning', each))),
  ];
}

function renderRates(report: Report, { style, width }: Page): string[] {
  const { rates, perSecond } = report;
  const stages = rates.stages
    .slice(0, maxStages)
    .map((stage) => [
      stage.group === undefined ? `  stage ${stage.stage}` : `  ${stage.group} ${stage.stage}`,
      ...stageCells(stage),
    ]);
  const table = [['messages per second', 'lasts', 'target', wordForDue(report), 'sent'], ...stages];
  const more = rates.stages.length - stages.length;
  return [
    ...renderTable(table, { style, width }),
    ...(more > 0 ? [style('dim', `  and ${formatPlural(more, 'stage')} more`)] : []),
    `  mean ${formatRate(rates.meanPerSecond)}, busiest second ${describeBusiestSecond(report)}, throughput ${formatRate(rates.throughputPerSecond)}`,
    `  sent       ${renderSparkline(perSecond.sent, width - besideSparkline, 'fromZero')}  0 to ${formatCount(rates.peakPerSecond)} a second`,
    ...(perSecond.users === undefined
      ? []
      : [
          `  users      ${renderSparkline(perSecond.users, width - besideSparkline, 'fromZero')}  0 to ${formatCount(rates.peakUsers ?? 0)} active`,
        ]),
  ];
}

function renderGroups(report: Report, { style, width }: Page): string[] {
  const { groups = [], kinds = [], observers } = report;
  if (groups.length + kinds.length === 0) return [];
  const isFlat = groups.length === 0;
  const { counts, latencies } = isFlat ? kindTablesOf(kinds, observers) : groupTablesOf(groups, observers);
  const nameOf = ({ group, kind }: GroupRow) => (isFlat ? `  ${kind}` : kind ? `    ${kind}` : `  ${group}`);
  const linesOf = (name: string, { headings, rows, note }: GroupTable) => [
    ...renderTable([[name, ...headings], ...rows.map((row) => [nameOf(row), ...row.cells])], {
      style,
      width,
      gap: ' ',
    }),
    ...(note === '' ? [] : wrapText(note, width, '  ').map((line) => style('dim', line))),
  ];
  return [
    ...linesOf(isFlat ? 'kinds' : 'groups', counts),
    ...(latencies === undefined ? [] : linesOf(isFlat ? 'kinds, ms' : 'groups, ms', latencies)),
  ];
}

function renderLatencies(report: Report, { style, width }: Page): string[] {
  const rows = latencyRowsOf(report)
    .map((name) => [name, report.latencyMs[name]] as const)
    .flatMap(([name, latency]) => {
      if (latency === undefined || latency.count === 0) return [];
      return [[`  ${name}`, formatCount(latency.count), ...latencyCells(latency)]];
    });
  if (rows.length === 0) return [];
  const statuses = (report.requests?.statuses ?? []).map(({ status, latencyMs }) => [
    `  status ${status}`,
    formatCount(latencyMs.count),
    ...latencyCells(latencyMs),
  ]);
  const table = [['latency, ms', 'samples', ...latencyHeadings], ...rows, ...statuses];
  const notes = latencyNotes(report).flatMap((note) => wrapText(note, width, '  '));
  return [
    ...renderTable(table, { style, width }),
    ...renderP99OverTime(report, width - besideSparkline),
    ...notes.map((note) => style('dim', note)),
  ];
}

/** Storms, commands, catching up, presence, the injected network and drift. */
function renderFleet(report: Report, { style, width }: Page): string[][] {
  return fleetTablesOf(report).map(({ title, headings, rows, notes }) => {
    const named = rows.map(([name, ...cells]) => [`  ${name}`, ...cells]);
    const table = [[title.toLowerCase(), ...headings], ...named];
    const lines = notes.flatMap((line) => wrapText(line, width, '  '));
    return [...renderTable(table, { style, width, gap: ' ' }), ...lines.map((line) => style('dim', line))];
  });
}

function renderQuotas(report: Report, { style, width }: Page): string[] {
  const { quotas, throttling, bindingQuota, assumedLimits } = report;
  if (bindingQuota === undefined) return [];
  const table = [
    ['quotas', 'peak', 'limit', 'headroom'],
    ...quotas.map((use) => [
      `  ${use.name}${use.isLive ? '' : '*'}`,
      describePeak(use),
      `${formatCount(use.limit)}${use.unit}`,
      formatShare(use.headroom),
    ]),
  ];
  const styleOf = (i: number) => (quotas[i]!.headroom < 0 ? 'warning' : undefined);
  return [
    ...renderTable(table, { style, width, styleOf }),
    ...describeThrottling(throttling)
      .flatMap((line) => wrapText(line, width, '  '))
      .map((line) => style('warning', line)),
    ...wrapText(bindingQuota.sentence, width, '  ').map((line) =>
      throttling.refusals.length > 0 ? style('warning', line) : line,
    ),
    ...[...(assumedLimits === undefined ? [] : [`* ${assumedLimits}`]), ...quotaNotes(report)]
      .flatMap((line) => wrapText(line, width, '  '))
      .map((line) => style('dim', line)),
  ];
}

function renderThresholds(report: Report, { style, width }: Page): string[] {
  // Those that failed, those that are not proven, and the others.
  const thresholds = report.thresholds.toSorted((a, b) => placeOf(a) - placeOf(b));
  // Those of a search are judged hold by hold.
  if (report.search !== undefined || report.objective !== undefined) return [];
  if (thresholds.length === 0) return [style('heading', 'thresholds'), style('dim', '  none')];
  const table = [
    ['thresholds', 'measured'],
    ...thresholds.map((threshold) => [
      `  ${markOf(threshold)} ${threshold.metric} ${threshold.expression}${threshold.isDefault ? ' (default)' : ''}`,
      formatMeasured(threshold),
    ]),
  ];
  const styleOf = (i: number) => {
    const { passed, isExcusedByStop } = thresholds[i]!;
    return isExcusedByStop === true ? 'dim' : passed ? 'good' : 'bad';
  };
  return [
    ...renderTable(table, { style, width, styleOf }),
    ...describeOpenThresholds(report).flatMap((line) =>
      wrapText(line, width, '  ').map((each) => style('dim', each)),
    ),
  ];
}

const marksInOrder = ['✗', '?', '✓', '–'];

function placeOf(threshold: ThresholdResult): number {
  return marksInOrder.indexOf(markOf(threshold));
}

function markOf({ passed, isUndecided, isExcusedByStop }: ThresholdResult): string {
  if (isExcusedByStop === true) return '–';
  return passed ? '✓' : isUndecided === true ? '?' : '✗';
}

function renderCost({ cost }: Report, { style, width }: Page): string[] {
  if (cost === undefined) return [];
  const figures = `${formatUsd(cost.totalUsd)} used, ${formatUsd(cost.forecastUsd)} forecast`;
  return [
    style('heading', 'cost'),
    ...wrapText(`${figures}. ${describePrices(cost)}.`, width, '  ').map((line) =>
      cost.isCharged ? line : style('dim', line),
    ),
  ];
}

function renderGenerator(report: Report, { style, width }: Page): string[] {
  const { state, sentence } = report.generator.health;
  const styleName = state === 'bottleneck' ? 'bad' : state === 'kept-up' ? 'good' : 'warning';
  return [
    style('heading', 'generator'),
    ...wrapText(sentence, width, '  ').map((line) => style(styleName, line)),
    ...describeGenerator(report).flatMap((line) => wrapText(line, width, '  ')),
  ];
}

function renderConditions(report: Report, { style, width }: Page): string[] {
  const rows = conditionRows(report);
  if (rows.length === 0) return [];
  return [
    style('heading', 'conditions'),
    ...rows.flatMap(([name, text]) => wrapText(`${name}: ${text}`, width, '  ')),
  ];
}

function renderFiles(files: readonly string[], { style }: Page): string[] {
  return files.length === 0 ? [] : [style('heading', 'report'), ...files.map((file) => `  ${file}`)];
}
