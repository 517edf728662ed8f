import { accountOf } from '../../plan/account.ts';
import { isReadByRule } from '../../plan/observers.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Preflight } from '../../plan/preflight.ts';
import { isReadable, isUnread, type QuotaForecast } from '../../plan/quota-forecast.ts';
import { viewsOf } from '../../plan/region-views.ts';
import type { RunPreflight } from '../../plan/run-preflight.ts';
import { describeSubscriber } from '../../plan/subscriber-advice.ts';
import { wrapText } from '../../report/text-table.ts';
import {
  formatCount,
  formatPlural,
  formatQuantity,
  formatShare,
  formatUnits,
  formatUsd,
  formatValue,
} from '../../shared/format.ts';
import { describeDefaults } from '../../targets/aws-iot/default-limits.ts';
import { quotas } from '../../targets/aws-iot/quotas.ts';
import { renderStormForecasts } from './storm-text.ts';
import type { Styler } from './style.ts';

interface TextFormat {
  readonly style: Styler;
  /** Of the terminal. */
  readonly columns: number;
}

/** Width of the tables, and of the text between them, where the terminal is no narrower. */
const fullColumns = 100;

/** The preflight of a plan, for the terminal: Lambdas, quotas, state payloads and money. */
export function renderPreflight(plan: Plan, preflight: RunPreflight, format: TextFormat): string[] {
  const { style } = format;
  return [
    ...renderLambdas(preflight, style),
    '',
    ...renderQuotas(plan, preflight, format),
    ...renderStormForecasts(plan, preflight.storms, {
      style,
      columns: Math.min(format.columns, fullColumns),
    }),
    '',
    ...renderPayloads(preflight, style),
    '',
    ...renderCost(plan, preflight, format),
    ...(isReadByRule(plan) ? ['', ...describeSubscribers(preflight).map((line) => `  ${line}`)] : []),
  ];
}

/** Each Region has a stack of its own. */
function describeSubscribers({ regions, subscriber }: RunPreflight): string[] {
  if (regions === undefined) return describeSubscriber(subscriber);
  return regions.flatMap((region) => [`In ${region.name}:`, ...describeSubscriber(region.subscriber)]);
}

/** `$0.0171 forecast, at list prices of 2026-09 in us-east-1` */
export function describeCost({ cost }: Preflight): string {
  if (cost.lines.length === 0) return 'nothing: AWS bills neither this machine nor the target';
  const prices = `at list prices of ${cost.pricedAt} in ${cost.region}`;
  return cost.isCharged
    ? `${formatUsd(cost.totalUsd)} forecast, ${prices}`
    : `nothing for a rehearsal; on AWS ${formatUsd(cost.totalUsd)} forecast, ${prices}`;
}

function renderLambdas({ lambda }: Preflight, style: Styler): string[] {
  const { slices, memoryMbPerSlice, concurrency, invocations, gbSeconds } = lambda;
  return [
    style('heading', '  Lambda'),
    `  ${formatPlural(slices, 'slice')} of ${formatCount(memoryMbPerSlice)} MB, up to ${formatPlural(concurrency, 'Lambda')} at once in all`,
    `  ${formatPlural(invocations, 'invocation')}, ${formatValue(gbSeconds)} GB-s in all`,
  ];
}

function renderQuotas(plan: Plan, preflight: Preflight, { style, columns }: TextFormat): string[] {
  const isFull = columns >= fullColumns;
  const [nameColumns, peakColumns, limitColumns, headroomColumns] = isFull
    ? [43, 15, 17, 10]
    : [29, 13, 16, 9];
  const line = ([name, peak, limit, headroom, mark]: QuotaCells): string => {
    const [first = '', ...more] = wrapText(name, isFull ? fullColumns : nameColumns);
    const figures = `${peak.padStart(peakColumns)}${limit.padStart(limitColumns)}${headroom.padStart(headroomColumns)}${mark}`;
    return [`  ${first.padEnd(nameColumns)}${figures}`, ...more.map((rest) => `  ${rest}`)].join('\n');
  };
  // Quotas that Stampede never exceeds come last: they do not limit the load.
  const nearestFirst = preflight.quotas.toSorted(
    (a, b) => Number(a.isKept) - Number(b.isKept) || a.headroom - b.headroom,
  );
  const unread = nearestFirst.filter(isUnread);
  const isMixed = unread.length > 0 && unread.length < nearestFirst.filter(isReadable).length;
  const rows = nearestFirst.map((forecast) => {
    const text = line([
      forecast.name,
      formatQuantity(forecast.peak, forecast.unit),
      `${formatQuantity(forecast.limit, forecast.unit)}${isMixed && isUnread(forecast) ? '*' : ''}`,
      formatShare(forecast.headroom),
      markOf(forecast, preflight, plan.profile.limits.enforce),
    ]);
    return forecast.withinAllowed ? text : style('bad', text);
  });
  const share = formatShare(plan.profile.limits.quotaShare);
  const owner = accountOf(plan).isCharged ? 'the account’s own' : 'those of embedded AWS';
  const own = unread.length === 0 ? ` Limits are ${owner}.` : '';
  const sentences = [
    `Nearest first: the top one is the binding limit, the first reached if the load grows. The profile may use ${share} of a quota that AWS can raise (limits.quotaShare).${own}`,
    ...(unread.length === 0 ? [] : [`${isMixed ? '* ' : 'Limits are '}${defaultsIn(plan).join(' ')}`]),
    'Kept: a run stays within it by itself, whatever the load.',
    ...preflight.quotaAssumptions,
  ];
  const textColumns = Math.min(columns, fullColumns);
  return [
    style('heading', line(['quota', 'planned peak', 'limit', 'headroom', ''])),
    ...rows.flatMap((row) => row.split('\n')),
    '',
    ...sentences.flatMap((text) => wrapText(text, textColumns, '  ')),
  ];
}

/** Whose defaults stand for limits that were not read, a sentence each. */
function defaultsIn(plan: Plan): string[] {
  return [...new Set(viewsOf(plan).map(({ account }) => describeDefaults(account?.region)))];
}

type QuotaCells = readonly [name: string, peak: string, limit: string, headroom: string, mark: string];

function markOf(forecast: QuotaForecast, { binding }: Preflight, enforced: boolean): string {
  if (!forecast.withinAllowed) return enforced ? '  ✗ refused' : '  ✗ past it';
  if (forecast === binding) return '  ← binding';
  return forecast.isKept ? '  kept' : '';
}

function renderPayloads({ statePayloads }: Preflight, style: Styler): string[] {
  const limit = formatCount(quotas.statePayloadBytes.limit);
  return [
    style('heading', `  state payloads, of at most ${limit} bytes`),
    ...statePayloads.map(
      ({ payload, bytes }) => `  ${payload.padEnd(43)}${formatPlural(bytes, 'byte').padStart(15)}`,
    ),
  ];
}

function renderCost({ profile }: Plan, preflight: Preflight, { style, columns }: TextFormat): string[] {
  const { cost } = preflight;
  const { maxCostUsd } = profile.limits;
  const line = (name: string, used: string, usd: string): string =>
    `  ${name.padEnd(28)}${used.padStart(30)}${usd.padStart(17)}`;
  const isPast = maxCostUsd !== undefined && cost.totalUsd > maxCostUsd;
  const ceiling = maxCostUsd === undefined ? '' : `  (limits.maxCostUsd ${formatUsd(maxCostUsd)})`;
  const figures = line('total', '', formatUsd(cost.totalUsd));
  const fits = figures.length + ceiling.length + 3 <= columns;
  const total = fits ? `${figures}${ceiling}` : figures;
  return [
    style('heading', line('cost', 'forecast', 'US dollars')),
    ...cost.lines.map((each) => line(each.name, formatUnits(each.quantity, each.unit), formatUsd(each.usd))),
    isPast ? style('bad', `${total}  ✗`) : total,
    ...(fits ? [] : [ceiling]),
    '',
    `  ${sentence(describeCost(preflight))}`,
    '  --json lists the assumptions of this forecast.',
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
