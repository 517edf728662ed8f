import type { MessageLedger } from '../../measure/run-ledger.ts';
import { formatCount, formatShare } from '../figures.ts';
import { type Html, html } from '../html-markup.ts';
import { plotWidth, renderFigure, round } from './figure.ts';

export interface LedgerFlow {
  readonly messages: MessageLedger;
  /** Whether publishes are acknowledged at all. */
  readonly acknowledged: boolean;
  /** While a run goes on, what has not arrived is on the way, and not lost. */
  readonly isRunning?: boolean;
}

interface Part {
  readonly name: string;
  readonly count: number;
  readonly ink: 'plain' | 'good' | 'warning' | 'bad';
}

const left = 150;
const right = plotWidth - 14;
const bandHeight = 34;
const bandEvery = 78;
/** However few, they are to be seen. */
const leastWidth = 4;

/**
 * Where the messages went: each band is one of the ledger's equations, and lies under the part of the band above that
 * it divides.
 */
export function renderLedgerFlow({ messages, acknowledged, isRunning = false }: LedgerFlow): Html {
  const { intended, sent, dropped, acked, throttled, failed, unacknowledged, received, duplicates, lost } =
    messages;
  const { sendUnknown = 0, ackUnknown = 0, notRead = 0, deadLettered = 0, unaccounted = 0 } = messages;
  const unknown = (count: number): Part[] =>
    count > 0 ? [{ name: 'not known', count, ink: 'warning' }] : [];
  const bad = (name: string, count: number): Part => ({ name, count, ink: 'bad' });
  const bands: { label: string; whole: number; parts: Part[] }[] = [
    {
      label: 'intended',
      whole: intended,
      parts: [{ name: 'sent', count: sent, ink: 'plain' }, bad('dropped', dropped), ...unknown(sendUnknown)],
    },
    ...(acknowledged
      ? [
          {
            label: 'answers',
            whole: sent,
            parts: [
              { name: 'acked', count: acked, ink: 'good' } as const,
              { name: 'throttled', count: throttled, ink: 'warning' } as const,
              bad('failed', failed),
              isRunning
                ? ({ name: 'unanswered', count: unacknowledged, ink: 'plain' } as const)
                : bad('unacknowledged', unacknowledged),
              ...unknown(ackUnknown),
            ],
          },
        ]
      : []),
    {
      label: 'arrivals',
      whole: sent,
      parts: [
        { name: 'received', count: received, ink: 'good' },
        isRunning ? { name: 'on the way', count: lost, ink: 'plain' } : bad('lost', lost),
        { name: 'not read yet', count: notRead, ink: 'warning' },
        { name: 'dead-lettered', count: deadLettered, ink: 'warning' },
        { name: 'not accounted for', count: unaccounted, ink: 'warning' },
      ],
    },
  ];
  if (intended === 0) {
    return html`<p class="soft">${isRunning ? 'No message has been due yet.' : 'No message was due before the run ended.'}</p>`;
  }
  const widthOf = (count: number) => (count / intended) * (right - left);
  const drawing = bands.map(({ label, whole, parts }, i) => renderBand(label, whole, parts, i, widthOf));
  const links = bands.slice(1).map((_, i) => {
    const [top, bottom] = [bandTop(i) + bandHeight, bandTop(i + 1)];
    const to = round(left + Math.max(leastWidth, widthOf(sent)));
    return html`<path class="flow" d="M${left} ${top}V${bottom}H${to}V${top}z"/>`;
  });
  return renderFigure({
    key: 'ledger-flow',
    title: 'Where the messages went',
    description: describe(bands),
    height: bandTop(bands.length) - 14,
    drawing: [...links, ...drawing],
    ...(duplicates > 0
      ? {
          note: `Beside them, ${formatCount(duplicates)} arrived more than once (${formatShare(duplicates / Math.max(1, sent))} of what was sent).`,
        }
      : {}),
  });
}

function bandTop(band: number): number {
  return 8 + band * bandEvery;
}

function renderBand(
  label: string,
  whole: number,
  parts: readonly Part[],
  band: number,
  widthOf: (count: number) => number,
): Html {
  const top = bandTop(band);
  const shown = parts.filter(({ count }) => count > 0);
  const widths = fitted(
    shown.map(({ count }) => widthOf(count)),
    widthOf(whole),
  );
  let x = left;
  const boxes = shown.map(({ ink }, i) => {
    const box = html`<rect class="band ${ink}" x="${round(x)}" y="${top}" width="${round(widths[i]!)}" height="${bandHeight}"/>`;
    x += widths[i]!;
    return box;
  });
  // Under the band and not in it: a part may be narrower than its own name.
  const words = shown.map(({ name, count, ink }, i) => {
    const share = count < whole ? ` (${formatShare(count / whole)})` : '';
    return html`<tspan class="ink ${ink}">${formatCount(count)} ${name}${share}</tspan>${i < shown.length - 1 ? ' + ' : ''}`;
  });
  return html`<g class="equation"><text x="${left - 12}" y="${top + 15}" text-anchor="end">${label}</text><text class="soft" x="${left - 12}" y="${top + 31}" text-anchor="end">${formatCount(whole)}</text>${boxes}<text x="${left}" y="${top + bandHeight + 17}">${words}</text></g>\n`;
}

/** Widths of at least `leastWidth` that add up to the whole: the widest gives what the narrow ones lack. */
function fitted(widths: readonly number[], whole: number): number[] {
  const fitting = widths.map((width) => Math.max(width, leastWidth));
  const excess = fitting.reduce((a, b) => a + b, 0) - Math.max(whole, leastWidth);
  const widest = fitting.indexOf(Math.max(...fitting));
  if (widest >= 0) fitting[widest] = Math.max(leastWidth, fitting[widest]! - excess);
  return fitting;
}

function describe(bands: readonly { label: string; whole: number; parts: readonly Part[] }[]): string {
  return bands
    .map(({ label, whole, parts }) => {
      const sum = parts.map(({ name, count }) => `${formatCount(count)} ${name}`).join(' + ');
      return `${label}: ${formatCount(whole)} = ${sum}.`;
    })
    .join(' ');
}
