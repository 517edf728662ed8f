import { formatClock } from '../../shared/format.ts';
/** Where a value stands along an axis, in units of the drawing. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly Tick[];
}

export interface Tick {
  readonly value: number;
  /** Empty: a mark without a label. */
  readonly label: string;
}

/** The ends of an axis; it runs downwards if `from` is the larger one. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** @param labelOf of a tick */
export function linearScale(values: Span, drawn: Span, labelOf: (value: number) => string, ticks = 5): Scale {
  const step = niceStep((values.to - values.from) / ticks);
  const first = Math.ceil(values.from / step);
  const count = countOf(Math.max(0, Math.floor(values.to / step + 1e-9) - first) + 1);
  return {
    at: proportional(values, drawn),
    ticks: Array.from({ length: count }, (_, i) => {
      // Counted in whole steps: added-up fractions would print as 0.30000000000000004.
      const value = Number(((first + i) * step).toPrecision(12));
      return { value, label: labelOf(value) };
    }),
  };
}

/** More would be finer than a drawing; a scale of values that no run has would otherwise have ticks without end. */
const maxTicks = 100;

function countOf(ticks: number): number {
  return Number.isFinite(ticks) ? Math.min(ticks, maxTicks) : 0;
}

/** The next of 1, 2, 5, 10, 20, … that is not below. */
export function niceStep(atLeast: number): number {
  if (!(atLeast > 0 && Number.isFinite(atLeast))) return 1;
  const decade = 10 ** Math.floor(Math.log10(atLeast));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * decade >= atLeast * (1 - 1e-9)) ?? 10;
  return factor * decade;
}

/** The least and the most that a logarithmic scale shows; a logarithm of 0 has no end. */
const logRange = { from: 1e-9, to: 1e15 } as const;

/**
 * Labels at whole decades, marks at 2 and 5 between them; these have labels too where there would be few.
 * @param given above zero; what lies below is drawn at the foot
 */
export function logScale(given: Span, drawn: Span, labelOf: (value: number) => string): Scale {
  const values = { from: withinLogRange(given.from), to: withinLogRange(given.to) };
  const logs = { from: Math.log10(values.from), to: Math.log10(values.to) };
  const at = proportional(logs, drawn);
  const isShort = logs.to - logs.from < 2;
  const ticks: Tick[] = [];
  for (let decade = Math.floor(logs.from); decade <= Math.ceil(logs.to); decade++) {
    for (const factor of [1, 2, 5]) {
      const value = Number((factor * 10 ** decade).toPrecision(3));
      const isWithin = value >= values.from * (1 - 1e-9) && value <= values.to * (1 + 1e-9);
      if (isWithin) ticks.push({ value, label: factor === 1 || isShort ? labelOf(value) : '' });
    }
  }
  return { at: (value) => at(Math.log10(Math.max(value, values.from))), ticks };
}

function withinLogRange(value: number): number {
  return value > logRange.from ? Math.min(value, logRange.to) : logRange.from;
}

/** Steps of a clock, seconds; longer ones are 1, 2, 5, 10, 20, … days. */
const clockSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** @param values milliseconds since the zero of the plot's clock */
export function timeScale(values: Span, drawn: Span, ticks = 9): Scale {
  const seconds = (values.to - values.from) / 1_000;
  const step =
    clockSteps.find((candidate) => candidate >= seconds / ticks) ??
    86_400 * niceStep(seconds / ticks / 86_400);
  const first = Math.ceil(values.from / 1_000 / step);
  const last = Math.floor(values.to / 1_000 / step);
  return {
    at: proportional(values, drawn),
    ticks: Array.from({ length: countOf(Math.max(0, last - first + 1)) }, (_, i) => {
      const value = (first + i) * step * 1_000;
      return { value, label: formatClock(value) };
    }),
  };
}

function proportional(values: Span, drawn: Span): (value: number) => number {
  const factor = values.to === values.from ? 0 : (drawn.to - drawn.from) / (values.to - values.from);
  return (value) => drawn.from + (value - values.from) * factor;
}
