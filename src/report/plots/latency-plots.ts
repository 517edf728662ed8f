import { heatRowFromMs, heatRows } from '../../live/heat-rows.ts';
import type { LatencyOverTime, LatencyStep } from '../../live/latency-over-time.ts';
import { formatClock, formatCount, formatElapsed, formatMs } from '../../shared/format.ts';
import { type Html, html, table } from '../html-markup.ts';
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
import { legendOfMarks, renderMarks } from './marks.ts';
import { logScale, type Scale, type Span } from './scale.ts';
import { makeTimeAxis, renderPhases, type TimeAxis, type TimeFrame } from './time-axis.ts';

export interface LatencyPlot {
  /** As in reports: `end_to_end_latency`. */
  readonly name: string;
  /** `intended → arrival` */
  readonly meaning: string;
  readonly frame: TimeFrame;
  readonly overTime: LatencyOverTime;
}

const height = 270;
const tableRows = 30;

const lines = [
  { column: 'max', mark: 'd', label: 'maximum' },
  { column: 'p99', mark: 'b', label: 'p99' },
  { column: 'p90', mark: 'c', label: 'p90' },
  { column: 'p50', mark: 'a', label: 'p50' },
] as const;

/** Percentiles of each step, on a logarithmic axis. */
export function renderPercentilesPlot({ name, meaning, frame, overTime }: LatencyPlot): Html {
  const field = fieldOf(height);
  const axis = makeTimeAxis(frame, field);
  const y = scaleOverTime(drawnValues(overTime.steps), field.y);
  const instants = middlesOf(overTime);
  const drawn = lines.map(({ column, mark }) =>
    renderLine(
      mark,
      overTime.steps.map((step, i) => {
        const ms = step[column];
        return [axis.at(instants[i]!), ms === null ? null : y.at(ms)] as const;
      }),
    ),
  );
  return renderFigure({
    key: `percentiles-${name}`,
    title: `${name} over time (${meaning})`,
    description: describe(overTime),
    height,
    legend: [
      ...lines.map(({ label, mark }) => ({ label, mark: `line ${mark}` })),
      ...legendOfMarks(frame.marks),
    ],
    drawing: [
      renderPhases(frame, axis, field),
      renderYAxis(y, field),
      ...drawn,
      renderMarks(frame.marks, axis.at, field),
      renderXAxis(axis.scale, field),
    ],
    table: renderTable(overTime, frame),
  });
}

/** Shades from few samples to many; the page's style has a class for each. */
const shades = 8;

/** How many samples took how long, step by step: what percentiles hide, such as two humps, shows here. */
export function renderHeatmap({ name, meaning, frame, overTime }: LatencyPlot): Html {
  const field = fieldOf(height);
  const axis = makeTimeAxis(frame, field);
  const y = scaleOverTime(heatValues(overTime.steps), field.y);
  let most = 0;
  for (const { heat } of overTime.steps)
    for (let i = 1; i < heat.length; i += 2) most = Math.max(most, heat[i]!);
  const steps = [1, Math.ceil(shades / 2), shades];
  return renderFigure({
    key: `heatmap-${name}`,
    title: `${name} as a heatmap (${meaning})`,
    description: `How many samples of each second took how long; the darkest field holds ${formatCount(most)}. ${describe(overTime)}`,
    height,
    legend: [
      ...steps.map((shade) => ({
        label: `${formatCount(Math.round(countOfShade(shade, most)))}${shade === 1 ? ' sample or more' : ''}`,
        mark: `box h${shade}`,
      })),
      ...legendOfMarks(frame.marks),
    ],
    drawing: [
      renderPhases(frame, axis, field),
      renderYAxis(y, field),
      ...renderCells(overTime, most, axis, y, field),
      renderMarks(frame.marks, axis.at, field),
      renderXAxis(axis.scale, field),
    ],
  });
}

/** Shades are even steps of the logarithm: a single straggler is seen beside thousands. */
function shadeOf(count: number, most: number): number {
  return most <= 1 ? shades : 1 + Math.round(((shades - 1) * Math.log(count)) / Math.log(most));
}

function countOfShade(shade: number, most: number): number {
  return most ** ((shade - 1) / (shades - 1));
}

/** One path for each shade, and cells of one shade beside each other are one: a heatmap takes a few dozen kilobytes. */
function renderCells(
  overTime: LatencyOverTime,
  most: number,
  axis: TimeAxis,
  y: Scale,
  field: Field,
): Html[] {
  const { startSecond, secondsPerStep, steps } = overTime;
  const paths: string[] = new Array(shades + 1).fill('');
  const shadesByRow = new Map<number, Uint8Array>();
  for (const [column, { heat }] of steps.entries()) {
    let row = 0;
    for (let i = 0; i + 1 < heat.length; i += 2) {
      row += heat[i]!;
      if (row >= heatRows) break;
      let shadesOfRow = shadesByRow.get(row);
      if (shadesOfRow === undefined) {
        shadesOfRow = new Uint8Array(steps.length);
        shadesByRow.set(row, shadesOfRow);
      }
      shadesOfRow[column] = shadeOf(heat[i + 1]!, most);
      row++;
    }
  }
  const xOf = (column: number) => round(axis.at((startSecond + column * secondsPerStep) * 1_000));
  for (const [row, shadesOfRow] of shadesByRow) {
    const { top, bottom } = rowEdges(row, y, field);
    for (let column = 0; column < shadesOfRow.length; ) {
      const shade = shadesOfRow[column]!;
      let end = column + 1;
      while (end < shadesOfRow.length && shadesOfRow[end] === shade) end++;
      if (shade > 0) {
        const [left, right] = [xOf(column), xOf(end)];
        paths[shade] += `M${left} ${top}H${right}V${bottom}H${left}z`;
      }
      column = end;
    }
  }
  return paths.map((path, shade) => (path === '' ? nothing : html`<path class="h${shade}" d="${path}"/>\n`));
}

function rowEdges(row: number, y: Scale, field: Field): { top: number; bottom: number } {
  const edge = (of: number) => (of >= heatRows ? field.y.to : y.at(heatRowFromMs(of)));
  const bottom = edge(row);
  // Latencies below the axis, negative ones too, are drawn in its lowest row.
  return { top: round(Math.min(edge(row + 1), bottom - 2)), bottom: round(bottom) };
}

function drawnValues(steps: readonly LatencyStep[]): number[] {
  return steps.flatMap(({ p50, p90, p99, max }) => [p50, p90, p99, max]).filter((ms) => ms !== null);
}

/** Where the rows that hold anything begin, and where the highest of each step ends. */
function heatValues(steps: readonly LatencyStep[]): number[] {
  return steps.flatMap(({ heat }) => {
    const values: number[] = [];
    let row = 0;
    for (let i = 0; i + 1 < heat.length; i += 2) {
      row += heat[i]!;
      if (row >= heatRows) break;
      values.push(heatRowFromMs(row));
      row++;
    }
    return heat.length === 0 ? values : [...values, heatRowFromMs(Math.min(row, heatRows))];
  });
}

/** Nothing crosses a network faster: decades of the axis below it would be for two clocks that happen to agree. */
const finestMs = 0.1;

/** Of what was measured in the course of a run. */
export function scaleOverTime(values: readonly number[], drawn: Span): Scale {
  return latencyScaleOf(
    values.map((ms) => (ms > 0 ? Math.max(ms, finestMs) : ms)),
    drawn,
  );
}

/** From below the smallest latency above zero to above the largest; at least a decade. */
export function latencyScaleOf(values: readonly number[], drawn: Span): Scale {
  const above = values.filter((ms) => ms > 0);
  const least = above.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = above.reduce((a, b) => Math.max(a, b), 0);
  if (most === 0) return logScale({ from: 0.1, to: 10 }, drawn, formatElapsed);
  const widen = Math.max(1.2, Math.sqrt(10 / (most / least)));
  return logScale({ from: Math.max(least / widen, 0.001), to: most * widen }, drawn, formatElapsed);
}

function middlesOf({ startSecond, secondsPerStep, steps }: LatencyOverTime): number[] {
  return steps.map((_, i) => (startSecond + (i + 0.5) * secondsPerStep) * 1_000);
}

function describe({ steps }: LatencyOverTime): string {
  const rangeOf = (column: 'p50' | 'p99') => {
    const known = steps.map((step) => step[column]).filter((ms) => ms !== null) as number[];
    return known.length === 0
      ? 'is unknown'
      : `lies between ${formatElapsed(Math.min(...known))} and ${formatElapsed(Math.max(...known))}`;
  };
  return `By second, p50 ${rangeOf('p50')}, p99 ${rangeOf('p99')}.`;
}

function renderTable(overTime: LatencyOverTime, { startAt }: TimeFrame): Html {
  const instants = middlesOf(overTime);
  const every = Math.max(1, Math.ceil(overTime.steps.length / tableRows));
  const cell = (ms: number | null) => (ms === null ? '–' : formatMs(ms));
  const rows = overTime.steps
    .map((step, i) => ({
      cells: [
        formatClock(instants[i]! - startAt),
        cell(step.p50),
        cell(step.p90),
        cell(step.p99),
        cell(step.max),
      ],
    }))
    .filter((_, i) => i % every === 0);
  const what = every === 1 ? '' : `; one in ${every} of what is drawn`;
  return table(
    `Milliseconds${what}`,
    [{ heading: 'Time' }, ...['p50', 'p90', 'p99', 'max'].map((heading) => ({ heading, isNumber: true }))],
    rows,
  );
}
