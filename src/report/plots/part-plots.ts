import type { PartOverTime } from '../../measure/part-series.ts';
import { formatCount, formatElapsed, formatMs, formatPerSecond, formatValue } from '../../shared/format.ts';
import { type Html, html, table } from '../html-markup.ts';
import {
  type Field,
  type Figure,
  type LegendEntry,
  nothing,
  plotWidth,
  renderArea,
  renderFigure,
  renderLine,
  renderXAxis,
  renderYAxis,
  round,
} from './figure.ts';
import { scaleOverTime } from './latency-plots.ts';
import { legendOfMarks, renderMarks } from './marks.ts';
import { linearScale, type Scale } from './scale.ts';
import { makeTimeAxis, renderPhases, type TimeAxis, type TimeFrame } from './time-axis.ts';

/** A device group or a kind of message, and what it did in the course of the run. */
export interface DrawnPart {
  /** `meters`, `meters / reading` */
  readonly label: string;
  /** Whether an observer sees its messages: else it has neither arrivals nor latencies. */
  readonly isObserved: boolean;
  readonly overTime: PartOverTime;
}

export interface PartPlots {
  readonly frame: TimeFrame;
  readonly parts: readonly DrawnPart[];
  /** The word for messages that were due: `intended`. */
  readonly due: string;
}

const columns = 3;
const cell = { width: plotWidth / columns, height: 150 } as const;
/** More would make the page long; report.json has all. */
const maxCells = 24;

/** Rates of each part, in a cell of its own with its own scale: a rare kind of message shows beside a busy one. */
export function renderPartRates({ frame, parts, due }: PartPlots): Html {
  return renderCells({
    key: 'part-rates',
    title: 'Messages a second by group and kind',
    frame,
    parts,
    description: ({ label, overTime, isObserved }) =>
      `${label}: at most ${mostText(overTime, 'intended')} ${due}, ${mostText(overTime, 'sent')} sent${isObserved ? `, ${mostText(overTime, 'arrivals')} arrived` : ''}.`,
    legend: [
      { label: due, mark: 'box target' },
      { label: 'sent', mark: 'line a' },
      { label: 'arrived', mark: 'line c' },
    ],
    scaleOf: ({ overTime }, field) => {
      const most = Math.max(
        ...(['intended', 'sent', 'arrivals'] as const).map((each) => mostOf(overTime, each)),
      );
      return linearScale({ from: 0, to: most > 0 ? most * 1.06 : 1 }, field.y, formatValue, 3);
    },
    draw: ({ overTime, isObserved }, { axis, y, field }) => {
      const points = (counter: 'intended' | 'sent' | 'arrivals') =>
        instantsOf(overTime).map((at, i) => [axis.at(at), y.at(ratesOf(overTime, counter)[i]!)] as const);
      return [
        renderArea(points('intended'), field),
        renderLine('a', points('sent')),
        isObserved ? renderLine('c', points('arrivals')) : nothing,
      ];
    },
    table: table(
      'The busiest step of each, messages a second',
      [
        { heading: 'Group or kind' },
        ...[due, 'sent', 'arrived'].map((heading) => ({ heading, isNumber: true })),
      ],
      parts.map(({ label, overTime, isObserved }) => ({
        cells: [
          label,
          mostText(overTime, 'intended'),
          mostText(overTime, 'sent'),
          isObserved ? mostText(overTime, 'arrivals') : '–',
        ],
      })),
    ),
  });
}

/** `end_to_end_latency` of each part over time, all on one scale; nothing where none was measured. */
export function renderPartLatencies({ frame, parts }: Pick<PartPlots, 'frame' | 'parts'>): Html {
  const measured = parts.filter(({ overTime }) => knownOf(overTime.p99).length > 0);
  if (measured.length === 0) return nothing;
  const values = measured.flatMap(({ overTime: { p50, p99 } }) => [...knownOf(p50), ...knownOf(p99)]);
  const rangeText = ({ p50, p99 }: PartOverTime) => ({
    p50: formatMs(Math.max(...knownOf(p50))),
    p99: formatMs(Math.max(...knownOf(p99))),
  });
  return renderCells({
    key: 'part-latencies',
    title: 'end_to_end_latency by group and kind (intended → arrival)',
    frame,
    parts: measured,
    description: ({ label, overTime }) =>
      `${label}: p50 up to ${rangeText(overTime).p50} ms, p99 up to ${rangeText(overTime).p99} ms.`,
    legend: [
      { label: 'p99', mark: 'line b' },
      { label: 'p50', mark: 'line a' },
    ],
    scaleOf: (_, field) => {
      const scale = scaleOverTime(values, field.y);
      // A small cell has room for whole decades only.
      const isDecade = (value: number) => Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6);
      const decades = scale.ticks.filter(({ value }) => isDecade(value));
      const labels = decades.map(({ value }) => ({ value, label: formatElapsed(value) }));
      return { ...scale, ticks: labels.length > 1 ? labels : scale.ticks };
    },
    draw: ({ overTime }, { axis, y }) => {
      const points = (line: 'p50' | 'p99') =>
        instantsOf(overTime).map((at, i) => {
          const ms = overTime[line][i]!;
          return [axis.at(at), ms === null ? null : y.at(ms)] as const;
        });
      return [renderLine('b', points('p99')), renderLine('a', points('p50'))];
    },
    table: table(
      'The slowest step of each, milliseconds',
      [{ heading: 'Group or kind' }, ...['p50', 'p99'].map((heading) => ({ heading, isNumber: true }))],
      measured.map(({ label, overTime }) => ({
        cells: [label, rangeText(overTime).p50, rangeText(overTime).p99],
      })),
    ),
  });
}

interface Cells extends Pick<Figure, 'key' | 'title' | 'table'> {
  readonly legend: readonly LegendEntry[];
  readonly frame: TimeFrame;
  readonly parts: readonly DrawnPart[];
  readonly description: (part: DrawnPart) => string;
  readonly scaleOf: (part: DrawnPart, field: Field) => Scale;
  readonly draw: (part: DrawnPart, on: Axes) => readonly Html[];
}

interface Axes {
  readonly axis: TimeAxis;
  readonly y: Scale;
  readonly field: Field;
}

function renderCells({ frame, parts, description, scaleOf, draw, legend, ...figure }: Cells): Html {
  const drawn = parts.slice(0, maxCells);
  const left = parts.length - drawn.length;
  return renderFigure({
    ...figure,
    legend: [...legend, ...legendOfMarks(frame.marks)],
    description: drawn.map(description).join(' '),
    height: Math.ceil(drawn.length / columns) * cell.height,
    drawing: drawn.map((part, i) => {
      const field = fieldOfCell(i);
      const axis = makeTimeAxis(frame, field, 4);
      const y = scaleOf(part, field);
      return html`<g class="cell"><text class="label" x="${round(field.x.from)}" y="${field.y.to - 8}">${part.label}</text>
${renderPhases(frame, axis, field)}${renderYAxis(y, field)}${draw(part, { axis, y, field })}${renderMarks(frame.marks, axis.at, field)}${renderXAxis(axis.scale, field)}</g>
`;
    }),
    ...(left > 0 && {
      note: `The first ${formatCount(maxCells)}; report.json has ${formatCount(left)} more.`,
    }),
  });
}

function fieldOfCell(i: number): Field {
  const left = (i % columns) * cell.width;
  const top = Math.floor(i / columns) * cell.height;
  return {
    x: { from: round(left + 58), to: round(left + cell.width - 14) },
    y: { from: top + cell.height - 24, to: top + 26 },
  };
}

/** The middles of its steps, epoch milliseconds. */
function instantsOf({ startSecond, secondsPerStep, sent }: PartOverTime): number[] {
  return sent.map((_, i) => (startSecond + (i + 0.5) * secondsPerStep) * 1_000);
}

type Counter = 'intended' | 'sent' | 'arrivals';

function ratesOf(overTime: PartOverTime, counter: Counter): number[] {
  return overTime[counter].map((count) => count / overTime.secondsPerStep);
}

function mostOf(overTime: PartOverTime, counter: Counter): number {
  return Math.max(0, ...ratesOf(overTime, counter));
}

function mostText(overTime: PartOverTime, counter: Counter): string {
  return formatPerSecond(mostOf(overTime, counter));
}

function knownOf(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}
