import type { TimedLatencyName } from '../measure/latency-names.ts';
import { sumBy } from '../shared/sum.ts';
import type { Html } from './html-markup.ts';
import { renderDistributionPlot } from './plots/distribution-plot.ts';
import { nothing } from './plots/figure.ts';
import { renderHeatmap, renderPercentilesPlot } from './plots/latency-plots.ts';
import { renderLedgerFlow } from './plots/ledger-flow.ts';
import { renderRatePlot, type TargetPoint } from './plots/rate-plot.ts';
import { renderStartLagPlot } from './plots/start-lag-plot.ts';
import type { TimeFrame } from './plots/time-axis.ts';
import { isAcknowledged, latencyMeanings } from './report-figures.ts';
import type { Report } from './report-model.ts';

/** Which plots a report has: the components of `plots/`, fed from it. */

export function ratePlotOf(report: Report): Html {
  const quota = report.quotas.find(({ quota }) => quota === 'publishInPerSecond');
  return renderRatePlot({
    frame: timeFrameOf(report),
    target: targetOf(report.timeline.publishAt, report.rates.stages),
    series: report.perSecond,
    acknowledged: isAcknowledged(report),
    ...(quota === undefined ? {} : { quotaPerSecond: quota.limit }),
  });
}

export function ledgerFlowOf(report: Report): Html {
  return renderLedgerFlow({ messages: report.messages, acknowledged: isAcknowledged(report) });
}

/** Those of which something was measured. */
export function latencyPlotsOf(report: Report): Html[] {
  const plot = (name: TimedLatencyName) => ({
    name,
    meaning: latencyMeanings[name],
    frame: timeFrameOf(report),
    overTime: report.latencyOverTime[name],
  });
  const measured = (['end_to_end_latency', 'puback_round_trip'] as const).filter(
    (name) => report.latencyOverTime[name].steps.length > 0,
  );
  return measured.flatMap((name) => [renderPercentilesPlot(plot(name)), renderHeatmap(plot(name))]);
}

/** `transit` beside `end_to_end_latency`: what a generator that waits for its target would have reported. */
const distributed = [
  'end_to_end_latency',
  'transit',
  'echo_latency',
  'puback_round_trip',
  'send_lag',
  'connect',
] as const;

export function distributionPlotOf({ latencyDistribution }: Report): Html {
  const curves = distributed
    .map((name) => ({ label: name, distribution: latencyDistribution[name] }))
    .filter(({ distribution }) => distribution.ms.length > 0);
  if (curves.length === 0) return nothing;
  return renderDistributionPlot({ key: 'distribution', title: 'Latency by percentile', curves });
}

export function startLagPlotOf({ startLagsMs }: Report): Html {
  return renderStartLagPlot(startLagsMs);
}

/** The corners of the rate that the stages ask for; of several groups, of their sum. */
function targetOf(publishAt: number, stages: Report['rates']['stages']): TargetPoint[] {
  const ramps = rampsOf(publishAt, stages);
  const sumAt = (at: number, isAfter: boolean): number =>
    sumBy(ramps, ({ from, to, startPerSecond, targetPerSecond }) => {
      const isWithin = isAfter ? from <= at && at < to : from < at && at <= to;
      return isWithin ? startPerSecond + ((targetPerSecond - startPerSecond) * (at - from)) / (to - from) : 0;
    });
  const instants = [...new Set(ramps.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  return instants.slice(1).flatMap((to, i) => {
    const from = instants[i]!;
    return [
      [from, sumAt(from, true)],
      [to, sumAt(to, false)],
    ] as const;
  });
}

/** The stages of each group follow one another; all groups begin together. */
function rampsOf(publishAt: number, stages: Report['rates']['stages']) {
  let at = publishAt;
  let group = stages[0]?.group;
  return stages.map((stage) => {
    if (stage.group !== group) at = publishAt;
    group = stage.group;
    const from = at;
    at += stage.seconds * 1_000;
    return { ...stage, from, to: at };
  });
}

/** From the first connect to the last second in which anything happened. */
function timeFrameOf({ timeline, perSecond }: Report): TimeFrame {
  const { startAt, publishAt, publishEndAt } = timeline;
  const lastBusy = (perSecond.startSecond + perSecond.sent.length) * 1_000;
  return { startAt, publishAt, publishEndAt, endAt: lastBusy > startAt ? lastBusy : publishEndAt };
}
