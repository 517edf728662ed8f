import { describeStormForecast } from '../../plan/describe-storm-forecast.ts';
import { networkStretchesOf } from '../../plan/network-stretches.ts';
import type { Plan } from '../../plan/plan.ts';
import type { StormForecast } from '../../plan/storm-forecast.ts';
import { wrapText } from '../../report/text-table.ts';
import type { Styler } from './style.ts';

interface TextFormat {
  readonly style: Styler;
  readonly columns: number;
}

/** What planned storms offer and how long they take to be over; nothing for a plan without one. */
export function renderStormForecasts(
  plan: Plan,
  forecasts: readonly StormForecast[] = [],
  { style, columns }: TextFormat,
): string[] {
  if (forecasts.length === 0) return [];
  const hasNetwork = networkStretchesOf(plan, [], plan.timeline.publishEndAt).size > 0;
  const answers = hasNetwork
    ? 'handshakes and answers take the time that delays, losses, bandwidth and outages of the profile’s network make of them, and no other'
    : 'answers take no time in it';
  return [
    '',
    style('heading', '  storms'),
    ...forecasts.flatMap((each) => wrapText(describeStormForecast(plan, each), columns, '  ')),
    ...wrapText(
      `Forecast by a simulation of the devices’ backoff against the quota of connects, which holds a second’s worth; ${answers}. A storm past the quota is not refused: it is what the run tries.`,
      columns,
      '  ',
    ),
  ];
}
