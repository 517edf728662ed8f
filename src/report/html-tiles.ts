import { formatCount, formatMs, formatRate, formatShare } from '../shared/format.ts';
import { type Html, html } from './html-markup.ts';
import { hasArrivals, heldMessages } from './ledger-equations.ts';
import type { Report } from './report-model.ts';
import { wordForConnected } from './unknown-figures.ts';

/** The figures that are looked at first. */
export function renderTiles(report: Report): Html {
  const { devices, messages, rates, latencyMs, requests } = report;
  const tile = (name: string, value: string, unit = '') =>
    html`<div class="tile"><dt>${name}</dt><dd>${value} <small>${unit}</small></dd></div>`;
  const [what, latency] =
    requests === undefined
      ? ['end to end, p99', latencyMs.end_to_end_latency]
      : ['response time, p99', latencyMs.response_time];
  return html`<dl class="tiles">
${[
  tile(
    `devices ${wordForConnected(report)}`,
    formatCount(devices.connected),
    `of ${formatCount(devices.planned)}${(devices.unknown ?? 0) > 0 ? `, ${formatCount(devices.unknown)} not known` : ''}`,
  ),
  tile('messages sent', formatCount(messages.sent), `of ${formatCount(messages.intended)}`),
  tile('mean rate', formatRate(rates.meanPerSecond), 'a second'),
  tile(
    what,
    latency !== undefined && latency.count > 0 ? formatMs(latency.p99) : '–',
    latency !== undefined && latency.count > 0 && latency.p99 < 100_000 ? 'ms' : '',
  ),
  ...(hasArrivals(report)
    ? [
        tile(
          'lost',
          formatCount(messages.lost),
          messages.sent > 0 ? formatShare(messages.lost / messages.sent) : '',
        ),
      ]
    : [tile('failed', formatCount(messages.failed))]),
  ...heldMessages(messages).map(({ name, count }) =>
    tile(name, formatCount(count), formatShare(count / messages.sent)),
  ),
  tile('throttled', formatCount(messages.throttled)),
]}
</dl>`;
}
