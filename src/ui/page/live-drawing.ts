import type { FleetTotals } from '../../live/live-fleet.ts';
import type { LiveKind } from '../../live/live-parts.ts';
import { timedLatencyNames } from '../../measure/latency-names.ts';
import { type Html, html, table } from '../../report/html-markup.ts';
import { renderGauge } from '../../report/plots/gauge.ts';
import { renderHeatmap, renderPercentilesPlot } from '../../report/plots/latency-plots.ts';
import { renderLiveFlow } from '../../report/plots/ledger-flow.ts';
import { renderRatePlot } from '../../report/plots/rate-plot.ts';
import { renderSliceGrid } from '../../report/plots/slice-grid.ts';
import { sumBy } from '../../shared/counts.ts';
import { formatCount, formatMs, formatRate, formatShare } from '../../shared/format.ts';
import type { LivePlace } from './live-places.ts';
import type { LiveState } from './live-state.ts';
import type { GroupOnPage, KindOnPage, PlanOnPage, ViewOnPage } from './messages.ts';

/** What draws each place of the page; the same components as in the report. */
export function drawingsOf(state: LiveState, view: ViewOnPage): Readonly<Record<LivePlace, () => Html>> {
  const { target, due, acknowledged, hasArrivals, quotas } = state.plan;
  const publishIn = quotas.find(({ usedBy }) => usedBy === 'published');
  return {
    tiles: () => renderTiles(state, view),
    'fleet-tiles': () => renderFleetTiles(state.plan, view.fleet),
    'search-table': () => renderSearch(view),
    'rate-plot': () =>
      renderRatePlot({
        frame: state.frame,
        target,
        series: state.rates(),
        due,
        acknowledged,
        ...(publishIn === undefined ? {} : { quotaPerSecond: publishIn.limit }),
      }),
    'slices-plot': () => renderSliceGrid(view.run.slices),
    'groups-table': () => renderGroups(state, view),
    'ledger-plot': () => renderLiveFlow({ messages: view.messages, due, acknowledged, hasArrivals }),
    'quotas-table': () => renderQuotas(state),
    'latency-plots': () => renderLatencies(state),
  };
}

function renderTiles(state: LiveState, view: ViewOnPage): Html {
  const { plan } = state;
  const { connected, plannedUsers, isPublishing, endToEndP99Ms, messages } = view;
  const { sent, intended } = state.lastSecond();
  return html`<dl class="tiles">${[
    tile('devices connected', formatCount(connected), `of ${formatCount(plan.devices)}`),
    ...(plannedUsers === null
      ? []
      : [tile('active users', formatCount(state.activeUsers()), `of ${formatCount(plannedUsers)}`)]),
    isPublishing
      ? tile('sending', formatRate(sent), `of ${formatRate(intended)} a second`)
      : tile('sending', '–'),
    tile('sent', formatCount(messages.sent), `of ${formatCount(plan.messages)}`),
    ...(plan.hasArrivals
      ? [
          tile('received', formatCount(messages.received), formatShareOf(messages.received, messages.sent)),
          tile('not arrived yet', formatCount(messages.notArrived)),
          ...(messages.duplicates > 0 ? [tile('duplicates', formatCount(messages.duplicates))] : []),
          tile(
            'end to end, p99 so far',
            endToEndP99Ms === null ? '–' : formatMs(endToEndP99Ms),
            endToEndP99Ms === null ? '' : 'ms',
          ),
        ]
      : [
          tile('succeeded', formatCount(messages.acked), formatShareOf(messages.acked, messages.sent)),
          tile('failed', formatCount(messages.failed)),
        ]),
    tile('dropped', formatCount(messages.dropped)),
    tile('throttled', formatCount(messages.throttled)),
  ]}</dl>`;
}

function tile(name: string, value: string, unit = ''): Html {
  return html`<div class="tile"><dt>${name}</dt><dd>${value} <small>${unit}</small></dd></div>`;
}

/** Commands and presence. Empty where the profile has neither. */
function renderFleetTiles(
  { commands, observesPresence }: PlanOnPage,
  { commands: counts, presence }: FleetTotals,
): Html {
  const count = (name: string, of: number | undefined, unit = '') => tile(name, formatCount(of ?? 0), unit);
  const trouble = (name: string, of: number | undefined) => (of ? [count(name, of)] : []);
  const tiles = [
    ...(commands === undefined
      ? []
      : [
          count('commands sent', counts?.sent, `of ${formatCount(commands.planned)}`),
          count('commands delivered', counts?.delivered),
          count('offline', counts?.offline),
          ...trouble('commands dropped', counts?.dropped),
          ...trouble('commands throttled', counts?.throttled),
          ...trouble('commands failed', counts?.failed),
        ]),
    ...(commands?.haveReplies
      ? [count('replied', counts?.replied), count('timed out', counts?.timed_out)]
      : []),
    ...(observesPresence
      ? [count('connects observed', presence?.connects), count('disconnects observed', presence?.disconnects)]
      : []),
  ];
  return tiles.length === 0 ? html`` : html`<dl class="tiles">${tiles}</dl>`;
}

const holdTones = { passed: 'good', failed: 'bad', void: 'warning' } as const;

/** The holds of a search, and what it does now. Empty where the run does not search. */
function renderSearch({ search }: ViewOnPage): Html {
  if (search === undefined) return html``;
  return table(
    `Search: ${search.figures.length === 0 ? 'its first step is not issued yet' : search.figures.join(', ')}`,
    [
      { heading: 'Hold' },
      { heading: 'Level', isNumber: true },
      { heading: 'Outcome' },
      { heading: 'Because' },
      { heading: 'Then' },
    ],
    search.holds.map(({ step, level, outcome, details, next }) => ({
      cells: [`${step}`, level, outcome, details, next],
      tone: holdTones[outcome],
    })),
  );
}

function formatShareOf(part: number, whole: number): string {
  return whole > 0 ? formatShare(Math.min(1, part / whole)) : '';
}

function renderQuotas(state: LiveState): Html {
  const rows = state.plan.quotas.map((quota) => {
    const { name, unit, limit } = quota;
    const { now, peak } = state.useOf(quota);
    return {
      cells: [
        name,
        html`${formatCount(now)}${unit}`,
        html`${formatCount(peak)}${unit}`,
        html`${formatCount(limit)}${unit}`,
        renderGauge(now / limit),
        formatShare(1 - peak / limit),
      ],
      ...(peak > limit ? { tone: 'warning' as const } : {}),
    };
  });
  const number = (heading: string) => ({ heading, isNumber: true });
  return table(
    'Quotas: the last second that all slices have reported and the busiest, against the limits of the account',
    [
      { heading: 'Quota' },
      number('Last second'),
      number('Peak'),
      number('Limit'),
      { heading: 'Used' },
      number('Headroom'),
    ],
    rows,
  );
}

/** Groups, each with its kinds of message under it. Empty where the profile names neither. */
function renderGroups({ plan }: LiveState, { run }: ViewOnPage): Html {
  const { groups, kinds } = plan;
  if (groups.length + kinds.length === 0) return html``;
  const hasKinds = kinds.length > 0;
  const reported = new Map(run.groups.map((group) => [group.group, group]));
  const reportedKinds = new Map(run.kinds.map((kind) => [labelOf(kind.group, kind.kind), kind]));
  const messageCells = (planned: KindOnPage | GroupOnPage, counts: Partial<LiveKind>) => {
    const { sent = 0, acked = 0, throttled = 0, failed = 0, dropped = 0 } = counts;
    return [
      `${formatCount(sent)} of ${formatCount(planned.messages)}`,
      planned.acknowledged ? formatCount(acked) : '–',
      ...[throttled, failed, dropped].map(formatCount),
    ];
  };
  const kindRows = (of: string | undefined) =>
    kinds
      .filter(({ group }) => group === of)
      .map((kind) => {
        const name = labelOf(kind.group, kind.name);
        const counts = reportedKinds.get(name) ?? {};
        const devices = groups.length > 0 ? ['–'] : [];
        const arrivals = formatCount(reportedKinds.get(name)?.arrivals ?? 0);
        return { cells: [name, ...devices, ...messageCells(kind, counts), arrivals] };
      });
  // The reader counts by kind: a group whose kinds have no names has no arrivals before the report.
  const arrivalsOf = (group: string) =>
    kinds.some((kind) => kind.group === group)
      ? formatCount(sumBy(run.kinds, (kind) => (kind.group === group ? kind.arrivals : 0)))
      : '–';
  const rows = groups.flatMap((group) => {
    const counts = reported.get(group.name);
    const connected = `${formatCount(counts?.connects ?? 0)} of ${formatCount(group.devices)}`;
    const cells = [group.name, connected, ...messageCells(group, counts ?? {})];
    return [{ cells: [...cells, ...(hasKinds ? [arrivalsOf(group.name)] : [])] }, ...kindRows(group.name)];
  });
  const number = (heading: string) => ({ heading, isNumber: true });
  return table(
    groups.length > 0
      ? `Device groups: what their slices have reported so far; arrivals are ${hasKinds ? 'of kinds of message that have names' : 'not counted by group before the report'}`
      : 'Kinds of message: what slices have reported so far',
    [
      { heading: groups.length > 0 ? 'Group' : 'Kind' },
      ...(groups.length > 0 ? [number('Devices connected')] : []),
      number('Sent'),
      number('Acknowledged'),
      number('Throttled'),
      number('Failed'),
      number('Dropped'),
      ...(hasKinds ? [number('Arrivals')] : []),
    ],
    groups.length > 0 ? rows : kindRows(undefined),
  );
}

/** `alarm`, `meters / alarm` */
function labelOf(group: string | undefined, kind: string): string {
  return group === undefined ? kind : `${group} / ${kind}`;
}

const meanings = {
  end_to_end_latency: 'intended → arrival',
  puback_round_trip: 'sent → acknowledgement',
  pubcomp_round_trip: 'sent → PUBCOMP',
  response_time: 'sent → last byte of the answer',
} as const;

function renderLatencies(state: LiveState): Html {
  const plots = timedLatencyNames.flatMap((name) => {
    const overTime = state.latencyOverTime(name);
    if (overTime.steps.length === 0) return [];
    const plot = { name, meaning: meanings[name], frame: state.frameSoFar(), overTime };
    return [renderPercentilesPlot(plot), renderHeatmap(plot)];
  });
  return html`${plots}`;
}
