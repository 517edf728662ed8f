import { formatUnits, formatUsd } from '../shared/format.ts';
import { type Html, html, section, table } from './html-markup.ts';
import { describePrices } from './report-figures.ts';
import type { Report } from './report-model.ts';

/** The bill as it may come: what was used beside what was forecast. */
export function renderCost({ cost }: Report): Html {
  if (cost === undefined) return html``;
  const rows = cost.lines.map(({ name, unit, forecast, used }) => ({
    cells: [
      name,
      formatUnits(forecast.quantity, unit),
      formatUsd(forecast.usd),
      formatUnits(used.quantity, unit),
      formatUsd(used.usd),
    ],
  }));
  const total = { cells: ['Total', '', formatUsd(cost.forecastUsd), '', formatUsd(cost.totalUsd)] };
  return section(
    'Cost',
    html`<p>${describePrices(cost)}.</p>`,
    table(
      'What was used of what AWS charges for, at list prices',
      [
        { heading: 'Line' },
        { heading: 'Forecast', isNumber: true },
        { heading: 'Forecast, $', isNumber: true },
        { heading: 'Used', isNumber: true },
        { heading: 'Used, $', isNumber: true },
      ],
      [...rows, total],
    ),
  );
}
