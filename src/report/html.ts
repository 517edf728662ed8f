import { formatCount, formatPlural, formatRate, formatShare } from '../shared/format.ts';
import { conditionRows, describeTarget } from './conditions-report.ts';
import { renderCost } from './html-cost.ts';
import { renderFleet } from './html-fleet.ts';
import { renderGroups } from './html-groups.ts';
import { renderHead } from './html-head.ts';
import { type Html, html, section, table } from './html-markup.ts';
import { renderObjective } from './html-objective.ts';
import { renderReconciliation } from './html-reconciliation.ts';
import { renderSearch } from './html-search.ts';
import { reportStyle } from './html-style.ts';
import { renderThresholds } from './html-thresholds.ts';
import { renderTiles } from './html-tiles.ts';
import { ledgerEquations, type Term, wordForDue } from './ledger-equations.ts';
import { notesOf } from './notes.ts';
import { renderGauge } from './plots/gauge.ts';
import { plotStyle } from './plots/plot-style.ts';
import {
  causeLines,
  describeBusiestSecond,
  describeClient,
  describeGenerator,
  describePeak,
  describeSilence,
  describeSliceLogs,
  describeSlices,
  describeThrottling,
  latencyCells,
  latencyHeadings,
  latencyNotes,
  latencyRowsOf,
  meaningOf,
  quotaNotes,
  stageCells,
} from './report-figures.ts';
import type { Report, Verdict } from './report-model.ts';
import {
  distributionPlotOf,
  latencyPlotsOf,
  ledgerFlowOf,
  ratePlotOf,
  startLagPlotOf,
} from './report-plots.ts';
import { describeRequests } from './request-report.ts';
import { describeUnknown } from './unknown-figures.ts';

const ownStyle = reportStyle + plotStyle;
/** The report as one HTML file that loads nothing. */
export function renderReportHtml(report: Report): string {
  const page = html`<!doctype html>
<html lang="en">
${renderHead(`${report.name}: ${report.verdict} (${report.runId})`, ownStyle)}
<body>
${renderReportHeader(report)}
<main>
${renderReportSections(report)}
</main>
${renderFooter(report)}
</body>
</html>
`;
  return page.markup;
}

/** All of it below the header: the live page shows the same for a run that is over. */
export function renderReportSections(report: Report): Html {
  return html`${renderTiles(report)}
${report.search === undefined && report.objective === undefined ? renderThresholds(report) : [renderSearch(report), renderObjective(report)]}
${renderMessages(report)}${renderGroups(report)}
${renderLatencies(report)}${renderFleet(report)}
${renderRates(report)}
${renderQuotas(report)}
${renderCost(report)}
${renderGenerator(report)}
${renderConditions(report)}`;
}

const nothing = html``;

/** A sign for each verdict, for readers who do not see its colour. */
export const verdictMarks: Readonly<Record<Verdict, string>> = {
  passed: '✓ passed',
  inconclusive: '? inconclusive',
  failed: '✗ failed',
  aborted: '■ aborted',
};

export function renderReportHeader(report: Report): Html {
  const { verdict, reasons, name, runId, startedAt, endedAt } = report;
  const reasonList = html`<ul class="reasons ${verdict}">${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`;
  return html`<header>
<p class="verdict ${verdict}">${verdictMarks[verdict]}</p>${report.conditions?.isRehearsal ? html` <p class="rehearsal">rehearsal</p>` : nothing}
<h1>${name}</h1>
<p><code>${runId}</code></p>
<p class="soft">${describeClient(report)}; ${describeSlices(report)}; ${instant(startedAt)} to ${instant(endedAt)}</p>
${describeTarget(report).map((line) => html`<p class="rehearsal">${line}</p>`)}
${reasons.length > 0 ? reasonList : nothing}
${[...describeSilence(report), ...describeUnknown(report)].map((line) => html`<p class="soft">${line}</p>`)}
</header>`;
}

function renderMessages(report: Report): Html {
  const term = ({ name, count, isTrouble }: Term) =>
    html`<span class="term ${isTrouble ? 'warning' : 'plain'}"><b>${formatCount(count)}</b> ${name}</span>`;
  const sign = (character: string) => html`<span class="sign">${character}</span>`;
  const equations = ledgerEquations(report).map(
    ({ total, parts }) =>
      html`<li>${term(total)} ${parts.map((part, i) => html`${sign(i === 0 ? '=' : '+')} ${term(part)} `)}</li>\n`,
  );
  return section(
    'Messages',
    ledgerFlowOf(report),
    html`<ul class="ledger">\n${equations}</ul>`,
    ...[...describeRequests(report.requests), ...notesOf(report)].map(
      (sentence) => html`<p class="soft">${sentence}</p>`,
    ),
    renderReconciliation(report),
    renderCauses(report),
  );
}

function renderCauses(report: Report): Html {
  const rows = causeLines(report).map(({ what, reasons }) => ({ cells: [what, reasons] }));
  if (rows.length === 0) return nothing;
  return html`${table('Why, and how often', [{ heading: 'What' }, { heading: 'Reasons' }], rows)}
${describeSliceLogs(report).map((line) => html`<p class="soft">${line}</p>`)}`;
}

function renderLatencies(report: Report): Html {
  const rows = latencyRowsOf(report).flatMap((name) => {
    const latency = report.latencyMs[name];
    if (latency === undefined) return [];
    const measured = latency.count > 0;
    const cells = measured ? latencyCells(latency) : latencyHeadings.map(() => '–');
    const label = html`${name}<br><small class="soft">${meaningOf(name, report)}</small>`;
    return {
      cells: [label, formatCount(latency.count), ...cells],
      ...(measured ? {} : { tone: 'dim' as const }),
    };
  });
  for (const { status, latencyMs } of report.requests?.statuses ?? []) {
    rows.push({ cells: [html`status ${status}`, formatCount(latencyMs.count), ...latencyCells(latencyMs)] });
  }
  const numbers = ['samples', ...latencyHeadings].map((heading) => ({ heading, isNumber: true }));
  return section(
    'Latency',
    table('Milliseconds', [{ heading: 'Latency' }, ...numbers], rows),
    ...latencyNotes(report).map((note) => html`<p class="note">${note}</p>`),
    ...latencyPlotsOf(report),
    distributionPlotOf(report),
  );
}

const dueHeadings = { started: 'Started', intended: 'Intended', due: 'Due' } as const;

function renderRates(report: Report): Html {
  const { rates } = report;
  const rows = rates.stages.map((stage) => ({
    cells: [
      stage.group === undefined ? `Stage ${stage.stage}` : `${stage.group}, stage ${stage.stage}`,
      ...stageCells(stage),
    ],
  }));
  return section(
    'Rates',
    html`<p>Mean ${formatRate(rates.meanPerSecond)}/s, busiest second ${describeBusiestSecond(report)}, throughput ${formatRate(rates.throughputPerSecond)}/s.</p>`,
    ...(rates.peakUsers === undefined
      ? []
      : [
          html`<p>At most ${formatPlural(rates.peakUsers, 'user')} ${rates.peakUsers === 1 ? 'was' : 'were'} active at a time.</p>`,
        ]),
    ratePlotOf(report),
    table(
      'Messages per second, by stage',
      [
        { heading: 'Stage' },
        { heading: 'Lasts', isNumber: true },
        { heading: 'Target', isNumber: true },
        { heading: dueHeadings[wordForDue(report)], isNumber: true },
        { heading: 'Sent', isNumber: true },
      ],
      rows,
    ),
  );
}

function renderQuotas(report: Report): Html {
  const { quotas, throttling, bindingQuota, assumedLimits } = report;
  if (bindingQuota === undefined) return html``;
  const rows = quotas.map((use) => {
    const { name, unit, limit, isLive, headroom } = use;
    return {
      cells: [
        name,
        describePeak(use),
        html`${formatCount(limit)}${unit}${isLive ? '' : ' (AWS’s default)'}`,
        renderGauge(1 - headroom),
        formatShare(headroom),
      ],
      ...(headroom < 0 ? { tone: 'warning' as const } : {}),
    };
  });
  return section(
    'Quotas',
    html`${[bindingQuota.sentence, ...describeThrottling(throttling)].map((line) => html`<p>${line}.</p>`)}`,
    table(
      'The busiest second against the limits of the account',
      [
        { heading: 'Quota' },
        { heading: 'Peak', isNumber: true },
        { heading: 'Limit', isNumber: true },
        { heading: 'Used' },
        { heading: 'Headroom', isNumber: true },
      ],
      rows,
    ),
    html`${[...(assumedLimits === undefined ? [] : [`Limits marked so are ${assumedLimits}`]), ...quotaNotes(report)].map((line) => html`<p class="soft">${line}</p>`)}`,
  );
}

function renderConditions(report: Report): Html {
  const rows = conditionRows(report);
  if (rows.length === 0) return nothing;
  return section(
    'Conditions',
    table(
      'Under what this run took place; the whole profile is in report.json',
      [{ heading: 'Condition' }, { heading: 'Of this run' }],
      rows.map(([name, text]) => ({ cells: [name, text] })),
    ),
  );
}

function renderGenerator(report: Report): Html {
  return section(
    'Generator',
    html`<p>${report.generator.health.sentence}</p>`,
    ...describeGenerator(report).map((line) => html`<p class="sentence">${line}.</p>`),
    startLagPlotOf(report),
  );
}

function renderFooter({ runId }: Report): Html {
  return html`<footer><p>Made by Stampede. The same figures for machines: <code>report.json</code> of the run <code>${runId}</code>.</p></footer>`;
}

/** `2026-09-01 10:10:10 UTC` */
function instant(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}
