import { formatCount } from '../shared/format.ts';
import { type Html, html, table } from './html-markup.ts';
import { describeSum } from './reconciliation.ts';
import type { Report } from './report-model.ts';
import type { Reconciliation } from './usage-model.ts';

/** CloudWatch's sums beside the run's own counts, with what is known to make them differ. */
export function renderReconciliation({ reconciliation }: Report): Html {
  if (reconciliation.length === 0) return html``;
  const [{ source = 'CloudWatch' }] = reconciliation as [Reconciliation];
  const rows = reconciliation.map((line) => ({
    cells: [
      line.metric,
      line.cloudwatch === null ? 'no data yet' : formatCount(line.cloudwatch),
      line.cloudwatch === null ? '' : `= ${describeSum(line)}`,
    ],
    ...(line.unexplained !== null && line.unexplained !== 0 ? { tone: 'warning' as const } : {}),
  }));
  return table(
    source === 'CloudWatch'
      ? 'Held against CloudWatch, which counts whole minutes and the whole account'
      : `Held against ${source}’s own counts, which are of all its clients`,
    [
      { heading: `${source} metric` },
      { heading: source, isNumber: true },
      { heading: 'The run’s own counts' },
    ],
    rows,
  );
}
