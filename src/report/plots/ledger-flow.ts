import { messageCounters } from '../../measure/message-counters.ts';
import type { MessageLedger } from '../../measure/run-ledger.ts';
import { formatCount, formatPlural, formatShare } from '../../shared/format.ts';
import { type Html, html } from '../html-markup.ts';
import { plotWidth, renderFigure, round } from './figure.ts';

export interface LedgerFlow {
  readonly messages: MessageLedger;
  /** The word for messages that were due: `intended`. */
  readonly due: string;
  /** Whether publishes are acknowledged at all. */
  readonly acknowledged: boolean;
  /** Whether any observer sees messages arrive. */
  readonly hasArrivals: boolean;
}

/** Of a run that goes on: what is not answered, and what has not arrived, still may. */
export interface LiveMessages {
  readonly intended: number;
  readonly sent: number;
  readonly dropped: number;
  /** Due, and neither of the two yet. */
  readonly waiting: number;
  readonly acked: number;
  readonly throttled: number;
  readonly failed: number;
  readonly unanswered: number;
  /** Distinct messages. */
  readonly received: number;
  readonly duplicates: number;
  readonly notArrived: number;
}

interface Part {
  readonly name: string;
  readonly count: number;
  readonly styleName: 'plain' | 'good' | 'warning' | 'bad';
}

const left = 150;
const right = plotWidth - 14;
const bandHeight = 34;
const bandEvery = 78;
/** Drawn at least this wide, however few they are. */
const leastWidth = 4;

interface BandOf {
  readonly label: string;
  readonly whole: number;
  readonly parts: readonly Part[];
}

const plain = (name: string, count: number): Part => ({ name, count, styleName: 'plain' });
const good = (name: string, count: number): Part => ({ name, count, styleName: 'good' });
const warning = (name: string, count: number): Part => ({ name, count, styleName: 'warning' });
const bad = (name: string, count: number): Part => ({ name, count, styleName: 'bad' });
/** Rare: shown only if there are any. */
const rare = (name: string, count: number): Part[] => (count > 0 ? [warning(name, count)] : []);

/**
 * Where the messages went: each band is one of the ledger's equations, and lies under the part of the band above that
 * it divides.
 */
export function renderLedgerFlow({ messages, due, acknowledged, hasArrivals }: LedgerFlow): Html {
  const { intended, unacknowledged, received, duplicates, lost } = messages;
  const rareCount = (name: keyof MessageLedger) => rare(messageCounters[name].label, messages[name]);
  if (intended === 0) return html`<p class="soft">No message was due before the run ended.</p>`;
  const bands = bandsOf(
    messages,
    { due, acknowledged },
    {
      intended: rareCount('sendUnknown'),
      answers: [
        bad(hasArrivals ? 'unacknowledged' : 'unanswered', unacknowledged),
        ...rareCount('ackUnknown'),
      ],
      arrivals: [
        good('received', received),
        bad('lost', lost),
        ...rareCount('notRead'),
        ...rareCount('deadLettered'),
        ...rareCount('unaccounted'),
      ],
    },
  );
  return renderBands(hasArrivals ? bands : bands.slice(0, -1), duplicates);
}

/** The same while the run goes on. */
export function renderLiveFlow({
  messages,
  due,
  acknowledged,
  hasArrivals,
}: Omit<LedgerFlow, 'messages'> & { readonly messages: LiveMessages }): Html {
  const { intended, waiting, unanswered, received, notArrived, duplicates } = messages;
  if (intended === 0) return html`<p class="soft">No message has been due yet.</p>`;
  const bands = bandsOf(
    messages,
    { due, acknowledged },
    {
      intended: [plain('waiting', waiting)],
      answers: [plain('unanswered', unanswered)],
      arrivals: [good('received', received), plain('not arrived yet', notArrived)],
    },
  );
  return renderBands(hasArrivals ? bands : bands.slice(0, -1), duplicates);
}

type Counted = Pick<LiveMessages, 'intended' | 'sent' | 'dropped' | 'acked' | 'throttled' | 'failed'>;

/** The three equations; `last` are the parts in which a run that goes on differs from one that has ended. */
function bandsOf(
  { intended, sent, dropped, acked, throttled, failed }: Counted,
  { due, acknowledged }: Pick<LedgerFlow, 'due' | 'acknowledged'>,
  last: Readonly<Record<'intended' | 'answers' | 'arrivals', readonly Part[]>>,
): BandOf[] {
  const answered = [good('acked', acked), warning('throttled', throttled), bad('failed', failed)];
  return [
    {
      label: due,
      whole: intended,
      parts: [plain('sent', sent), bad('dropped', dropped), ...last.intended],
    },
    ...(acknowledged ? [{ label: 'answers', whole: sent, parts: [...answered, ...last.answers] }] : []),
    { label: 'arrivals', whole: sent, parts: last.arrivals },
  ];
}

function renderBands(bands: readonly BandOf[], duplicates: number): Html {
  const intended = bands[0]!.whole;
  const sent = bands.at(-1)!.whole;
  const widthOf = (count: number) => (count / intended) * (right - left);
  const drawing = bands.map((band, i) => renderBand(band, i, widthOf));
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
          // Copies, not messages: one may come three times.
          note: `Beside them, ${formatPlural(duplicates, 'arrival')} of messages that had arrived before (${formatShare(duplicates / Math.max(1, sent))} of what was sent).`,
        }
      : {}),
  });
}

function bandTop(band: number): number {
  return 8 + band * bandEvery;
}

function renderBand(
  { label, whole, parts }: BandOf,
  index: number,
  widthOf: (count: number) => number,
): Html {
  const top = bandTop(index);
  const shown = parts.filter(({ count }) => count > 0);
  const widths = fitted(
    shown.map(({ count }) => widthOf(count)),
    widthOf(whole),
  );
  let x = left;
  const boxes = shown.map(({ styleName }, i) => {
    const box = html`<rect class="band ${styleName}" x="${round(x)}" y="${top}" width="${round(widths[i]!)}" height="${bandHeight}"/>`;
    x += widths[i]!;
    return box;
  });
  // Under the band and not in it: a part may be narrower than its own name.
  const words = shown.map(({ name, count, styleName }, i) => {
    const share = count < whole ? ` (${formatShare(count / whole)})` : '';
    return html`<tspan class="label ${styleName}">${formatCount(count)} ${name}${share}</tspan>${i < shown.length - 1 ? ' + ' : ''}`;
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

function describe(bands: readonly BandOf[]): string {
  return bands
    .map(({ label, whole, parts }) => {
      const sum = parts.map(({ name, count }) => `${formatCount(count)} ${name}`).join(' + ');
      return `${label}: ${formatCount(whole)} = ${sum}.`;
    })
    .join(' ');
}
