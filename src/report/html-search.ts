import { formatLevel } from '../plan/search/format-level.ts';
import type { HoldFigures, HoldOutcome } from '../plan/search/judged-hold.ts';
import { formatElapsed, formatShare } from '../shared/format.ts';
import { type Html, html, type Row, section, table } from './html-markup.ts';
import { hasArrivals } from './ledger-equations.ts';
import { latencyScaleOf } from './plots/latency-plots.ts';
import { type LevelPlot, renderLevelPlot } from './plots/level-plot.ts';
import { linearScale } from './plots/scale.ts';
import type { Report } from './report-model.ts';
import type { SearchStepReport } from './search-report.ts';
import { searchTableOf, shownLatencyOf } from './search-text.ts';

const tones: Readonly<Record<HoldOutcome, Row['tone'] & string>> = {
  passed: 'good',
  failed: 'bad',
  void: 'warning',
};

/** The answer of a search, and its holds; nothing of a run that did not search. */
export function renderSearch(report: Report): Html {
  const search = searchTableOf(report);
  if (search === undefined) return html``;
  const { answer, caption, headings, rows, notes } = search;
  return section(
    'Search',
    html`<p>${answer}</p>`,
    table(
      caption,
      headings.map((heading, column) => ({ heading, isNumber: column > 0 && column < headings.length - 1 })),
      rows.map((cells, row) => ({ cells, tone: tones[report.search!.steps[row]!.outcome] })),
    ),
    ...notes.map((note) => html`<p class="note">${note}</p>`),
    ...levelPlotsOf(report),
  );
}

/** Latency and loss against the level, where holds of two levels or more have them. */
function levelPlotsOf(report: Report): Html[] {
  const { search } = report;
  if (search === undefined) return [];
  const { settings, answer, steps } = search;
  const latency = shownLatencyOf(search);
  const isObserved = hasArrivals(report);
  const plotOf = (
    plot: Pick<LevelPlot, 'key' | 'title' | 'formatValue' | 'scaleOf'>,
    figureOf: (step: SearchStepReport) => number | undefined,
  ) => {
    const holds = steps.flatMap((step) => {
      const value = figureOf(step);
      return value === undefined ? [] : [{ level: step.level, outcome: step.outcome, value }];
    });
    if (new Set(holds.map(({ level }) => level)).size < 2) return [];
    const formatOf = (level: number) => formatLevel(settings.of, level);
    return [renderLevelPlot({ ...plot, holds, knee: answer, formatLevel: formatOf })];
  };
  return [
    ...(latency === undefined
      ? []
      : plotOf(
          {
            key: 'search-latency',
            title: `p99 of ${latency} by level`,
            formatValue: formatElapsed,
            scaleOf: latencyScaleOf,
          },
          ({ figures }) => figures.latencyMs[latency]?.p99,
        )),
    ...plotOf(
      {
        key: 'search-loss',
        title: `${isObserved && settings.of !== 'connects' ? 'Lost' : 'Failed'} by level`,
        formatValue: formatShare,
        scaleOf: (values, drawn) =>
          linearScale({ from: 0, to: Math.max(0.01, ...values) * 1.06 }, drawn, formatShare),
      },
      ({ figures }) => lossOf(figures, isObserved),
    ),
  ];
}

/** The share of a hold's messages that was lost or failed, or of its connects. */
function lossOf({ lost, failed, sent, connects }: HoldFigures, isObserved: boolean): number | undefined {
  if (connects !== undefined) {
    const attempts = connects.granted + connects.failed;
    return attempts === 0 ? undefined : connects.failed / attempts;
  }
  return sent === 0 ? undefined : (isObserved ? lost : failed) / sent;
}
