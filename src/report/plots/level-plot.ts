import type { HoldOutcome } from '../../plan/search/judged-hold.ts';
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

export interface LevelPlot {
  readonly key: string;
  readonly title: string;
  /** In the order of time. */
  readonly holds: readonly LevelPoint[];
  /** The levels of the answer: the highest that passes, and the lowest that fails. Null: none is known. */
  readonly knee: { readonly holds: number | null; readonly breaks: number | null };
  readonly formatLevel: (level: number) => string;
  readonly formatValue: (value: number) => string;
  scaleOf(values: readonly number[], drawn: Span): Scale;
}

export interface LevelPoint {
  readonly level: number;
  readonly outcome: HoldOutcome;
  readonly value: number;
}

const height = 270;
const outcomes = ['passed', 'failed', 'void'] as const;

/** What was measured against the level that was held, with the knee: below it the line is flat, above it steep. Void holds have no part in the line. */
export function renderLevelPlot(plot: LevelPlot): Html {
  const { key, title, holds, knee, formatLevel } = plot;
  const field = fieldOf(height);
  const highest = Math.max(...holds.map(({ level }) => level));
  const x = linearScale({ from: 0, to: highest * 1.05 }, field.x, formatLevel, 8);
  const y = plot.scaleOf(
    holds.map(({ value }) => value),
    field.y,
  );
  return renderFigure({
    key,
    title,
    description: describe(plot),
    height,
    legend: outcomes
      .filter((outcome) => holds.some((hold) => hold.outcome === outcome))
      .map((outcome) => ({ label: outcome, mark: `box hold-${outcome}` })),
    drawing: [
      renderKnee(knee, x, field),
      renderYAxis(y, field),
      renderLine(
        'a',
        meansOf(holds).map(([level, mean]) => [x.at(level), y.at(mean)] as const),
      ),
      ...holds.map(
        ({ level, outcome, value }) =>
          html`<circle class="hold-${outcome}" cx="${round(x.at(level))}" cy="${round(y.at(value))}" r="4.5"/>`,
      ),
      renderXAxis(x, field),
    ],
  });
}

/** By level, upwards. */
function meansOf(holds: readonly LevelPoint[]): (readonly [level: number, mean: number])[] {
  const counted = holds.filter(({ outcome }) => outcome !== 'void');
  return [...Map.groupBy(counted, ({ level }) => level)]
    .map(([level, same]) => [level, same.reduce((sum, { value }) => sum + value, 0) / same.length] as const)
    .toSorted(([a], [b]) => a - b);
}

/** A band from the level that passes to the one that fails. */
function renderKnee({ holds, breaks }: LevelPlot['knee'], { at }: Scale, { y }: Field): Html {
  if (holds === null || breaks === null) return nothing;
  const [left, right] = [round(at(holds)), round(at(breaks))];
  return html`<g class="phase"><title>knee</title><rect x="${left}" y="${y.to}" width="${round(right - left)}" height="${y.from - y.to}"/></g><g class="marks"><path d="M${left} ${y.to}V${y.from}"/><path d="M${right} ${y.to}V${y.from}"/><text x="${round((left + right) / 2)}" y="${y.to - 2}" text-anchor="middle">knee</text></g>
`;
}

/** `1,000/s: 41.2 ms (passed), 2,000/s: 812 ms (failed).` */
function describe({ holds, formatLevel, formatValue }: LevelPlot): string {
  const texts = holds.map(
    ({ level, outcome, value }) => `${formatLevel(level)}: ${formatValue(value)} (${outcome})`,
  );
  return `${texts.join(', ')}.`;
}
