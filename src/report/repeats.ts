import { type MedianInterval, medianInterval } from '../measure/median-interval.ts';
import { formatPlural, formatShare } from '../shared/format.ts';
import { figuresOf } from './compared-figures.ts';
import { formatFigure } from './comparison-text.ts';
import type { FigureKind } from './judge-change.ts';
import type { Report } from './report-model.ts';
import { cameToItsEnd } from './run-end.ts';
import type { SummaryStyler } from './terminal-page.ts';
import { layOutColumns, wrapText } from './text-table.ts';

/** `repeats-….json`: the same load several times, one after another. */
export interface Repeats {
  readonly version: 1;
  readonly name: string;
  /** How many runs there should have been. */
  readonly requested: number;
  readonly runs: readonly Pick<Report, 'runId' | 'verdict' | 'startedAt' | 'endedAt'>[];
  /** Of the runs that came to their end. */
  readonly figures: readonly RepeatedFigure[];
}

/** A figure of the runs of a series. */
export interface RepeatedFigure extends MedianInterval {
  /** `end_to_end_latency p99`, `lost_messages rate` */
  readonly figure: string;
  readonly kind: FigureKind;
  /** By run that measured it, in their order. */
  readonly values: readonly number[];
}

/** @param reports in the order of the runs, at least one */
export function repeatsOf(reports: readonly Report[], requested: number): Repeats {
  const whole = reports.filter(cameToItsEnd);
  return {
    version: 1,
    name: reports[0]?.name ?? '',
    requested,
    runs: reports.map(({ runId, verdict, startedAt, endedAt }) => ({ runId, verdict, startedAt, endedAt })),
    figures: figuresOf(whole, whole).flatMap(({ figure, kind, of }) => {
      const values = whole.flatMap((report) => of(report)?.value ?? []);
      return values.length === 0 ? [] : [{ figure, kind, values, ...medianInterval(values) }];
    }),
  };
}

export const repeatHeadings = ['figure', 'median', 'interval', 'lowest', 'highest'];

/** A row for each figure that is not 0 in all runs. */
export function repeatRows({ figures }: Repeats): string[][] {
  return figures
    .filter(({ values }) => values.some((value) => value !== 0))
    .map(({ figure, kind, median, low, high, values }) => {
      const format = (value: number) => formatFigure({ kind }, value);
      return [
        figure,
        format(median),
        `${format(low)} to ${format(high)}`,
        format(Math.min(...values)),
        format(Math.max(...values)),
      ];
    });
}

/** What the intervals are, and how far so many runs carry. */
export function describeIntervals({ figures }: Repeats): string {
  const runs = Math.max(0, ...figures.map(({ values }) => values.length));
  if (runs === 0) return 'No run went on to its end: there is no figure.';
  const { confidence } = medianInterval(Array.from({ length: runs }, (_, i) => i));
  if (confidence === 0) return 'One run shows nothing of how far runs are apart.';
  const few = confidence < 0.95 ? ' Six runs are the fewest that make 95 %.' : '';
  return `Interval: holds the median of all such runs with a confidence of ${formatShare(confidence)}, by the order of the values of ${formatPlural(runs, 'run')}, whatever their distribution.${few}`;
}

/** `5 of 5 runs: 4 passed, 1 failed` */
export function describeRepeats({ runs, requested }: Repeats): string {
  const verdicts = [...new Set(runs.map(({ verdict }) => verdict))];
  const counts = verdicts.map((each) => `${runs.filter(({ verdict }) => verdict === each).length} ${each}`);
  return `${runs.length} of ${formatPlural(requested, 'run')}: ${counts.join(', ')}`;
}

const width = 98;

/** @param files that the series is in */
export function renderRepeats(
  repeats: Repeats,
  files: readonly string[],
  style: SummaryStyler = (_style, text) => text,
): string {
  const [head = '', ...body] = layOutColumns([repeatHeadings, ...repeatRows(repeats)]);
  const isGood =
    repeats.runs.length === repeats.requested && repeats.runs.every(({ verdict }) => verdict === 'passed');
  return [
    [style(isGood ? 'good' : 'warning', describeRepeats(repeats))],
    [style('heading', head), ...body],
    wrapText(describeIntervals(repeats), width, '', ''),
    [...files],
  ]
    .map((lines) => lines.map((line) => `  ${line}`.trimEnd()).join('\n'))
    .join('\n\n');
}
