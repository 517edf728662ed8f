import { formatCount } from '../shared/format.ts';
import { type Html, html, table } from './html-markup.ts';
import { describeSum } from './reconciliation.ts';
import type { Report } from './report-model.ts';

/** CloudWatch's sums beside the run's own counts, with what is known to make them differ. */
export function renderReconciliation({ reconciliation }: Report): Html {
  if (reconciliation.length === 0) return html``;
  const rows = reconciliation.map((line) => ({
    cells: [
      line.metric,
      line.cloudwatch === null ? 'no data yet' : formatCount(line.cloudwatch),
      line.cloudwatch === null ? '' : `= ${describeSum(line)}`,
    ],
    ...(line.unexplained !== null && line.unexplained !== 0 ? { tone: 'warning' as const } : {}),
  }));
  return table(
    'Held against CloudWatch, which counts whole minutes and the whole account',
    [
      { heading: 'CloudWatch metric' },
      { heading: 'CloudWatch', isNumber: true },
      { heading: 'The run’s own counts' },
    ],
    rows,
  );
}
