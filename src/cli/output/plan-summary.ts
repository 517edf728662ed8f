import { describeAction } from '../../plan/actions/describe-action.ts';
import { groupsOf } from '../../plan/groups.ts';
import type { GroupPlan, Plan } from '../../plan/plan.ts';
import type { Preflight } from '../../plan/preflight.ts';
import { busiestSearch } from '../../plan/search/search-forecast.ts';
import { plannedActionsOf } from '../../plan/storms.ts';
import { formatDuration } from '../../shared/duration.ts';
import { formatClock, formatCount, formatPlural, formatQuantity, formatShare } from '../../shared/format.ts';
import { describeMessages } from './kind-text.ts';
import {
  type PageFormat,
  type PlannedRun,
  renderDevicesInAll,
  renderGroup,
  renderLegs,
  renderSearch,
  renderTarget,
} from './plan-text.ts';
import { fitLines, row } from './plan-text-rows.ts';
import { describeCost } from './preflight-text.ts';
import { renderRegions } from './region-text.ts';
import { plainStyler, type Styler } from './style.ts';

/** Lines of a terminal that has not been enlarged, with one for the prompt. */
export const mostSummaryLines = 24;

/** Quotas that a summary shows, the nearest first. */
const shownQuotas = 3;
/** Lines of a list in a summary. */
const mostListLines = 3;

/** A plan and its preflight in at most `mostSummaryLines` lines: what does not fit is counted, and `--full` has it. */
export function renderPlanSummary(
  { plan: planned, preflight, where = [] }: PlannedRun,
  { style = plainStyler, columns = Number.POSITIVE_INFINITY }: PageFormat = {},
): string[] {
  const plan = busiestSearch(planned);
  const toWidth = (lines: readonly string[]) => fitLines(lines, columns);
  const head = [
    style('heading', plan.profile.name),
    '',
    ...toWidth(where.map(([label, text]) => row(label, text))),
  ];
  const tail = [
    ...toWidth([row('time', describeTime(preflight))]),
    ...clip(toWidth(renderActions(plan)), mostListLines),
    ...toWidth(renderQuotas(plan, preflight, style)),
    ...toWidth([row('lambda', describeLambdas(preflight)), row('cost', describeCost(preflight))]),
    ...clip(toWidth([row('passes if', describeThresholds(plan))]), mostListLines),
    '',
    ...toWidth([
      '  --full adds the course of the load, all quotas, state payloads and the cost line by line',
    ]),
  ];
  const load = [
    ...toWidth(renderTarget(plan)),
    ...toWidth(renderLoad(plan)),
    ...toWidth(renderLegs(plan)),
    ...toWidth(renderRegions(preflight)),
    ...toWidth(renderSearch(plan, preflight)),
  ];
  return [...head, ...clip(load, Math.max(2, mostSummaryLines - head.length - tail.length)), ...tail];
}

/** So many lines, the last of which says how many more there are. */
function clip(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines;
  const left = lines.length - (most - 1);
  return [...lines.slice(0, most - 1), row('', `… ${formatPlural(left, 'more line')} with --full`)];
}

/** Of several groups a line each. */
function renderLoad(plan: Plan): string[] {
  const groups = groupsOf(plan);
  if (plan.groups === undefined) return groups.flatMap((group) => renderGroup(plan, group));
  return [...renderDevicesInAll(plan), ...groups.map((group) => row('group', describeGroup(group)))];
}

/** `meters: 900 devices over MQTT, 30,000 in 10m, up to 50/s (0.056/s a device)` */
function describeGroup(group: GroupPlan): string {
  const { connect, devices } = group.profile;
  const protocol = connect.protocol === 'mqtt' ? 'MQTT' : 'HTTPS';
  return `${group.group}: ${formatPlural(devices, 'device')} over ${protocol}, ${describeMessages(group)}`;
}

/** `about 1m15s: 5s to start, 5s to connect, 1m to publish, 5s to drain` */
function describeTime({ time, search }: Preflight): string {
  const lasting = (seconds: number) => formatDuration(Math.ceil(seconds) * 1_000);
  const parts: [seconds: number, what: string][] = [
    [time.startSeconds, 'to start'],
    [time.connectSeconds, 'to connect'],
    [time.publishSeconds, 'to publish'],
    [time.drainSeconds, 'to drain'],
  ];
  const named = parts
    .filter(([seconds]) => seconds > 0)
    .map(([seconds, what]) => `${lasting(seconds)} ${what}`);
  return `${search === undefined ? 'about' : 'at most'} ${lasting(time.wholeSeconds)}: ${named.join(', ')}; then the report`;
}

/** Actions of the timeline, counted from the beginning of publishing. */
function renderActions(plan: Plan): string[] {
  const { publishAt } = plan.timeline;
  const actions = plannedActionsOf(plan).toSorted((a, b) => a.at - b.at);
  return actions.map((action, i) =>
    row(i === 0 ? 'timeline' : '', `${formatClock(action.at - publishAt)} ${describeAction(action)}`),
  );
}

/** Those past their limit, and the nearest ones. */
function renderQuotas(plan: Plan, { quotas, binding }: Preflight, style: Styler): string[] {
  const nearest = quotas
    .filter(({ isKept }) => !isKept)
    .toSorted((a, b) => Number(a.withinAllowed) - Number(b.withinAllowed) || a.headroom - b.headroom)
    .slice(0, shownQuotas);
  const marks = { past: plan.profile.limits.enforce ? ' ✗ refused' : ' ✗ past it', binding: ' ← binding' };
  return nearest.map((forecast, i) => {
    const { name, peak, limit, unit, headroom, withinAllowed } = forecast;
    const mark = withinAllowed ? (forecast === binding ? marks.binding : '') : marks.past;
    const text = `${name}: ${formatQuantity(peak, unit)} of ${formatQuantity(limit, unit)}, ${formatShare(headroom)} left${mark}`;
    const line = row(i === 0 ? 'quotas' : '', text);
    return withinAllowed ? line : style('bad', line);
  });
}

function describeLambdas({ lambda }: Preflight): string {
  const { slices, memoryMbPerSlice, concurrency } = lambda;
  return `${formatPlural(slices, 'slice')} of ${formatCount(memoryMbPerSlice)} MB, up to ${formatPlural(concurrency, 'Lambda')} at once in all`;
}

/** The profile's own first, then the defaults. A search is judged by its answer, and by thresholds hold by hold. */
function describeThresholds({ profile }: Plan): string {
  const all = Object.entries(profile.thresholds).flatMap(([metric, list]) =>
    list.map(({ expression, isDefault = false }) => ({ text: `${metric} ${expression}`, isDefault })),
  );
  const textsOf = (isDefault: boolean) =>
    all.filter((each) => each.isDefault === isDefault).map(({ text }) => text);
  const [own, defaults] = [textsOf(false), textsOf(true)];
  const texts =
    defaults.length === 0 ? own.join(', ') : [...own, `by default ${defaults.join(', ')}`].join('; ');
  switch (profile.search?.kind) {
    case 'capacity':
      return `the answer is not below what is planned; a level passes with ${texts}`;
    case 'objective':
      return `the answer is not below what is planned; each interval is judged by ${texts || 'no threshold'}`;
    default:
      return texts === '' ? 'it ends: no thresholds' : texts;
  }
}
