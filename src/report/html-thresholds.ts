import { type Html, html, section, table } from './html-markup.ts';
import type { Report, ThresholdResult } from './report-model.ts';
import { describeOpenThresholds, formatMeasured } from './threshold-figures.ts';

/** What decides the verdict. */
export function renderThresholds(report: Report): Html {
  const { thresholds } = report;
  if (thresholds.length === 0) return section('Thresholds', html`<p class="soft">The profile has none.</p>`);
  const rows = thresholds.map((threshold) => ({
    cells: [
      html`<span class="mark">${outcomeOf(threshold)}</span>`,
      threshold.metric,
      html`<code>${threshold.expression}</code>${threshold.isDefault ? ' (default)' : ''}`,
      formatMeasured(threshold),
    ],
    tone:
      threshold.isExcusedByStop === true
        ? ('dim' as const)
        : threshold.passed
          ? ('good' as const)
          : ('bad' as const),
  }));
  return section(
    'Thresholds',
    ...describeOpenThresholds(report).map((line) => html`<p class="soft">${line}</p>`),
    table(
      'What decides the verdict; latencies in milliseconds',
      [
        { heading: 'Result' },
        { heading: 'Metric' },
        { heading: 'Threshold' },
        { heading: 'Measured', isNumber: true },
      ],
      rows,
    ),
  );
}

function outcomeOf({ passed, isUndecided, isExcusedByStop }: ThresholdResult): string {
  if (isExcusedByStop === true) return '– not judged';
  return passed ? '✓ passed' : isUndecided === true ? '? not proven' : '✗ failed';
}
