import { busiestOf, type CountedSteps } from '../../measure/stepped-series.ts';
import {
  formatClock,
  formatCount,
  formatPlural,
  formatRate,
  formatShare,
  formatValue,
} from '../../shared/format.ts';
import { type Html, table } from '../html-markup.ts';
import {
  fieldOf,
  type LegendEntry,
  renderArea,
  renderFigure,
  renderLine,
  renderXAxis,
  renderYAxis,
} from './figure.ts';
import { legendOfMarks, renderMarkNames, renderMarks } from './marks.ts';
import { linearScale } from './scale.ts';
import { makeTimeAxis, renderPhases, stepsOf, type TimeFrame } from './time-axis.ts';

/** Sums of counters by step, all of one length; of a run that goes on, arrivals may lack the last. */
export interface RateSeries extends CountedSteps {
  readonly intended: readonly number[];
  readonly sent: readonly number[];
  readonly acked: readonly number[];
  readonly arrivals: readonly number[];
  /** As of `RunSeries`. */
  readonly peaks?: Readonly<Record<'intended' | 'sent' | 'arrivals', readonly number[]>>;
  readonly peaksAreBounds?: true;
}

/** The target rate from an instant (epoch milliseconds) on; between two points it changes linearly. */
export type TargetPoint = readonly [at: number, perSecond: number];

export interface RatePlot {
  readonly frame: TimeFrame;
  readonly target: readonly TargetPoint[];
  readonly series: RateSeries;
  /** The word for messages that were due: `intended`. */
  readonly due: string;
  /** Whether publishes are acknowledged at all. */
  readonly acknowledged: boolean;
  /** Publishes a second that the account may send. */
  readonly quotaPerSecond?: number;
}

const height = 270;
/** A quota that is more times the load than this is named below the plot: drawn, it would flatten the load. */
const drawnQuotaFactor = 2;
const tableRows = 30;

/** What was sent each second against the target, and against the quota. */
export function renderRatePlot(plot: RatePlot): Html {
  const { frame, target, series, due, acknowledged, quotaPerSecond } = plot;
  const field = fieldOf(height);
  const axis = makeTimeAxis(frame, field);
  const busiest = Math.max(busiestOf(series, 'sent'), busiestOf(series, 'arrivals'));
  const peak = Math.max(1, busiest, ...target.map(([, rate]) => rate));
  const isQuotaDrawn = quotaPerSecond !== undefined && quotaPerSecond <= peak * drawnQuotaFactor;
  const top = 1.06 * Math.max(peak, isQuotaDrawn ? quotaPerSecond : 0);
  const y = linearScale({ from: 0, to: top }, field.y, formatValue);
  const lines = [
    { name: 'sent', mark: 'a', counts: series.sent },
    ...(acknowledged ? [{ name: 'acknowledged', mark: 'b', counts: series.acked }] : []),
    { name: 'arrived', mark: 'c', counts: series.arrivals },
  ];
  const position = ([at, perSecond]: readonly [number, number]) => [axis.at(at), y.at(perSecond)] as const;
  const legend: LegendEntry[] = [
    { label: 'target', mark: 'box target' },
    ...lines.map(({ name, mark }) => ({ label: name, mark: `line ${mark}` })),
    ...(isQuotaDrawn ? [{ label: `quota ${formatCount(quotaPerSecond)}/s`, mark: 'line limit' }] : []),
    ...legendOfMarks(frame.marks),
  ];
  const quotaNote =
    quotaPerSecond === undefined || isQuotaDrawn
      ? {}
      : {
          note: `The quota of ${formatCount(quotaPerSecond)}/s lies above this plot: the busiest second used ${formatShare(busiestOf(series, 'sent') / quotaPerSecond)} of it.`,
        };
  return renderFigure({
    key: 'rate',
    title: 'Messages a second',
    description: describe(series, due, quotaPerSecond),
    height,
    legend,
    ...quotaNote,
    names: renderMarkNames(frame.marks, frame.startAt),
    drawing: [
      renderPhases(frame, axis, field),
      renderYAxis(y, field),
      renderArea(target.map(position), field),
      ...lines.map(({ mark, counts }) => renderLine(mark, stepsOf(counts, series).map(position))),
      ...(isQuotaDrawn
        ? [
            renderLine(
              'limit',
              [field.x.from, field.x.to].map((x) => [x, y.at(quotaPerSecond)] as const),
            ),
          ]
        : []),
      renderMarks(frame.marks, axis.at, field),
      renderXAxis(axis.scale, field),
    ],
    table: renderTable(plot),
  });
}

function describe(series: RateSeries, due: string, quotaPerSecond: number | undefined): string {
  const { sent, secondsPerStep = 1, peaksAreBounds } = series;
  const peakOf = (counter: 'intended' | 'sent' | 'arrivals') => formatCount(busiestOf(series, counter));
  const quota = quotaPerSecond === undefined ? '' : ` The quota is ${formatCount(quotaPerSecond)} a second.`;
  const steps = secondsPerStep === 1 ? 'by second' : `in steps of ${secondsPerStep} seconds`;
  const most = peaksAreBounds ? 'Busiest seconds, at most' : 'Busiest seconds';
  return `Messages ${steps} over ${formatPlural(sent.length * secondsPerStep, 'second')}. ${most}: ${peakOf('intended')} ${due}, ${peakOf('sent')} sent, ${peakOf('arrivals')} arrived.${quota}`;
}

function renderTable({ series, frame: { startAt }, due, acknowledged }: RatePlot): Html {
  const columns = [series.intended, series.sent, ...(acknowledged ? [series.acked] : []), series.arrivals];
  const steps = columns.map((counts) => stepsOf(counts, series, tableRows));
  const rows = (steps[0] ?? []).map(([at], i) => ({
    cells: [
      formatClock(at - startAt),
      ...steps.map((column) => (column[i] === undefined ? '–' : formatRate(column[i][1]))),
    ],
  }));
  const headings = [due, 'sent', ...(acknowledged ? ['acknowledged'] : []), 'arrived'];
  return table(
    'Messages a second, by the middle of each stretch',
    [{ heading: 'Time' }, ...headings.map((heading) => ({ heading, isNumber: true }))],
    rows,
  );
}
