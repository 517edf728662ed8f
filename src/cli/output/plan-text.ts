import { groupsOf, intendedPeakOf, wholeProfileOf } from '../../plan/groups.ts';
import type { HostForecast } from '../../plan/host.ts';
import { kindsOf } from '../../plan/kinds.ts';
import { handoversOf, legSplitOf, movesPerSecond } from '../../plan/legs.ts';
import type { GroupPlan, Plan } from '../../plan/plan.ts';
import type { Preflight } from '../../plan/preflight.ts';
import type { RunPreflight } from '../../plan/run-preflight.ts';
import { connectsBeforehand } from '../../plan/schedule.ts';
import { busiestSearch } from '../../plan/search/search-forecast.ts';
import { mostWebConnections } from '../../plan/slice-connections.ts';
import { shareOf } from '../../plan/slices.ts';
import { intendedOfGroup } from '../../plan/streams.ts';
import { describeBackoff } from '../../profile/backoff.ts';
import { isUnchecked } from '../../profile/credential-rules.ts';
import { hasBody, isCheckedByRequest } from '../../profile/http-settings.ts';
import type { LoadShapeName } from '../../profile/load-shapes/resolved-load.ts';
import { hasSchedule, isIdle, loadShapeOf } from '../../profile/load-shapes/resolved-load.ts';
import { sumBy } from '../../shared/counts.ts';
import { formatDuration } from '../../shared/duration.ts';
import {
  formatBytes,
  formatCount,
  formatPerSecond,
  formatPlural,
  formatQuantity,
} from '../../shared/format.ts';
import { traitsOf } from '../../targets/traits-of.ts';
import { describeKinds, describeMessages } from './kind-text.ts';
import { fitLines, row } from './plan-text-rows.ts';
import { describeCost, renderPreflight } from './preflight-text.ts';
import { renderRegions } from './region-text.ts';
import { describeObjective, describeSearch } from './search-text.ts';
import { renderStages } from './stage-text.ts';
import { plainStyler, type Styler } from './style.ts';
import { describeLifecycle, renderTimeline } from './timeline-text.ts';
import { describeUsers } from './user-text.ts';

export interface PlannedRun {
  readonly plan: Plan;
  readonly preflight: RunPreflight;
  /** Where it would run, before the rest; absent: only the plan. */
  readonly where?: readonly (readonly [label: string, text: string])[] | undefined;
}

export interface PageFormat {
  readonly style?: Styler;
  /** Of the terminal; by default as wide as its tables are. */
  readonly columns?: number | undefined;
}

/** A plan and its preflight, for the terminal. */
export function renderPlanPage(
  { plan: planned, preflight, where = [] }: PlannedRun,
  { style = plainStyler, columns = Number.POSITIVE_INFINITY }: PageFormat = {},
): string[] {
  const plan = busiestSearch(planned);
  const stages = renderStages(plan, style);
  const lines = [
    style('heading', plan.profile.name),
    '',
    ...where.map(([label, text]) => row(label, text)),
    ...renderOverview(plan, preflight),
    '',
    ...(stages.length > 0 ? [...stages, ''] : []),
    ...renderTimeline(plan, style),
    '',
    ...renderPreflight(plan, preflight, { style, columns }),
    '',
    ...renderThresholds(plan, style),
  ];
  return fitLines(lines, columns);
}

/**
 * The plan in a few lines, printed when a run begins.
 * @param where it runs, before the rest
 */
export function renderPlanBrief(
  planned: Plan,
  preflight: RunPreflight,
  where: readonly (readonly [label: string, text: string])[] = [],
  host?: HostForecast,
): string[] {
  const plan = busiestSearch(planned);
  const { timeline } = plan;
  const wholeMs = timeline.drainEndAt - timeline.createdAt;
  const { binding } = preflight;
  return [
    ...where.map(([label, text]) => row(label, text)),
    ...renderOverview(plan, preflight),
    row(
      'quotas',
      `nearest is ${binding.name}: ${formatQuantity(binding.peak, binding.unit)} of ${formatQuantity(binding.limit, binding.unit)}`,
    ),
    ...renderHost(host),
    row(
      'time',
      `${preflight.search === undefined ? 'about' : 'at most'} ${formatDuration(Math.ceil(wholeMs / 1_000) * 1_000)}, then the report`,
    ),
    row('cost', describeCost(preflight)),
  ];
}

/** What the rehearsal needs of this machine, closest to its limit first, and what may distort its figures. */
function renderHost(host: HostForecast | undefined): string[] {
  if (host === undefined) return [];
  const files = host.needs
    .filter(({ unit }) => unit === '')
    .toSorted((a, b) => b.peak / b.limit - a.peak / a.limit)[0];
  const memory = host.needs.find(({ unit }) => unit !== '');
  const parts = [
    ...(memory === undefined
      ? []
      : [`about ${formatBytes(memory.peak)} of ${formatBytes(memory.limit)} of free memory`]),
    ...(files === undefined || !Number.isFinite(files.limit)
      ? []
      : [`${formatCount(files.peak)} of ${formatCount(files.limit)} ${files.name}`]),
  ];
  return [row('machine', parts.join(', ')), ...host.notes.map((note) => row('note', note))];
}

function renderOverview(plan: Plan, preflight: RunPreflight): string[] {
  return [
    ...renderTarget(plan),
    ...renderDevices(plan),
    ...beside(plan, renderLegs(plan)),
    ...beside(plan, renderRegions(preflight)),
    ...beside(plan, renderSearch(plan, preflight)),
  ];
}

/** Of a plan that searches, or holds an objective. */
export function renderSearch(plan: Plan, { search, objective }: Preflight): string[] {
  const rows = [...describeSearch(plan, search), ...describeObjective(plan, objective)];
  return rows.map(([label, text]) => row(label, text));
}

/** Rows of the whole run, apart from those of its last group. */
function beside({ groups }: Plan, rows: readonly string[]): readonly string[] {
  return groups === undefined || rows.length === 0 ? rows : ['', ...rows];
}

/** Of a target that the profile names. */
export function renderTarget(plan: Plan): string[] {
  const { target } = plan;
  if (target === undefined || plan.profile.target === undefined) return [];
  return [
    row('target', traitsOf(target).describe(target, false)),
    ...(isUnchecked(wholeProfileOf(plan))
      ? [row('warning', 'the certificate of the target is not checked (connect.insecure)')]
      : []),
  ];
}

function renderDevices(plan: Plan): string[] {
  const groups = groupsOf(plan);
  if (plan.groups === undefined) return groups.flatMap((group) => renderGroup(plan, group));
  return [
    ...renderDevicesInAll(plan),
    ...groups.flatMap((group) => ['', `  group ${group.group}`, ...renderGroup(plan, group)]),
  ];
}

/** Of several groups together. */
export function renderDevicesInAll(plan: Plan): string[] {
  const groups = groupsOf(plan);
  const { devices } = plan.profile;
  const peakPerSecond = intendedPeakOf(groups.map(({ profile }) => profile));
  return [
    row('devices', `${formatPlural(devices, 'virtual device')} in ${formatPlural(groups.length, 'group')}`),
    row('slices', `${formatCount(plan.slices.count)}, ${lambdaText(plan)} each`),
    row(
      'messages',
      `${groups.every(({ profile }) => hasSchedule(profile)) ? '' : 'about '}${formatCount(sumBy(groups, intendedOfGroup))}, up to ${formatPerSecond(peakPerSecond)}`,
    ),
  ];
}

/** Of a run whose slices go on in several Lambdas. */
export function renderLegs(plan: Plan): string[] {
  const { count, stretchMs, overlapMs } = legSplitOf(plan);
  if (count === 1) return [];
  const lasts = formatDuration(Math.round(stretchMs / 1_000) * 1_000);
  const moves = `devices move within ${formatDuration(overlapMs)}, ${formatPerSecond(movesPerSecond(plan))}`;
  return [
    row('legs', `${formatCount(count)} of ${lasts}, each in a Lambda of its own; ${moves}`),
    row('handovers', `${formatCount(handoversOf(plan))}, each with a connect`),
  ];
}

export function renderGroup(plan: Plan, group: GroupPlan): string[] {
  const { profile } = group;
  const { connect, devices } = profile;
  const qualities = [...new Set(kindsOf(group).map((kind) => kind.profile.publish.qos))].sort();
  const client =
    connect.protocol === 'mqtt' ? `MQTT (client ${connect.client}, QoS ${qualities.join(' and ')})` : 'HTTPS';
  const rows = [
    row('devices', `${formatPlural(devices, 'virtual device')} over ${client}`),
    ...(profile.lifecycle === undefined ? [] : [row('lifecycle', describeLifecycle(profile))]),
    row('slices', slicesText(plan, group)),
    ...connectionsText(group).map((text) => row('connections', text)),
    ...checkText(group).map((text) => row('check', text)),
    ...describeShape[loadShapeOf(profile)](profile).map(([label, text]) => row(label, text)),
    row('messages', describeMessages(group)),
    ...describeKinds(group).map(([label, text]) => row(label, text)),
  ];
  if (connect.protocol === 'mqtt') {
    const connectMs = Math.ceil(devices / connect.ratePerSecond) * 1_000;
    rows.splice(
      2,
      0,
      ...(connectsBeforehand(profile)
        ? [
            row(
              'connects',
              `${formatPerSecond(connect.ratePerSecond)}, ${formatDuration(connectMs)} for all devices`,
            ),
          ]
        : []),
      ...(connect.backoff === undefined ? [] : [row('backoff', describeBackoff(connect.backoff))]),
    );
  }
  return rows;
}

/** Slices differ by one device and by one message at most. */
function slicesText(plan: Plan, group: GroupPlan): string {
  const { count, devicesPerSlice } = group.slices;
  const { devices } = shareOf(group, group.firstSlice);
  const messages = Math.round((intendedOfGroup(group) * devices) / group.profile.devices);
  const upTo = group.profile.devices % count === 0 ? '' : 'up to ';
  const each = isIdle(group.profile) ? '' : ` and about ${formatPlural(messages, 'message')}`;
  return `${formatCount(count)} × ${upTo}${formatPlural(devicesPerSlice, 'device')}, ${lambdaText(plan)}${each} each`;
}

function lambdaText(plan: Plan): string {
  return legSplitOf(plan).count === 1 ? 'one Lambda' : 'one Lambda at a time';
}

/** What a plan says of a load beside its messages, by load shape: labels and texts. */
const describeShape: Readonly<Record<LoadShapeName, typeof describeUsers>> = {
  open: () => [],
  closed: describeUsers,
};

/** What a run does before it starts, of a group that loads a web service. */
function checkText({ profile: { http }, firstDevice }: GroupPlan): string[] {
  if (http === undefined) return [];
  if (isCheckedByRequest(http))
    return [`without --stage, one ${http.method} as device d${firstDevice} before the start`];
  const why = hasBody(http) ? `a ${http.method} may change something` : 'only slices read its secret header';
  return [`without --stage, only a connection before the start: ${why}`];
}

/** Of a group that loads a web service. */
function connectionsText(group: GroupPlan): string[] {
  const most = mostWebConnections(group);
  const { http } = group.profile;
  if (most === undefined || http === undefined) return [];
  const { count } = group.slices;
  const { connections } = http;
  const divided =
    'perDevice' in connections
      ? `${formatCount(connections.perDevice)} a device`
      : `shared by ${formatPlural(count, 'slice')}, ${most.inAll % count === 0 ? '' : 'up to '}${formatCount(most.inSlice)} each`;
  return [`at most ${formatCount(most.inAll)} at once, ${divided}`];
}

/** A search passes by its answer: its thresholds judge parts of it. */
const judgedBySearch = { capacity: 'a level passes if', objective: 'thresholds of each interval' } as const;

function renderThresholds({ profile: { thresholds, search } }: Plan, style: Styler): string[] {
  const entries = Object.entries(thresholds);
  const rules = entries.flatMap(([metric, list]) =>
    list.map(({ expression, abortOnFail, isDefault }) => {
      const note = abortOnFail ? '  (a failure ends the run)' : isDefault ? '  (default)' : '';
      return `  ${metric} ${expression}${note}`;
    }),
  );
  const off = entries.filter(([, list]) => list.length === 0).map(([metric]) => metric);
  return [
    style('heading', `  ${search === undefined ? 'the run passes if' : judgedBySearch[search.kind]}`),
    ...(rules.length > 0 ? rules : [search === undefined ? '  it ends: no thresholds' : '  none']),
    ...(off.length > 0 ? [`  not judged, by the profile: ${off.join(', ')}`] : []),
  ];
}
