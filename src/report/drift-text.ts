import { leastSteadySteps } from '../plan/steady-time.ts';
import { formatDuration } from '../shared/duration.ts';
import { formatBytes, formatElapsed, formatPerSecond, formatShare } from '../shared/format.ts';
import { type DriftReport, type FigureDrift, percentPerHour } from './drift-report.ts';

/** Of the table of figures, beside its first column. */
export const driftHeadings = ['beginning', 'end', 'per hour', 'between', 'drift'] as const;

/** The figure, and a cell for each heading. */
export function driftRows({ figures }: DriftReport): string[][] {
  return figures.map((figure) => {
    const { value, low, high, unit } = slopeOf(figure);
    return [
      nameOf(figure),
      formatFigure(figure.begin, figure),
      formatFigure(figure.end, figure),
      `${signed(value)} ${unit}`,
      `${signed(low)} to ${signed(high)}`,
      directionOf(figure),
    ];
  });
}

/** What drifted, by how much, and what that is known from: a sentence each. */
export function describeDrift(drift: DriftReport): string[] {
  const { figures, ratePerSecond, seconds, secondsPerStep, confidence } = drift;
  if (figures.length === 0) {
    const least = formatDuration(leastSteadySteps * secondsPerStep * 1_000);
    const had = formatDuration(seconds * 1_000);
    return [
      `The run is too short to show a drift: that takes ${least} at one planned rate after it has settled, and there were ${had}.`,
    ];
  }
  const found = figures.filter((figure) => directionOf(figure) !== 'none').map(describeFound);
  const chance = formatShare((1 - confidence) * figures.length);
  return [
    ...(found.length > 0
      ? found
      : ['No drift was found, so the end of the run was not shown to be worse than its beginning.']),
    `Slopes are of ${formatDuration(seconds * 1_000)} at a planned ${formatPerSecond(ratePerSecond)}, in steps of ${formatDuration(secondsPerStep * 1_000)}; a steady run shows a drift of any figure with a chance of ${chance}.`,
  ];
}

/** Whether all of the interval is on one side; each figure is better the lower it is. */
export function directionOf({ low, high }: FigureDrift): 'worse' | 'better' | 'none' {
  return low > 0 ? 'worse' : high < 0 ? 'better' : 'none';
}

function describeFound(figure: FigureDrift): string {
  const { value, low, high, unit } = slopeOf(figure);
  const direction = directionOf(figure);
  const [least, most] = [Math.abs(low), Math.abs(high)].sort((a, b) => a - b) as [number, number];
  return `${nameOf(figure)} ${direction === 'worse' ? 'rose' : 'fell'} by ${plain(Math.abs(value))} ${unit} (between ${plain(least)} and ${plain(most)}): the end of the run was ${direction} than its beginning, ${formatFigure(figure.end, figure)} after ${formatFigure(figure.begin, figure)}.`;
}

/** In percent an hour where that means something. */
function slopeOf(figure: FigureDrift) {
  const percent = percentPerHour(figure);
  return percent === null
    ? { value: figure.perHour, low: figure.low, high: figure.high, unit: `${figure.unit}/h` }
    : { value: percent.perHour, low: percent.low, high: percent.high, unit: '%/h' };
}

function nameOf({ metric, aggregation }: FigureDrift): string {
  return aggregation === 'value' ? metric : `${metric} ${aggregation}`;
}

function formatFigure(value: number, { unit }: FigureDrift): string {
  switch (unit) {
    case 'ms':
      return formatElapsed(value);
    case 'share':
      return formatShare(value);
    case 'bytes':
      return formatBytes(value);
  }
}

/** Two significant digits; large ones whole. */
function plain(value: number): string {
  return String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(2)));
}

function signed(value: number): string {
  return value > 0 ? `+${plain(value)}` : plain(value);
}
