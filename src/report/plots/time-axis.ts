import type { CountedSteps } from '../../measure/stepped-series.ts';
import { type Html, html } from '../html-markup.ts';
import { type Field, round } from './figure.ts';
import type { PlotMark } from './marks.ts';
import { type Scale, timeScale } from './scale.ts';

/** The instants that plots over time share, epoch milliseconds. */
export interface TimeFrame {
  /** Zero of the plots' clock: devices begin to connect. */
  readonly startAt: number;
  readonly publishAt: number;
  readonly publishEndAt: number;
  /** Where the plots end. */
  readonly endAt: number;
  /** Drawn across every plot. Absent: there are none. */
  readonly marks?: readonly PlotMark[];
}

export interface TimeAxis {
  readonly scale: Scale;
  /** Position of an instant, epoch milliseconds. */
  readonly at: (epochMs: number) => number;
}

/** @param ticks about as many as there are */
export function makeTimeAxis({ startAt, endAt }: TimeFrame, { x }: Field, ticks?: number): TimeAxis {
  const scale = timeScale({ from: 0, to: Math.max(1_000, endAt - startAt) }, x, ticks);
  // The second in which a run begins has begun before it.
  return { scale, at: (epochMs) => Math.max(x.from, scale.at(epochMs - startAt)) };
}

/** Connecting and draining are shaded: what happens there is not the load. */
export function renderPhases(frame: TimeFrame, axis: TimeAxis, { x, y }: Field): Html {
  const within = (at: number) => Math.min(Math.max(axis.at(at), x.from), x.to);
  const phase = (name: string, from: number, to: number) => {
    const [left, width] = [within(from), within(to) - within(from)];
    if (width < 1) return html``;
    const label = html`<text x="${round(left + 5)}" y="${y.to + 13}">${name}</text>`;
    return html`<rect x="${round(left)}" y="${y.to}" width="${round(width)}" height="${y.from - y.to}"/>${width > name.length * 8 ? label : html``}`;
  };
  return html`<g class="phase">${phase('connect', frame.startAt, frame.publishAt)}${phase('drain', frame.publishEndAt, frame.endAt)}</g>\n`;
}

/** At most this many points to a line: more would be finer than the drawing, and the page larger. */
const maxPoints = 300;

/**
 * Counts as rates, joined to as many steps as a drawing can show: [middle of the step, mean a second].
 * @param most how many steps there are at most
 */
export function stepsOf(
  counts: readonly number[],
  { startSecond, secondsPerStep = 1 }: CountedSteps,
  most = maxPoints,
): [epochMs: number, perSecond: number][] {
  const joined = Math.max(1, Math.ceil(counts.length / most));
  const steps: [number, number][] = [];
  for (let from = 0; from < counts.length; from += joined) {
    const part = counts.slice(from, from + joined);
    const sum = part.reduce((a, b) => a + b, 0);
    const middle = startSecond + (from + part.length / 2) * secondsPerStep;
    steps.push([middle * 1_000, sum / (part.length * secondsPerStep)]);
  }
  return steps;
}
