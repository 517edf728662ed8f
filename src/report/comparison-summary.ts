import { formatCount, formatShare } from '../shared/format.ts';
import type { Comparison } from './compare-reports.ts';
import {
  type ComparisonOutcome,
  countOf,
  describeAnswers,
  describeNoise,
  describeRuns,
  formatChange,
  formatFigure,
  formatNoise,
  outcomeOf,
  shownFigures,
} from './comparison-text.ts';
import { describeHistory, type SplitHistory, whyTooShort } from './history-comparison.ts';
import { escapeText, markdownTable } from './markdown-table.ts';

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
    ...describeAnswers(comparison).map((line) => `\n${escapeText(line)}`),
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

/** A history as Markdown: where it changed. */
export function renderHistorySummary(history: SplitHistory): string {
  const { before, after, changes } = history;
  const runs = [...before, ...after];
  const found =
    changes.length > 0
      ? '📈 changed'
      : whyTooShort(history) === undefined
        ? '✅ no change'
        : '❔ too few runs';
  return [
    `### ${found}: ${escapeText(runs.at(-1)?.name ?? '')}`,
    '',
    `\`${describeRuns(runs)}\``,
    '',
    ...describeHistory(history).map((line) => `- ${escapeText(line)}`),
    '',
  ].join('\n');
}

const figureMarks = { worse: '❌', better: '✅', unclear: '❔', noise: '〰️' } as const;

const outcomeMarks: Readonly<Record<ComparisonOutcome, string>> = {
  regressed: '❌ regressed',
  inconclusive: '❔ inconclusive',
  'no regression': '✅ no regression',
};
