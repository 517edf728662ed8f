import {
  formatCount,
  formatElapsed,
  formatPlural,
  formatRate,
  formatShare,
  formatValue,
} from '../shared/format.ts';
import {
  type ComparedFigure,
  type ComparedRun,
  type Comparison,
  falsePositives,
  mayBeWorse,
} from './compare-reports.ts';
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
      ['baseline', describeRuns(baseline), describeVerdicts(baseline)],
      ['candidate', describeRuns(candidate), describeVerdicts(candidate)],
    ]),
    describeAnswers(comparison).flatMap((line) => wrapText(line, width, '', '  ')),
    [...inconsistencies, ...cautions].flatMap((caution) =>
      wrapText(caution, width, '! ', '  ').map((line) => style('warning', line)),
    ),
    renderFigures(comparison, style),
    [...wrapText(describeNoise(comparison), width, '', '')],
    [describeComparison(comparison, style)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `  ${line}`.trimEnd()).join('\n'))
    .join('\n\n');
}

/** `id`, or `5 runs: id … id` */
export function describeRuns(runs: readonly ComparedRun[]): string {
  const [first, last] = [runs[0]?.runId ?? '', runs.at(-1)?.runId ?? ''];
  return runs.length === 1 ? first : `${formatPlural(runs.length, 'run')}: ${first} … ${last}`;
}

/** `passed`, or `4 passed, 1 failed` */
function describeVerdicts(runs: readonly ComparedRun[]): string {
  const verdicts = [...new Set(runs.map(({ verdict }) => verdict))];
  if (runs.length === 1) return verdicts.join('');
  return verdicts
    .map((each) => `${runs.filter(({ verdict }) => verdict === each).length} ${each}`)
    .join(', ');
}

/** What the searches found, of each its own line: `baseline: it holds 1,064/s, and …`. */
export function describeAnswers({ baseline, candidate }: Comparison): string[] {
  const linesOf = (side: string, runs: readonly ComparedRun[]) =>
    runs.flatMap(({ runId, answer }) =>
      answer === undefined ? [] : [`${runs.length === 1 ? side : runId}: ${answer}`],
    );
  return [...linesOf('baseline', baseline), ...linesOf('candidate', candidate)];
}

/** What the noise of the comparison is, and what is not in it. */
export function describeNoise({ noiseWithin, baseline, candidate }: Comparison): string {
  const chance = `in ${formatShare(falsePositives)} of comparisons of the same thing, or fewer, any figure is worse by more than its noise`;
  if (noiseWithin === 'run' && baseline.some(({ answer }) => answer !== undefined))
    return 'One search on each side: noise of a level is how far apart the two levels of the answers are. What differs from one search to the next is not in it.';
  return noiseWithin === 'runs'
    ? `Noise is what differs from run to run, by ${formatPlural(baseline.length, 'run')} against ${candidate.length}: ${chance}.`
    : 'One run on each side: noise is what differs within a run. What differs from one run to the next is not in it: `npx stampede run --repeat 5` measures that.';
}

const ranks: Readonly<Record<ComparedFigure['outcome'], number>> = {
  worse: 0,
  better: 1,
  unclear: 2,
  noise: 3,
  same: 4,
  unknown: 5,
};
const marks = { worse: '✗', better: '✓', unclear: '?', noise: '~' } as const;
const styles = { worse: 'bad', better: 'good', unclear: 'warning', noise: 'dim' } as const;

/** Figures that differ by more than the tolerance: what is worse first, and what is only noise last. */
export function shownFigures({
  figures,
}: Comparison): (ComparedFigure & { readonly outcome: keyof typeof marks })[] {
  return figures
    .flatMap((figure) => {
      const { outcome } = figure;
      return outcome === 'same' || outcome === 'unknown' ? [] : [{ ...figure, outcome }];
    })
    .toSorted((a, b) => ranks[a.outcome] - ranks[b.outcome]);
}

function renderFigures(comparison: Comparison, style: SummaryStyler): string[] {
  const shown = shownFigures(comparison);
  const rows = shown.map((figure) => [
    `${marks[figure.outcome]} ${figure.figure}`,
    formatFigure(figure, figure.baseline),
    formatFigure(figure, figure.candidate),
    formatChange(figure),
    formatNoise(figure),
  ]);
  const [head = '', ...body] = layOutColumns([
    ['figure', 'baseline', 'candidate', 'change', 'noise'],
    ...rows,
  ]);
  return [
    ...(rows.length > 0 ? [style('heading', head)] : []),
    ...body.map((line, i) => style(styles[shown[i]?.outcome ?? 'noise'], line)),
    ...comparison.brokenThresholds.map((threshold) =>
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
    const noise = countOf(comparison, 'noise');
    const isConclusive = outcomeOf(comparison) !== 'inconclusive';
    const unclear = mayBeWorse(comparison).length;
    const found =
      unclear > 0
        ? `${formatCount(unclear)} of the latencies may be worse`
        : `nothing is worse by more than ${formatShare(comparison.tolerance)}${noise > 0 ? ' and by more than noise' : ''}`;
    return style(
      isConclusive ? 'good' : 'warning',
      `${isConclusive ? '✓ NO REGRESSION' : '? INCONCLUSIVE'}: ${found}; ${formatPlural(same, 'figure')} within the tolerance, ${noise > 0 ? `${noise} within the noise, ` : ''}${countOf(comparison, 'better')} better`,
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

/** Figures with this outcome. */
export function countOf({ figures }: Comparison, outcome: ComparedFigure['outcome']): number {
  return figures.filter((figure) => figure.outcome === outcome).length;
}

/** `4.1 ms`, `0.3 %`, `1,000/s`; null: `not measured`. */
export function formatFigure({ kind }: Pick<ComparedFigure, 'kind'>, value: number | null): string {
  if (value === null) return 'not measured';
  if (kind === 'latency') return formatElapsed(value);
  if (kind === 'level') return formatCount(value);
  if (kind === 'ratio') return `${formatValue(value)} × planned`;
  return kind === 'share' ? formatShare(value) : `${formatRate(value)}/s`;
}

/** `+271 %`, `−12 %`; `+2.1 ms`, `+0.041 points` (of percent) where a ratio would say nothing. */
export function formatChange({ kind, change, difference }: ComparedFigure): string {
  if (difference === null) return '–';
  const size = Math.abs(difference);
  const sign = difference < 0 ? '−' : '+';
  if (change !== null) return `${sign}${formatShare(Math.abs(change))}`;
  if (kind === 'latency') return `${sign}${formatElapsed(size)}`;
  if (kind === 'share') return `${sign}${formatValue(size * 100)} points`;
  return `${sign}${formatValue(size)}${kind === 'rate' ? '/s' : ''}`;
}

/** `±3.2 %`, or in the unit of the figure where a ratio would say nothing; `–`: not known. */
export function formatNoise(figure: ComparedFigure): string {
  const { baseline, change, noise } = figure;
  if (noise === null || baseline === null) return '–';
  return formatChange({
    ...figure,
    difference: noise,
    change: change === null ? null : noise / baseline,
  }).replace('+', '±');
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
