import { type Html, html } from '../html-markup.ts';

const width = 112;
const height = 8;

/** How much of a limit is used, beside the figures that say the same. @param share 0–1, more is full */
export function renderGauge(share: number): Html {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width * 10) / 10;
  return html`<svg class="gauge" width="${width}" height="${height}" aria-hidden="true"><rect class="scale" width="${width}" height="${height}" rx="4"/><rect class="${share > 1 ? 'over' : 'used'}" width="${filled}" height="${height}" rx="4"/></svg>`;
}
