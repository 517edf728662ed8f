import { type Html, html } from '../html-markup.ts';
import type { Scale, Span } from './scale.ts';

/** Of every plot, in units of its drawing: as wide as the page's column, so that a unit is about a pixel. */
export const plotWidth = 1_000;

/** The part of the drawing that values are drawn in; axes stand around it. */
export interface Field {
  readonly x: Span;
  /** Upwards: `from` is the foot. */
  readonly y: Span;
}

export function fieldOf(height: number, width = plotWidth): Field {
  return { x: { from: 66, to: width - 14 }, y: { from: height - 28, to: 12 } };
}

export interface Figure {
  /** Unique on the page; ids are made of it. */
  readonly key: string;
  readonly title: string;
  /** Description of the plot for screen readers. */
  readonly description: string;
  readonly height: number;
  /** Of a small plot, of which several stand side by side. Absent: as wide as the page. */
  readonly width?: number;
  readonly drawing: readonly Html[];
  readonly legend?: readonly LegendEntry[];
  /** Names of its marks. */
  readonly names?: Html;
  readonly note?: string;
  /** The plot's figures as a table. */
  readonly table?: Html;
}

export interface LegendEntry {
  readonly label: string;
  /** Class of the mark: `line a`, `box h3`. */
  readonly mark: string;
}

/** A plot with its title, legend, description and table. Says the same without colour: lines differ by their dashes. */
export function renderFigure(figure: Figure): Html {
  const { key, title, description, height, drawing, legend = [], names = nothing, note, table } = figure;
  const { width } = figure;
  return html`<figure class="${width === undefined ? 'plot' : 'plot small'}" id="${key}">
<figcaption>${title}</figcaption>
${legend.length > 0 ? html`<ul class="legend">${legend.map(renderEntry)}</ul>` : nothing}
<div class="drawing" role="region" aria-label="${title}" tabindex="0"><svg viewBox="0 0 ${width ?? plotWidth} ${height}" role="img" aria-labelledby="${key}-title ${key}-desc"><title id="${key}-title">${title}</title><desc id="${key}-desc">${description}</desc>
${drawing}</svg></div>
${names}${note === undefined ? nothing : html`<p class="note">${note}</p>`}
${table === undefined ? nothing : html`<details><summary>As a table<span class="unseen">: ${title}</span></summary>${table}</details>`}
</figure>
`;
}

export const nothing = html``;

function renderEntry({ label, mark }: LegendEntry): Html {
  const isBox = mark.startsWith('box');
  const sample = isBox
    ? html`<rect class="${mark}" width="14" height="12"/>`
    : html`<path class="${mark}" d="M0 6H26"/>`;
  return html`<li><svg width="${isBox ? 14 : 26}" height="12" aria-hidden="true">${sample}</svg>${label}</li>`;
}

export function renderXAxis(scale: Scale, { x, y }: Field): Html {
  const labels = scale.ticks.map(({ value, label }) => {
    const at = round(scale.at(value));
    const anchor = at > x.to - 20 ? 'end' : 'middle';
    return html`<path d="M${at} ${y.from}v4"/><text x="${at}" y="${y.from + 18}" text-anchor="${anchor}">${label}</text>`;
  });
  return html`<g class="axis"><path d="M${x.from} ${y.from}H${x.to}"/>${labels}</g>\n`;
}

export function renderYAxis(scale: Scale, { x }: Field): Html {
  const labels = scale.ticks.map(({ value, label }) => {
    const at = round(scale.at(value));
    const line = html`<path class="${label === '' ? 'faint' : 'grid'}" d="M${x.from} ${at}H${x.to}"/>`;
    return label === ''
      ? line
      : html`${line}<text x="${x.from - 8}" y="${at + 4}" text-anchor="end">${label}</text>`;
  });
  return html`<g class="axis">${labels}</g>\n`;
}

/**
 * What lies between a line and the foot of the field; cut off at its edges, because a stopped run ends before its target does.
 */
export function renderArea(points: readonly (readonly [x: number, y: number])[], { x, y }: Field): Html {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return nothing;
  const line = points.map(([at, rate]) => `L${round(at)} ${round(rate)}`).join('');
  const path = `M${round(first[0])} ${y.from}${line}V${y.from}Z`;
  const [width, height] = [round(x.to - x.from), y.from + 28];
  return html`<svg x="${x.from}" y="0" width="${width}" height="${height}" viewBox="${x.from} 0 ${width} ${height}"><path class="target" d="${path}"/></svg>
`;
}

/** A line through the points, interrupted where one is missing. */
export function renderLine(
  mark: string,
  points: Iterable<readonly [x: number, y: number | null | undefined]>,
): Html {
  let path = '';
  let isDown = false;
  for (const [x, y] of points) {
    if (y === null || y === undefined) {
      isDown = false;
      continue;
    }
    path += `${isDown ? 'L' : 'M'}${round(x)} ${round(y)}`;
    // A point without neighbours needs a mark of its own: a line of one point is invisible.
    if (!isDown) path += 'h.1';
    isDown = true;
  }
  return path === '' ? nothing : html`<path class="line ${mark}" d="${path}"/>\n`;
}

/** Tenths of a unit are finer than a screen. */
export function round(position: number): number {
  return Math.round(position * 10) / 10;
}
