import { formatLevel } from '../plan/search/format-level.ts';
import { nameObjective } from '../plan/search/objective/objective-expression.ts';
import { formatElapsed } from '../shared/format.ts';
import { objectiveTableOf } from './objective-text.ts';
import type { Report } from './report-model.ts';
import { renderSparkline, type SparklineScale } from './sparkline.ts';
import type { Page } from './terminal-page.ts';
import { wrapText } from './text-table.ts';

/** A line's name, and what its heights mean. */
const besideSparkline = 40;

/** Level and metric over time, under the answer, which is among the reasons; nothing of a run that held no objective. */
export function renderObjective(report: Report, { style, width }: Page): string[] {
  const { objective } = report;
  const shown = objectiveTableOf(report);
  if (objective === undefined || shown === undefined || objective.intervals.length === 0) return [];
  const { settings, intervals } = objective;
  const levels = intervals.map(({ level }) => level);
  const metrics = intervals.map(({ objectiveMs = null }) => objectiveMs);
  const line = (name: string, values: readonly (number | null)[], { scale, format }: LineScale) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return [];
    const range = `${format(Math.min(...known))} to ${format(Math.max(...known))}`;
    return [`  ${name.padEnd(10)} ${renderSparkline(values, width - besideSparkline, scale)}  ${range}`];
  };
  const formatOf = (level: number) => formatLevel(settings.of, level);
  return [
    style('heading', `objective: ${nameObjective(settings)}`),
    ...line('level', levels, { scale: 'fromZero', format: formatOf }),
    ...line('metric', metrics, { scale: 'logarithmic', format: formatElapsed }),
    ...shown.notes.flatMap((note) => wrapText(note, width, '  ')),
  ];
}

interface LineScale {
  readonly scale: SparklineScale;
  format(value: number): string;
}
