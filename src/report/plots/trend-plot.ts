import { medianOf } from '../../measure/median-interval.ts';
import { type Html, html } from '../html-markup.ts';
import {
  type Field,
  fieldOf,
  nothing,
  renderFigure,
  renderLine,
  renderXAxis,
  renderYAxis,
  round,
} from './figure.ts';
import { linearScale, type Scale, type Span } from './scale.ts';

/** One figure of a history of runs. */
export interface TrendPlot {
  readonly key: string;
  readonly title: string;
  /** The oldest first, at least one; null: not measured. */
  readonly points: readonly { readonly name: string; readonly value: number | null }[];
  /** The points that a change begins with, from 0, upwards. */
  readonly changes: readonly number[];
  /** Below the first point and below the last one. */
  readonly ends: readonly [first: string, last: string];
  /** How much the axis shows at least, in the unit of the figure. */
  readonly leastSpan: number;
  readonly format: (value: number) => string;
}

const height = 150;
const width = 320;

/** A point for each run, a line at the median between two changes, and a dashed line at each change. */
export function renderTrendPlot(plot: TrendPlot): Html {
  const { key, title, points, changes, ends, format } = plot;
  const field = fieldOf(height, width);
  const last = points.length - 1;
  const across = linearScale({ from: -0.5, to: last + 0.5 }, field.x, String);
  const labels = [
    { value: 0, label: ends[0] },
    { value: last, label: ends[1] },
  ];
  const x: Scale = { at: across.at, ticks: labels.slice(0, points.length) };
  const known = points.flatMap(({ value }) => value ?? []);
  const y = linearScale(spanOf(known, plot.leastSpan), field.y, format, 4);
  const levels = levelsOf(plot);
  return renderFigure({
    key,
    title,
    description: describe(plot, levels),
    height,
    width,
    drawing: [
      renderYAxis(y, field),
      ...changes.map((at) => renderChange(x.at(at - 0.5), field)),
      ...levels.map(({ from, to, median }) =>
        renderLine('a', [
          [x.at(from - 0.5), y.at(median)],
          [x.at(to - 0.5), y.at(median)],
        ]),
      ),
      ...points.map(({ name, value }, i) =>
        value === null
          ? nothing
          : html`<circle class="point" cx="${round(x.at(i))}" cy="${round(y.at(value))}" r="3"><title>${name}: ${format(value)}</title></circle>`,
      ),
      renderXAxis(x, field),
    ],
  });
}

/** A tenth more than the values on both sides. Of equal ones `leastSpan` is shown; from zero on, if none is below. */
function spanOf(values: readonly number[], leastSpan: number): Span {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const span = 1.2 * Math.max(most - least, leastSpan, 0.2 * most);
  const from = (least + most) / 2 - span / 2;
  return least >= 0 && from < 0 ? { from: 0, to: span } : { from, to: from + span };
}

interface Level {
  readonly from: number;
  /** The first point after it. */
  readonly to: number;
  readonly median: number;
}

function levelsOf({ points, changes }: TrendPlot): Level[] {
  const starts = [0, ...changes];
  return starts.flatMap((from, i) => {
    const to = starts[i + 1] ?? points.length;
    const values = points.slice(from, to).flatMap(({ value }) => value ?? []);
    return values.length === 0 ? [] : [{ from, to, median: medianOf(values) }];
  });
}

function renderChange(at: number, { y }: Field): Html {
  return html`<g class="marks"><path d="M${round(at)} ${y.to}V${y.from}"/></g>\n`;
}

/** `20 runs; median 41 ms, and 45 ms from smoke-… on.` */
function describe({ points, format }: TrendPlot, levels: readonly Level[]): string {
  const texts = levels.map(({ from, median }, i) =>
    i === 0 ? `median ${format(median)}` : `${format(median)} from ${points[from]!.name} on`,
  );
  return `${points.length} runs, the newest last; ${texts.join(', ')}.`;
}
