import { collectRun, settledSums } from '../src/aws/collect-run.ts';
import { makeControl } from '../src/aws/control.ts';
import { readEnvironment } from '../src/aws/environment.ts';
import { makeLiveView } from '../src/aws/influx.ts';
import { makeMetrics } from '../src/aws/metrics.ts';
import { makeRunStore, runKeys } from '../src/aws/run-store.ts';
import { makeSystemClock } from '../src/device/clock.ts';
import { iotMetricNames, ruleMetricNames } from '../src/profile/cloudwatch-metrics.ts';
import { buildReport } from '../src/report/build-report.ts';
import { renderReportHtml } from '../src/report/html.ts';
import type { Verdict } from '../src/report/report.ts';

const environment = readEnvironment(process.env);
const store = makeRunStore(environment.runBucket);
const metrics = makeMetrics(environment.ruleName);
const control = makeControl();
const liveView = makeLiveView(environment.influx, { store, clock: makeSystemClock(), random: Math.random });

export interface Summary {
  readonly runId: string;
  readonly verdict: Verdict;
  /** Key of report.json in the run bucket. */
  readonly report: string;
}

/** Run store and CloudWatch in, report and verdict out. Safe to repeat: it only reads what is there. */
export async function handler({ runId }: { readonly runId: string }): Promise<Summary> {
  const plan = await store.getPlan(runId);
  const ledger = (await collectRun(store, plan)).close();
  const { messages, acknowledged } = ledger;
  const sums = await settledSums(metrics, {
    plan,
    expectedPublishIn: acknowledged ? messages.acked : messages.sent,
    delayMs: environment.cloudWatchDelayMs,
  });
  const report = buildReport({
    plan,
    ledger,
    cloudwatch: {
      sums,
      asked: [...iotMetricNames, ...(environment.ruleName === undefined ? [] : ruleMetricNames)],
    },
    now: Date.now(),
  });
  await store.putReport(report, renderReportHtml(report));
  await Promise.all([control.clear(runId), liveView.conclude(plan, report)]);
  return { runId, verdict: report.verdict, report: runKeys.report(runId) };
}
