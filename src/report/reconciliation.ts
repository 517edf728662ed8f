import type { MessageLedger, RunLedger } from '../measure/run-ledger.ts';
import type { Reconciliation } from './report.ts';

/** What CloudWatch said of the run. */
export interface CloudWatchView {
  /** By metric (`PublishIn.Success`); empty where there is no data yet. */
  readonly sums: Readonly<Record<string, number>>;
  /** The metrics that were asked for: one without a sum is 0, for CloudWatch has no series before the first event. */
  readonly asked: readonly string[];
}

/** Null: not asked for, or CloudWatch has no data at all. */
export function cloudWatchSum({ sums, asked }: CloudWatchView, metric: string): number | null {
  const known = sums[metric];
  if (known !== undefined) return known;
  return asked.includes(metric) && Object.keys(sums).length > 0 ? 0 : null;
}

/**
 * CloudWatch counts whole minutes and the whole account, and a publish whose acknowledgement came late or never as a
 * success all the same: differences are shown, and no verdict hangs on them.
 */
export function reconcile(ledger: RunLedger, cloudwatch: CloudWatchView): Reconciliation[] {
  const line = (metric: string, column: keyof MessageLedger): Reconciliation => ({
    metric,
    cloudwatch: cloudWatchSum(cloudwatch, metric),
    column,
    ledger: ledger.messages[column],
  });
  return [
    line('PublishIn.Success', ledger.acknowledged ? 'acked' : 'sent'),
    line('PublishIn.Throttle', 'throttled'),
  ];
}
