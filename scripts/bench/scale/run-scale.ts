/** A simulated run's results, merged and summarized as the summarize function does it, without S3 around it. */
import { makeLedger } from '../../../src/measure/ledger.ts';
import { fanOutOf } from '../../../src/plan/fan-out.ts';
import { statePayloads } from '../../../src/plan/state-payloads.ts';
import { buildReport } from '../../../src/report/build-report.ts';
import { renderReportHtml } from '../../../src/report/html.ts';
import { formatReportJson } from '../../../src/report/report-json.ts';
import { iotMetricNames } from '../../../src/targets/aws-iot/cloudwatch-metrics.ts';
import { sampleProcess, serveMeasurement } from '../measured-process.ts';
import { planRun, simulateSlice, simulateWindow } from './simulated-run.ts';

export interface ScaleSettings {
  readonly slices: number;
  readonly minutes: number;
}

export interface ScaleReport {
  readonly cpuSeconds: {
    readonly plan: number;
    readonly slices: number;
    readonly windows: number;
    readonly report: number;
  };
  readonly windows: number;
  readonly messages: number;
  readonly bytes: {
    readonly plan: number;
    /** Largest payload of a state. */
    readonly state: number;
    readonly slice: number;
    readonly window: number;
    readonly reportJson: number;
    readonly reportHtml: number;
  };
  readonly maxRssBytes: number;
  readonly isBalanced: boolean;
}

/** Slices, and windows, that are simulated; the others are the same under their own numbers. */
const simulated = 4;

serveMeasurement(async ({ slices, minutes }: ScaleSettings): Promise<ScaleReport> => {
  const planning = stopwatch();
  const plan = planRun(slices, minutes);
  JSON.stringify(fanOutOf(plan));
  const state = Math.max(...statePayloads(plan).map(({ bytes }) => bytes));
  const planSeconds = planning();

  const sliceTexts: string[] = [];
  for (let slice = 0; slice < Math.min(simulated, slices); slice++) {
    sliceTexts.push(JSON.stringify(await simulateSlice(plan, slice)));
  }
  const ledger = makeLedger(plan);
  const merging = stopwatch();
  for (let slice = 0; slice < slices; slice++) {
    const text = sliceTexts[slice % simulated]!;
    // As it comes from the store: a text of its own.
    ledger.addSlice(JSON.parse(text.replace(/"slice":\d+/, `"slice":${slice}`)));
  }
  const sliceSeconds = merging();

  const messagesOfSlice = plan.load.messages / slices;
  let windowSeconds = 0;
  let windowBytes = 0;
  const windowTexts = Array.from({ length: simulated }, (_, n) => JSON.stringify(simulateWindow(plan, n)));
  for (let n = 0; n < messagesOfSlice; n++) {
    const text = windowTexts[n % simulated]!.replaceAll(/\[\d+,1\]/g, `[${n},1]`).replace(
      /"window":"[^"]*"/,
      `"window":"${n}"`,
    );
    windowBytes += text.length;
    const adding = stopwatch();
    ledger.addWindow(JSON.parse(text));
    windowSeconds += adding();
  }

  const reporting = stopwatch();
  const closed = ledger.close();
  const now = plan.timeline.drainEndAt;
  const report = buildReport({
    plan,
    ledger: closed,
    cloudwatch: { sums: {}, requested: iotMetricNames },
    now,
  });
  const json = formatReportJson(report);
  const html = renderReportHtml(report);
  const reportSeconds = reporting();
  return {
    cpuSeconds: { plan: planSeconds, slices: sliceSeconds, windows: windowSeconds, report: reportSeconds },
    windows: messagesOfSlice,
    messages: plan.load.messages,
    bytes: {
      plan: JSON.stringify(plan).length,
      state,
      slice: Math.max(...sliceTexts.map(({ length }) => length)),
      window: windowBytes / messagesOfSlice,
      reportJson: json.length,
      reportHtml: html.length,
    },
    maxRssBytes: process.resourceUsage().maxRSS * 1_024,
    isBalanced: report.imbalances.length === 0 && report.messages.lost === 0,
  };
});

/** @returns CPU seconds since it was made */
function stopwatch(): () => number {
  const { cpuSeconds } = sampleProcess();
  return () => sampleProcess().cpuSeconds - cpuSeconds;
}
