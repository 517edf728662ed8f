import { formatElapsed, formatPlural, formatRate, formatShare, formatValue } from '../shared/format.ts';
import type { ComparedFigure, Comparison } from './compare-reports.ts';
import type { SummaryStyler } from './terminal-page.ts';
import { cutCell, layOutColumns, wrapText } from './text-table.ts';

const width = 98;

/** The differences that matter, for the terminal. */
export function renderComparison(
  comparison: Comparison,
  style: SummaryStyler = (_style, text) => text,
): string {
  const { baseline, candidate, cautions, inconsistencies } = comparison;
  const sections = [
    layOutLeft([
      ['baseline', baseline.runId, baseline.verdict],
      ['candidate', candidate.runId, candidate.verdict],
    ]),
    [...inconsistencies, ...cautions].flatMap((caution) =>
      wrapText(caution, width, '! ', '  ').map((line) => style('warning', line)),
    ),
    renderFigures(comparison, style),
    [describeComparison(comparison, style)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `  ${line}`.trimEnd()).join('\n'))
    .join('\n\n');
}

function renderFigures({ figures, brokenThresholds }: Comparison, style: SummaryStyler): string[] {
  const shown = figures
    .filter(({ outcome }) => outcome === 'worse' || outcome === 'better')
    .toSorted((a, b) => (a.outcome === b.outcome ? 0 : a.outcome === 'worse' ? -1 : 1));
  const rows = shown.map((figure) => [
    `${figure.outcome === 'worse' ? '✗' : '✓'} ${figure.figure}`,
    formatFigure(figure, figure.baseline),
    formatFigure(figure, figure.candidate),
    formatChange(figure),
  ]);
  const [head = '', ...body] = layOutColumns([['figure', 'baseline', 'candidate', 'change'], ...rows]);
  return [
    ...(rows.length > 0 ? [style('heading', head)] : []),
    ...body.map((line, i) => style(shown[i]?.outcome === 'worse' ? 'bad' : 'good', line)),
    ...brokenThresholds.map((threshold) =>
      style('bad', `✗ threshold ${threshold}: passed before, fails now`),
    ),
  ];
}

export type ComparisonOutcome = 'regressed' | 'inconclusive' | 'no regression';

/** A regression counts even if the generator was the bottleneck. Without a regression, such a run proves nothing. */
export function outcomeOf({ isRegression, inconsistencies }: Comparison): ComparisonOutcome {
  if (isRegression) return 'regressed';
  return inconsistencies.length > 0 ? 'inconclusive' : 'no regression';
}

/** `REGRESSED: 2 figures are worse by more than 10 %, 1 threshold broke` */
function describeComparison(comparison: Comparison, style: SummaryStyler): string {
  const worse = countOf(comparison, 'worse');
  const broken = comparison.brokenThresholds.length;
  if (!comparison.isRegression) {
    const same = countOf(comparison, 'same');
    const isConclusive = outcomeOf(comparison) !== 'inconclusive';
    return style(
      isConclusive ? 'good' : 'warning',
      `${isConclusive ? '✓ NO REGRESSION' : '? INCONCLUSIVE'}: nothing is worse by more than ${formatShare(comparison.tolerance)}; ${formatPlural(same, 'figure')} within it, ${countOf(comparison, 'better')} better`,
    );
  }
  const parts = [
    ...(worse > 0
      ? [`${formatPlural(worse, 'figure')} worse by more than ${formatShare(comparison.tolerance)}`]
      : []),
    ...(broken > 0 ? [`${formatPlural(broken, 'threshold')} broken`] : []),
  ];
  return style('bad', `✗ REGRESSED: ${parts.join(', ')}`);
}

export function countOf({ figures }: Comparison, outcome: ComparedFigure['outcome']): number {
  return figures.filter((figure) => figure.outcome === outcome).length;
}

export function formatFigure({ kind }: ComparedFigure, value: number | null): string {
  if (value === null) return 'not measured';
  if (kind === 'latency') return formatElapsed(value);
  return kind === 'share' ? formatShare(value) : `${formatRate(value)}/s`;
}

/** `+271 %`, `−12 %`; `+2.1 ms`, `+0.041 points` (of percent) where a ratio would say nothing. */
export function formatChange({ kind, change, difference }: ComparedFigure): string {
  if (difference === null) return '–';
  const size = Math.abs(difference);
  const sign = difference < 0 ? '−' : '+';
  if (change !== null) return `${sign}${formatShare(Math.abs(change))}`;
  if (kind === 'latency') return `${sign}${formatElapsed(size)}`;
  return kind === 'share' ? `${sign}${formatValue(size * 100)} points` : `${sign}${formatValue(size)}/s`;
}

function layOutLeft(given: readonly (readonly string[])[]): string[] {
  const rows = given.map((row) => row.map(cutCell));
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
