import { arrivalRatesOf, deviceGroupsOf, groupsOf, peakPerSecondOf } from '../../plan/groups.ts';
import type { GroupPlan, Plan } from '../../plan/plan.ts';
import { intendedByStage } from '../../plan/stage-counts.ts';
import type { LoadProfile, Stage } from '../../profile/load-profile.ts';
import type { StageTargets } from '../../profile/load-shapes/resolved-load.ts';
import { hasUsers, loadShapeOf, resolvedShapes } from '../../profile/load-shapes/resolved-load.ts';
import { sumBy } from '../../shared/counts.ts';
import { formatDuration } from '../../shared/duration.ts';
import { formatCount, formatPerSecond, formatPlural } from '../../shared/format.ts';
import type { Styler } from './style.ts';

/** A plan's stages as a table, and the rate over the run as a line of bars. */
export function renderStages(plan: Plan, style: Styler): string[] {
  const { search } = plan.profile;
  // The stages of a search only say how long it may take; and of more devices at the same rate there is no curve.
  if (search !== undefined && (plan.load.peakPerSecond === 0 || search.of === 'devices')) return [];
  if (search !== undefined)
    return [style('heading', '  the busiest that this search can be'), style('bar', `  ${sparkline(plan)}`)];
  const groups = groupsOf(plan);
  const heading = [
    'stage',
    'lasts',
    groups.some(({ profile }) => hasUsers(profile)) ? 'rate or users' : 'rate',
    'messages',
  ];
  const rows = groups.flatMap(stageRows);
  const names = Math.max(7, ...rows.map(([stage = '']) => stage.length + 2));
  const shown = [heading, ...rows.slice(0, maxStageRows)];
  const lines = shown.map(
    ([stage = '', lasts = '', shape = '', messages = '']) =>
      `  ${stage.padEnd(names)}${lasts.padEnd(10)}${shape.padEnd(26)}${messages.padStart(13)}`,
  );
  if (rows.length > maxStageRows)
    lines.push(`  … and ${formatPlural(rows.length - maxStageRows, 'stage')} more`);
  const [head = '', ...body] = lines;
  const bars = plan.load.peakPerSecond === 0 ? [] : ['', style('bar', `  ${sparkline(plan)}`)];
  return [style('heading', head), ...body, ...bars];
}

function stageRows(plan: GroupPlan): string[][] {
  const { group, profile } = plan;
  const messages = intendedByStage(plan);
  const { format, startOf, targetOf } = stageTargets[resolvedShapes[loadShapeOf(profile)].targets];
  let from = startOf(profile);
  return profile.stages.map((each, i) => {
    const { durationMs } = each;
    const target = targetOf(each);
    const shape = from === target ? format(from) : `${format(from)} → ${format(target)}`;
    from = target;
    const stage = group === undefined ? String(i + 1) : `${group} ${i + 1}`;
    return [stage, formatDuration(durationMs), shape, formatCount(messages[i]!)];
  });
}

/** What the targets of stages are, by load shape. */
const stageTargets: Readonly<Record<StageTargets, StageFormat>> = {
  messages: {
    format: formatPerSecond,
    startOf: ({ startRatePerSecond }) => startRatePerSecond,
    targetOf: ({ targetPerSecond }) => targetPerSecond,
  },
  users: {
    format: (count) => formatPlural(count, 'user'),
    startOf: ({ users }) => users?.startUsers ?? 0,
    targetOf: ({ targetUsers = 0 }) => targetUsers,
  },
};

interface StageFormat {
  readonly format: (target: number) => string;
  readonly startOf: (profile: LoadProfile) => number;
  readonly targetOf: (stage: Stage) => number;
}

const maxStageRows = 21;
const sparkColumns = 60;
const sparkSteps = '▁▂▃▄▅▆▇█';

/** Mean rate of each of 60 equal stretches of the publishing time, against the peak. */
function sparkline(plan: Plan): string {
  const rates = arrivalRatesOf(plan);
  const messagesBy = (ms: number) => sumBy(rates, (rate) => rate.messagesBy(ms));
  const peakPerSecond = peakPerSecondOf(deviceGroupsOf(plan).map(({ profile }) => profile));
  const stretchMs = Math.max(...rates.map(({ durationMs }) => durationMs)) / sparkColumns;
  return Array.from({ length: sparkColumns }, (_, i) => {
    const messages = messagesBy((i + 1) * stretchMs) - messagesBy(i * stretchMs);
    const share = messages / stretchMs / (peakPerSecond / 1_000);
    return sparkSteps[Math.max(0, Math.min(7, Math.ceil(share * 8) - 1))];
  }).join('');
}
