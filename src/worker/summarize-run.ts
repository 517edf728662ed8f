import type { ArrivalsBacklog } from '../aws/arrivals-backlog.ts';
import type { Control } from '../aws/control.ts';
import type { Metrics } from '../aws/metric-sums.ts';
import type { RunStore } from '../aws/run-store.ts';
import type { Plan } from '../plan/plan.ts';
import { viewHere } from '../plan/region-views.ts';
import { buildReport } from '../report/build-report.ts';
import { renderReportHtml } from '../report/html.ts';
import type { Report } from '../report/report-model.ts';
import { collectRun, readAmendedPlan, settledSums } from './collect-run.ts';
import { judgeSearch } from './judge-so-far.ts';
import type { LiveView } from './live-view.ts';

export interface SummaryDeps {
  readonly store: RunStore;
  readonly metrics: Metrics;
  readonly control: Pick<Control, 'clear'>;
  readonly liveView: Pick<LiveView, 'conclude'>;
  readonly backlog: ArrivalsBacklog;
  /** How long to wait for the reader at most, milliseconds. */
  readonly waitAtMostMs: number;
  /** How long CloudWatch may take to show a metric, milliseconds. */
  readonly cloudWatchDelayMs: number;
}

/** Run store, queues and CloudWatch in, report out, and nothing left on the control topic. Safe to repeat. */
export async function summarizeRun(stored: Plan, deps: SummaryDeps): Promise<Report> {
  const { store, metrics, control, liveView, waitAtMostMs } = deps;
  const plan = await readAmendedPlan(store, stored);
  const { ledger, backlog } = await collectRun(store, plan, { backlog: deps.backlog, waitAtMostMs });
  const { messages, acknowledged } = ledger;
  const sums = await settledSums(metrics, {
    plan,
    expectedPublishIn: acknowledged ? messages.acked : messages.sent,
    delayMs: deps.cloudWatchDelayMs,
  });
  if (plan.region !== undefined && backlog.deadLetters.length > 0)
    await store.putDeadLetters(plan.runId, backlog);
  const report = buildReport({
    plan: viewHere(plan),
    ledger,
    cloudwatch: { sums, requested: metrics.names },
    faults: await store.getFaults(plan.runId),
    search: await judgeSearch(plan, { store, metrics, backlog }, Date.now()),
    now: Date.now(),
  });
  await store.putReport(report, renderReportHtml(report));
  const [delivery] = await Promise.all([liveView.conclude(plan, report), control.clear(plan.runId)]);
  const { resentPoints, refusedPoints, leftPoints } = delivery;
  if (resentPoints + refusedPoints + leftPoints === 0) return report;
  // The report did not wait for InfluxDB; now it can say what became of it.
  const complete: Report = { ...report, liveView: delivery };
  await store.putReport(complete, renderReportHtml(complete));
  return complete;
}
