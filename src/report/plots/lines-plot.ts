import { formatClock, formatElapsed, formatRate, formatValue } from '../../shared/format.ts';
import { type Html, html, table } from '../html-markup.ts';
import { fieldOf, renderFigure, renderLine, renderXAxis, renderYAxis } from './figure.ts';
import { latencyScaleOf } from './latency-plots.ts';
import { legendOfMarks, type PlotMark, renderMarks } from './marks.ts';
import { linearScale, timeScale } from './scale.ts';

export interface LinesPlot {
  readonly key: string;
  readonly title: string;
  /** Latencies in milliseconds stand on a logarithmic axis, rates on one from zero. */
  readonly quantity: 'latency' | 'rate';
  /** At most six. */
  readonly lines: readonly {
    readonly label: string;
    /** Milliseconds since publishing began; null where there is nothing. */
    readonly points: readonly (readonly [sinceMs: number, value: number | null])[];
  }[];
  /** What was done to the run of the lines; their instants are milliseconds since publishing began. */
  readonly marks?: readonly PlotMark[];
  /** Absent: the plot has a table of its own. False: the page has its figures in another one. */
  readonly hasTable?: boolean;
}

const height = 270;
const lineMarks = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const tableRows = 20;

/** The same quantity of several runs, each from its own beginning. */
export function renderLinesPlot({ key, title, quantity, lines, marks, hasTable = true }: LinesPlot): Html {
  const field = fieldOf(height);
  const values = lines
    .flatMap(({ points }) => points.map(([, value]) => value))
    .filter((value) => value !== null);
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  const y =
    quantity === 'latency'
      ? latencyScaleOf(values, field.y)
      : linearScale({ from: 0, to: most > 0 ? most * 1.06 : 1 }, field.y, formatValue);
  const end = Math.max(1_000, ...lines.map(({ points }) => points.at(-1)?.[0] ?? 0));
  const begin = Math.min(0, ...lines.map(({ points }) => points[0]?.[0] ?? 0));
  const x = timeScale({ from: begin, to: end }, field.x);
  const format = quantity === 'latency' ? formatElapsed : (value: number) => `${formatRate(value)}/s`;
  return renderFigure({
    key,
    title,
    description: lines
      .map(({ label, points }) => {
        const known = points.map(([, value]) => value).filter((value) => value !== null);
        return known.length === 0
          ? `${label}: nothing measured.`
          : `${label}: between ${format(Math.min(...known))} and ${format(Math.max(...known))}.`;
      })
      .join(' '),
    height,
    legend: [
      ...lines.map(({ label }, i) => ({ label, mark: `line ${lineMarks[i] ?? 'f'}` })),
      ...legendOfMarks(marks),
    ],
    drawing: [
      renderYAxis(y, field),
      ...lines.map(({ points }, i) =>
        renderLine(
          lineMarks[i] ?? 'f',
          points.map(([since, value]) => [x.at(since), value === null ? null : y.at(value)] as const),
        ),
      ),
      renderMarks(marks, x.at, field),
      renderXAxis(x, field),
    ],
    ...(hasTable ? { table: renderTable(lines, format) } : {}),
  });
}

function renderTable(lines: LinesPlot['lines'], format: (value: number) => string): Html {
  const longest = lines.reduce((a, b) => (b.points.length > a.points.length ? b : a), lines[0]!).points;
  const every = Math.max(1, Math.ceil(longest.length / tableRows));
  const rows = longest
    .filter((_, i) => i % every === 0)
    .map(([since]) => ({
      cells: [
        html`${formatClock(since)}`,
        ...lines.map(({ points }) => {
          const value = points.find(([at]) => at >= since)?.[1] ?? null;
          return value === null ? '–' : format(value);
        }),
      ],
    }));
  return table(
    'From the beginning of publishing',
    [{ heading: 'Time' }, ...lines.map(({ label }) => ({ heading: label, isNumber: true }))],
    rows,
  );
}
