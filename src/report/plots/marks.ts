import { formatClock } from '../../shared/format.ts';
import { type Html, html } from '../html-markup.ts';
import { type Field, type LegendEntry, nothing, round } from './figure.ts';

/** Something that was done to the run. */
export interface PlotMark {
  /** Epoch milliseconds. */
  readonly at: number;
  /** `rate × 2 in group meters` */
  readonly label: string;
}

/** Numbers that would stand nearer to one another, in units of a drawing, are joined: `2–4`. */
const numberWidth = 26;

/**
 * A dashed line for each mark, and above the field its number in the order of time, the same in every plot of a run.
 * @param position of an instant, epoch milliseconds; marks outside the field are left out
 */
export function renderMarks(
  marks: readonly PlotMark[] | undefined,
  position: (at: number) => number,
  { x, y }: Field,
): Html {
  const shown = inOrder(marks)
    .map(({ at, label }, i) => ({ number: i + 1, label, left: round(position(at)) }))
    .filter(({ left }) => left >= x.from && left <= x.to);
  if (shown.length === 0) return nothing;
  const lines = shown.map(
    ({ label, left }) => html`<g><title>${label}</title><path d="M${left} ${y.to}V${y.from}"/></g>`,
  );
  const numbers = joinNear(shown).map(
    ({ from, to, left, right }) =>
      html`<text x="${round((left + right) / 2)}" y="${y.to - 2}" text-anchor="middle">${from === to ? from : `${from}–${to}`}</text>`,
  );
  return html`<g class="marks">${lines}${numbers}</g>\n`;
}

interface Joined {
  readonly from: number;
  readonly to: number;
  readonly left: number;
  readonly right: number;
}

function joinNear(shown: readonly { readonly number: number; readonly left: number }[]): Joined[] {
  const joined: Joined[] = [];
  for (const { number, left } of shown) {
    const last = joined.at(-1);
    if (last !== undefined && left - last.right < numberWidth)
      joined[joined.length - 1] = { ...last, to: number, right: left };
    else joined.push({ from: number, to: number, left, right: left });
  }
  return joined;
}

/** The names of all marks by their numbers, for one plot of a page. @param startAt zero of the plots' clock, epoch milliseconds */
export function renderMarkNames(marks: readonly PlotMark[] | undefined, startAt: number): Html {
  const items = inOrder(marks).map(({ at, label }) => html`<li>${formatClock(at - startAt)} ${label}</li>`);
  return items.length === 0 ? nothing : html`<ol class="mark-names" aria-label="Actions">${items}</ol>\n`;
}

/** What the legend of a plot says of its marks. */
export function legendOfMarks(marks: readonly PlotMark[] | undefined): LegendEntry[] {
  return marks === undefined || marks.length === 0 ? [] : [{ label: 'action, by number', mark: 'line mark' }];
}

function inOrder(marks: readonly PlotMark[] = []): PlotMark[] {
  return marks.toSorted((a, b) => a.at - b.at);
}
