import { formatValue } from '../shared/format.ts';
import type { Report, ThresholdResult } from './report-model.ts';

/** Under the heading `measured`: `41.2`, `nothing`, `30 to 42, not known`. */
export function formatMeasured({ actual, range }: ThresholdResult): string {
  if (actual !== null) return `${formatValue(actual)}${intervalOf(range)}`;
  if (range === undefined) return 'nothing';
  const { atLeast, atMost } = range;
  return atMost === null
    ? `${formatValue(atLeast)} or more`
    : `${formatValue(atLeast)} to ${formatValue(atMost)}`;
}

/** `it is 41.2`, `nothing was measured`, `it is not known, and lies between 30 and 42` */
export function describeMeasured({ actual, range }: ThresholdResult): string {
  if (actual !== null) return `it is ${formatValue(actual)}${intervalOf(range)}`;
  if (range === undefined) return 'nothing was measured';
  const { atLeast, atMost } = range;
  return atMost === null
    ? `it is not known, and is at least ${formatValue(atLeast)}`
    : `it is not known, and lies between ${formatValue(atLeast)} and ${formatValue(atMost)}`;
}

/** Of a slope: ` (0.8 to 1.4)`. */
function intervalOf(range: ThresholdResult['range']): string {
  if (range === undefined || range.atMost === null) return '';
  return ` (${formatValue(range.atLeast)} to ${formatValue(range.atMost)})`;
}

/** Why thresholds were not judged, one sentence each; empty where all were. */
export function describeOpenThresholds({ thresholds }: Pick<Report, 'thresholds'>): string[] {
  return [
    ...(thresholds.some(({ isExcusedByStop }) => isExcusedByStop === true)
      ? ['– is not judged: the run was stopped before it could meet it.']
      : []),
    ...(thresholds.some(isOpenSlope)
      ? [
          '? of a slope is not proven, which counts as failed: its interval, in parentheses, reaches beyond the threshold. A longer run makes it narrower.',
        ]
      : []),
    ...(thresholds.some((each) => each.isUndecided === true && !isOpenSlope(each))
      ? [
          '? is not proven, which counts as failed: the figure depends on what is not known of slices that died, of messages that are not accounted for, or of what the service refused for a quota.',
        ]
      : []),
  ];
}

/** Only slopes have a figure and an interval. */
function isOpenSlope({ isUndecided, actual }: ThresholdResult): boolean {
  return isUndecided === true && actual !== null;
}
