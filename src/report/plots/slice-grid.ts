import { type SliceState, type SliceStates, sliceStates } from '../../live/slice-states.ts';
import { formatCount, formatPlural } from '../../shared/format.ts';
import { type Html, html } from '../html-markup.ts';
import { plotWidth, renderFigure, round } from './figure.ts';

const states = Object.keys(sliceStates) as SliceState[];
const largestCell = 26;
const height = 190;
/** Failed slices that are named. */
const maxNamed = 20;

/** Each slice as a cell, in the order of their numbers; states differ by shape as well as by colour. */
export function renderSliceGrid(slices: SliceStates): Html {
  const cell = cellSize(slices.length);
  const columns = Math.max(1, Math.floor(plotWidth / cell));
  const counts = new Map<SliceState, number>();
  const paths = new Map<SliceState, string>();
  const failed: number[] = [];
  for (const [slice, letter] of [...slices].entries()) {
    const state = states.find((candidate) => sliceStates[candidate] === letter) ?? 'starting';
    counts.set(state, (counts.get(state) ?? 0) + 1);
    if (state === 'failed') failed.push(slice);
    const [x, y] = [(slice % columns) * cell, Math.floor(slice / columns) * cell];
    paths.set(state, (paths.get(state) ?? '') + shapes[state](round(x), round(y), round(cell - gapOf(cell))));
  }
  const rows = Math.ceil(slices.length / columns);
  const present = states.filter((state) => counts.has(state));
  const summary = present.map((state) => `${formatCount(counts.get(state)!)} ${state}`).join(', ');
  return renderFigure({
    key: 'slices',
    title: 'Slices',
    description: `${formatPlural(slices.length, 'slice')}: ${summary}.`,
    height: Math.max(cell, rows * cell),
    legend: present.map((state) => ({
      label: `${formatCount(counts.get(state)!)} ${state}`,
      mark: `box slice-${state}`,
    })),
    drawing: present.map((state) => html`<path class="slice-${state}" d="${paths.get(state) ?? ''}"/>\n`),
    ...(failed.length === 0 ? {} : { note: describeFailed(failed) }),
  });
}

/** The largest size at which all cells fit. */
function cellSize(slices: number): number {
  const fitting = Math.sqrt((plotWidth * height) / Math.max(1, slices));
  return Math.max(4, Math.min(largestCell, Math.floor(fitting)));
}

function gapOf(cell: number): number {
  return cell >= 8 ? 3 : 1;
}

type Shape = (x: number, y: number, size: number) => string;

const square: Shape = (x, y, size) => `M${x} ${y}h${size}v${size}h-${size}z`;

const shapes: Readonly<Record<SliceState, Shape>> = {
  starting: square,
  /** The lower half. */
  connecting: (x, y, size) => `M${x} ${round(y + size / 2)}h${size}v${round(size / 2)}h-${size}z`,
  publishing: square,
  /** The upper half. */
  draining: (x, y, size) => `M${x} ${y}h${size}v${round(size / 2)}h-${size}z`,
  /** Small, in the middle. */
  done: (x, y, size) => square(round(x + size / 4), round(y + size / 4), round(size / 2)),
  /** A cross. */
  failed: (x, y, size) => `M${x} ${y}l${size} ${size}m0 -${size}l-${size} ${size}`,
};

function describeFailed(failed: readonly number[]): string {
  const more = failed.length > maxNamed ? ` and ${formatCount(failed.length - maxNamed)} more` : '';
  return `Without a connection, or without a word for too long: ${failed.slice(0, maxNamed).join(', ')}${more}.`;
}
