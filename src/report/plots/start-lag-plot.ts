import { formatCount, formatElapsed, formatMs, formatPlural } from '../../shared/format.ts';
import { type Html, html, table } from '../html-markup.ts';
import { fieldOf, nothing, renderFigure, renderXAxis, renderYAxis, round } from './figure.ts';
import { linearScale } from './scale.ts';

const height = 190;
/** More slices than this share bars: each shows the latest of its own. */
const maxBars = 250;
const tableRows = 20;

interface Bar {
  readonly firstSlice: number;
  readonly lastSlice: number;
  readonly lagMs: number;
  readonly missing: number;
}

/**
 * How late each slice was ready, against the instant they all start on.
 * @param startLagsMs by slice; null where it left nothing
 */
export function renderStartLagPlot(startLagsMs: readonly (number | null)[]): Html {
  const field = fieldOf(height);
  const bars = barsOf(startLagsMs);
  const most = Math.max(0, ...bars.map(({ lagMs }) => lagMs));
  const missing = bars.reduce((sum, bar) => sum + bar.missing, 0);
  const y = linearScale({ from: 0, to: Math.max(1, most * 1.1) }, field.y, formatElapsed, 4);
  const x = linearScale({ from: 0, to: startLagsMs.length }, field.x, formatCount, 10);
  const drawing = bars.map(({ firstSlice, lastSlice, lagMs, missing }) => {
    const [left, right] = [x.at(firstSlice), x.at(lastSlice + 1)];
    const gap = Math.min(2, (right - left) / 5);
    const [from, width] = [round(left + gap / 2), round(right - left - gap)];
    const top = round(y.at(lagMs));
    // A slice that was in time gets a thin bar, so that it differs from a missing one.
    const bar = html`<rect class="bar-a" x="${from}" y="${Math.min(top, field.y.from - 1.5)}" width="${width}" height="${round(Math.max(1.5, field.y.from - top))}"/>`;
    const missingBar = html`<rect class="bar-bad" x="${from}" y="${field.y.to}" width="${width}" height="${field.y.from - field.y.to}"/>`;
    return missing > 0 ? html`${missingBar}${bar}` : bar;
  });
  const late = startLagsMs.filter((lag) => lag !== null && lag > 0).length;
  return renderFigure({
    key: 'start-lag',
    title: 'Start lag of the slices',
    description: `${formatPlural(startLagsMs.length, 'slice')}: ${formatCount(late)} late, the latest by ${formatElapsed(most)}; ${formatCount(missing)} left nothing.`,
    height,
    legend:
      missing > 0
        ? [
            { label: 'ready that late', mark: 'box bar-a' },
            { label: 'left nothing', mark: 'box bar-bad' },
          ]
        : [],
    drawing: [
      renderYAxis(y, field),
      ...(drawing.length > 0 ? drawing : [nothing]),
      renderXAxis(wholeTicks(x), field),
    ],
    note: `By slice. ${describeLags({ slices: startLagsMs.length, late, missing, most })}`,
    table: renderTable(startLagsMs),
  });
}

interface Lags {
  readonly slices: number;
  readonly late: number;
  readonly missing: number;
  /** Milliseconds of the latest. */
  readonly most: number;
}

/** A slice that left nothing is not known to have been in time. */
function describeLags({ slices, late, missing, most }: Lags): string {
  if (missing === slices) return 'None left a record of when it was ready.';
  const left = missing === 0 ? '' : `${formatPlural(missing, 'slice')} left nothing; `;
  return late === 0
    ? `${left}${missing === 0 ? 'Every slice' : 'every other one'} was ready in time.`
    : `${left}${formatPlural(late, 'slice')} ready late, the latest by ${formatElapsed(most)}.`;
}

function barsOf(startLagsMs: readonly (number | null)[]): Bar[] {
  const slicesPerBar = Math.max(1, Math.ceil(startLagsMs.length / maxBars));
  const bars: Bar[] = [];
  for (let firstSlice = 0; firstSlice < startLagsMs.length; firstSlice += slicesPerBar) {
    const part = startLagsMs.slice(firstSlice, firstSlice + slicesPerBar);
    bars.push({
      firstSlice,
      lastSlice: firstSlice + part.length - 1,
      lagMs: Math.max(0, ...part.map((lag) => lag ?? 0)),
      missing: part.filter((lag) => lag === null).length,
    });
  }
  return bars;
}

/** Ticks are whole slices. */
function wholeTicks<T extends { readonly ticks: readonly { readonly value: number }[] }>(scale: T): T {
  return { ...scale, ticks: scale.ticks.filter(({ value }) => Number.isInteger(value)) };
}

function renderTable(startLagsMs: readonly (number | null)[]): Html {
  const latestFirst = startLagsMs
    .map((lagMs, slice) => ({ slice, lagMs }))
    .sort((a, b) => (b.lagMs ?? Number.POSITIVE_INFINITY) - (a.lagMs ?? Number.POSITIVE_INFINITY));
  return table(
    'Milliseconds, the latest slices first',
    [{ heading: 'Slice' }, { heading: 'Start lag', isNumber: true }],
    latestFirst.slice(0, tableRows).map(({ slice, lagMs }) => ({
      cells: [String(slice), lagMs === null ? 'left nothing' : formatMs(lagMs)],
    })),
  );
}
