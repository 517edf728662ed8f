import { formatMs } from '../../shared/format.ts';
import { type Html, html, table } from '../html-markup.ts';
import type { LatencyDistribution } from '../latency-distribution.ts';
import { fieldOf, renderFigure, renderLine, renderXAxis, renderYAxis } from './figure.ts';
import { latencyScaleOf } from './latency-plots.ts';
import type { Scale, Span } from './scale.ts';

export interface DistributionPlot {
  readonly key: string;
  readonly title: string;
  /** At most six: a line each. */
  readonly curves: readonly Curve[];
}

export interface Curve {
  readonly label: string;
  readonly distribution: LatencyDistribution;
}

const height = 300;
/** In the order of the curves; the page's style gives each a colour and a dash of its own. */
const marks = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const shownPercentiles = [50, 90, 95, 99, 99.9, 99.99, 99.999, 100];

/**
 * Latency by percentile, as HdrHistogram plots it: each halving of what is left to 100 % takes the same width, so that
 * the rare, slow messages are not squeezed into the last pixel.
 */
export function renderDistributionPlot({ key, title, curves }: DistributionPlot): Html {
  const field = fieldOf(height);
  const drawn = curves.filter(({ distribution }) => distribution.ms.length > 0);
  const y = latencyScaleOf(
    drawn.flatMap(({ distribution }) => distribution.ms.filter((ms) => ms > 0)),
    field.y,
  );
  const x = percentileScale(
    drawn.map(({ distribution }) => distribution.percentiles.at(-2) ?? 0),
    field.x,
  );
  return renderFigure({
    key,
    title,
    description: describe(drawn),
    height,
    legend: drawn.map(({ label }, i) => ({ label, mark: `line ${marks[i]}` })),
    drawing: [
      renderYAxis(y, field),
      ...drawn.map(({ distribution: { percentiles, ms } }, i) =>
        renderLine(
          marks[i] ?? 'f',
          percentiles.map((percentile, j) => [x.at(percentile), ms[j]! >= 0 ? y.at(ms[j]!) : null] as const),
        ),
      ),
      renderXAxis(x, field),
    ],
    table: renderTable(drawn),
  });
}

/** Position is log₁₀(100 / (100 − p)); 100 itself stands a little to the right of the last one before it. */
function percentileScale(lasts: readonly number[], drawn: Span): Scale {
  const nines = (percentile: number) => Math.log10(100 / (100 - percentile));
  const end = Math.max(1, ...lasts.map(nines)) + 0.15;
  const ticks = [0, 50, 90, 99, 99.9, 99.99, 99.999, 99.9999].filter((percentile) => nines(percentile) < end);
  return {
    at: (percentile) =>
      drawn.from +
      ((percentile >= 100 ? end : Math.min(nines(percentile), end)) / end) * (drawn.to - drawn.from),
    ticks: ticks.map((value) => ({ value, label: value === 0 ? 'p0' : `p${value}` })),
  };
}

function describe(curves: readonly Curve[]): string {
  const sentences = curves.map(
    ({ label, distribution }) =>
      `${label}: p50 ${valueAt(distribution, 50)}, p99 ${valueAt(distribution, 99)}, maximum ${valueAt(distribution, 100)}.`,
  );
  return `Latency by percentile. ${sentences.join(' ')}`;
}

/** Of the first point at or above: that percentile itself, or the maximum where there are too few samples for it. */
function valueAt({ percentiles, ms }: LatencyDistribution, percentile: number): string {
  const i = percentiles.findIndex((candidate) => candidate >= percentile - 1e-9);
  return i < 0 ? '–' : formatMs(ms[i]!);
}

function renderTable(curves: readonly Curve[]): Html {
  return table(
    'Milliseconds',
    [
      { heading: 'Latency' },
      ...shownPercentiles.map((p) => ({ heading: p === 100 ? 'max' : `p${p}`, isNumber: true })),
    ],
    curves.map(({ label, distribution }) => ({
      cells: [html`${label}`, ...shownPercentiles.map((percentile) => valueAt(distribution, percentile))],
    })),
  );
}
