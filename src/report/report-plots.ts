import { timedLatencyNames } from '../measure/latency-names.ts';
import { endOfStep } from '../measure/stepped-series.ts';
import { type RateStretch, sumStretches } from '../profile/load-shapes/rate-stretches.ts';
import type { Html } from './html-markup.ts';
import { hasArrivals, isAcknowledged, wordForDue } from './ledger-equations.ts';
import { renderDistributionPlot } from './plots/distribution-plot.ts';
import { nothing } from './plots/figure.ts';
import { renderHeatmap, renderPercentilesPlot } from './plots/latency-plots.ts';
import { renderLedgerFlow } from './plots/ledger-flow.ts';
import { renderLinesPlot } from './plots/lines-plot.ts';
import { renderPartLatencies, renderPartRates } from './plots/part-plots.ts';
import { renderRatePlot, type TargetPoint } from './plots/rate-plot.ts';
import { renderStartLagPlot } from './plots/start-lag-plot.ts';
import { stepsOf, type TimeFrame } from './plots/time-axis.ts';
import { latencyMeanings } from './report-figures.ts';
import type { Report, StageRate } from './report-model.ts';
import type { StormsReport } from './storm-report.ts';

/** Which plots a report has: the components of `plots/`, fed from it. */

export function ratePlotOf(report: Report): Html {
  const quota = report.quotas.find(({ quota }) => quota === 'publishInPerSecond');
  return renderRatePlot({
    frame: timeFrameOf(report),
    target: targetOf(report.timeline.publishAt, report.rates.stages),
    series: report.perSecond,
    due: wordForDue(report),
    acknowledged: isAcknowledged(report),
    ...(quota === undefined ? {} : { quotaPerSecond: quota.limit }),
  });
}

/** Of device groups and their kinds of message, or of the kinds of a flat profile; nothing where the profile names neither. */
export function partPlotsOf(report: Report): Html[] {
  const { groups = [], kinds = [] } = report;
  const ofGroups = groups.flatMap(({ group, overTime, endsWithAnswer, kinds: own = [] }) => [
    { label: group, overTime, isObserved: endsWithAnswer !== true },
    ...own.map((each) => ({ label: `${group} / ${each.kind}`, overTime: each.overTime, isObserved: true })),
  ]);
  const ofKinds = kinds.map(({ kind, overTime }) => ({ label: kind, overTime, isObserved: true }));
  const parts = [...ofGroups, ...ofKinds].flatMap(({ overTime, ...part }) =>
    overTime === undefined ? [] : [{ ...part, overTime }],
  );
  if (parts.length === 0) return [];
  const frame = timeFrameOf(report);
  return [renderPartRates({ frame, parts, due: wordForDue(report) }), renderPartLatencies({ frame, parts })];
}

export function ledgerFlowOf(report: Report): Html {
  return renderLedgerFlow({
    messages: report.messages,
    due: wordForDue(report),
    acknowledged: isAcknowledged(report),
    hasArrivals: hasArrivals(report),
  });
}

/** Those of which something was measured. */
export function latencyPlotsOf(report: Report): Html[] {
  return timedLatencyNames.flatMap((name) => {
    const overTime = report.latencyOverTime[name];
    if (overTime === undefined || overTime.steps.length === 0) return [];
    const plot = { name, meaning: latencyMeanings[name], frame: timeFrameOf(report), overTime };
    return [renderPercentilesPlot(plot), renderHeatmap(plot)];
  });
}

/** `transit` beside `end_to_end_latency`: what a generator that waits for its target would have reported. */
const distributed = [
  'end_to_end_latency',
  'transit',
  'echo_latency',
  'puback_round_trip',
  'pubcomp_round_trip',
  'response_time',
  'send_lag',
  'connect',
  'reconnect',
  'handover',
  'failover_time',
] as const;

export function distributionPlotOf({ latencyDistribution }: Report): Html {
  const curves = distributed.flatMap((name) => {
    const distribution = latencyDistribution[name];
    return distribution !== undefined && distribution.ms.length > 0 ? [{ label: name, distribution }] : [];
  });
  if (curves.length === 0) return nothing;
  return renderDistributionPlot({ key: 'distribution', title: 'Latency by percentile', curves });
}

export function startLagPlotOf({ startLagsMs }: Report): Html {
  return renderStartLagPlot(startLagsMs);
}

/** Attempts to connect and those that succeeded, by time since publishing began. */
export function connectsPlotOf({ timeline, actions = [] }: Report, { connects }: StormsReport): Html {
  const { offered, granted } = connects;
  const pointsOf = (counts: readonly number[]) =>
    stepsOf(counts, connects).map(([at, rate]) => [at - timeline.publishAt, rate] as const);
  return renderLinesPlot({
    key: 'connects',
    title: 'Connects a second',
    quantity: 'rate',
    lines: [
      { label: 'offered', points: pointsOf(offered) },
      { label: 'granted', points: pointsOf(granted) },
    ],
    marks: actions.map(({ at, label }) => ({ at: at - timeline.publishAt, label })),
  });
}

/** The corners of the rate that the stages ask for; of several groups, of their sum. */
function targetOf(publishAt: number, stages: readonly StageRate[]): TargetPoint[] {
  return sumStretches(ratesOfGroups(stages)).flatMap(({ fromMs, toMs, startPerSecond, endPerSecond }) => [
    [publishAt + fromMs, startPerSecond],
    [publishAt + toMs, endPerSecond],
  ]);
}

/** The stages of each group, as actions amended them, follow one another; all groups begin together. */
function ratesOfGroups(stages: readonly StageRate[]): { readonly stretches: readonly RateStretch[] }[] {
  return [...Map.groupBy(stages, ({ group }) => group).values()].map((ofGroup) => {
    let fromMs = 0;
    const stretches = ofGroup.flatMap(({ seconds, startPerSecond, targetPerSecond, amended }) => {
      const toMs = fromMs + seconds * 1_000;
      const stretch = { fromMs, toMs, startPerSecond, endPerSecond: targetPerSecond };
      fromMs = toMs;
      return amended ?? [stretch];
    });
    return { stretches };
  });
}

/** From the first connect to the last second in which anything happened. */
function timeFrameOf({ timeline, perSecond, actions = [] }: Report): TimeFrame {
  const { startAt, publishAt, publishEndAt } = timeline;
  const lastBusy = endOfStep(perSecond, perSecond.sent.length - 1);
  return {
    startAt,
    publishAt,
    publishEndAt,
    endAt: lastBusy > startAt ? lastBusy : publishEndAt,
    marks: actions,
  };
}
