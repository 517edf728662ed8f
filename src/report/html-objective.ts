import type { HoldOutcome } from '../plan/search/judged-hold.ts';
import { nameObjective } from '../plan/search/objective/objective-expression.ts';
import { type Html, html, type Row, section, table } from './html-markup.ts';
import type { ObjectiveReport } from './objective-report.ts';
import { objectiveTableOf } from './objective-text.ts';
import { renderLinesPlot } from './plots/lines-plot.ts';
import type { Report } from './report-model.ts';

const tones: Readonly<Record<HoldOutcome, Row['tone'] & string>> = {
  passed: 'good',
  failed: 'bad',
  void: 'warning',
};

/** The level that was kept, over time, and its intervals; nothing of a run that held no objective. */
export function renderObjective(report: Report): Html {
  const { objective } = report;
  const shown = objectiveTableOf(report);
  if (objective === undefined || shown === undefined) return html``;
  const { answer, caption, headings, rows, notes } = shown;
  return section(
    'Objective',
    html`<p>${answer}</p>`,
    ...notes.map((note) => html`<p class="note">${note}</p>`),
    ...plotsOf(objective),
    table(
      caption,
      headings.map((heading, column) => ({ heading, isNumber: numberColumns.includes(column) })),
      rows.map((cells, row) => ({ cells, tone: tones[objective.intervals[row]!.outcome] })),
    ),
  );
}

const numberColumns: readonly number[] = [1, 2, 4, 5];

/** The level and the metric, at the same instants; drawn of two intervals or more. */
function plotsOf({ settings, intervals }: ObjectiveReport): Html[] {
  const [first] = intervals;
  const last = intervals.at(-1);
  if (first === undefined || last === undefined || first === last) return [];
  const name = nameObjective(settings);
  const since = (epochMs: number) => epochMs - first.at;
  return [
    renderLinesPlot({
      key: 'objective-level',
      title: 'Level over time',
      quantity: 'rate',
      hasTable: false,
      lines: [
        {
          label: 'level',
          points: intervals.flatMap(({ at, level, holdUntil }, i) => [
            [since(at), level] as const,
            [since(intervals[i + 1]?.at ?? holdUntil), level] as const,
          ]),
        },
      ],
    }),
    renderLinesPlot({
      key: 'objective-metric',
      title: `${name} by interval`,
      quantity: 'latency',
      hasTable: false,
      lines: [
        {
          label: name,
          points: intervals.map(
            ({ holdFrom, holdUntil, objectiveMs = null }) =>
              [since((holdFrom + holdUntil) / 2), objectiveMs] as const,
          ),
        },
        {
          label: 'objective',
          points: [[0, settings.at] as const, [since(last.holdUntil), settings.at] as const],
        },
      ],
    }),
  ];
}
