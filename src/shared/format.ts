/** How quantities are shown to people: in the terminal, in reports, on the page. */

const grouped = makeFormat({ maximumFractionDigits: 0 });
const oneDecimal = makeFormat({ maximumFractionDigits: 1 });

/** The formatter is made for the first figure: on a cold start it takes longer than all other modules of the report. */
function makeFormat(options: Intl.NumberFormatOptions): (value: number) => string {
  let format: Intl.NumberFormat | undefined;
  return (value) => {
    format ??= new Intl.NumberFormat('en-US', options);
    return format.format(value);
  };
}

/** `1,234,567` */
export function formatCount(count: number): string {
  return grouped(count);
}

const twoSignificant = makeFormat({ maximumSignificantDigits: 2 });

/**
 * `20,000`; below 1,000 with one decimal, so that columns of them align: `600.0`; below 1 with two significant digits, for what is
 * sent every hour is sent all the same: `0.25`, `0.00028`.
 */
export function formatRate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.95) return twoSignificant(perSecond);
  return perSecond < 999.95 ? perSecond.toFixed(1) : grouped(perSecond);
}

/** The same for sentences, with its unit: `20,000/s`; below 100 a second `66.7/s`, below 1 `0.25/s`, `0.00028/s`. */
export function formatPerSecond(perSecond: number): string {
  const format = perSecond >= 100 ? grouped : perSecond < 1 ? twoSignificant : oneDecimal;
  return `${format(perSecond)}/s`;
}

/**
 * A share as percent that never rounds to a comforting 0 or 100: `97 %`, `99.9 %`, `<0.1 %`; below zero `-3 %`.
 */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return '<0.1 %';
  if (percent > 99 && percent < 100) return `${Math.floor(percent * 10) / 10} %`;
  return `${(Math.abs(percent) < 10 ? oneDecimal : grouped)(percent)} %`;
}

/** Decimal units, as AWS bills them: `512 B`, `15.4 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${oneDecimal(size)} ${units[unit]}`;
}

/**
 * For columns whose heading says ms: three significant digits, at most seven characters: `0.83`, `12.3`, `1,210`; from
 * 100 s on `101 s`.
 */
export function formatMs(ms: number): string {
  if (Math.abs(ms) >= 100_000) return `${grouped(ms / 1000)} s`;
  if (Math.abs(ms) >= 1000) return grouped(ms);
  return String(Number(ms.toPrecision(3)));
}

/** With its unit, three significant digits, the precision of the histograms: `0.83 ms`, `12.3 ms`, `1.21 s`, `3,600 s`. */
export function formatElapsed(ms: number): string {
  if (Math.abs(ms) >= 1_000_000) return `${grouped(ms / 1_000)} s`;
  const isSeconds = Math.abs(Number(ms.toPrecision(3))) >= 1_000;
  return `${Number((isSeconds ? ms / 1_000 : ms).toPrecision(3))} ${isSeconds ? 's' : 'ms'}`;
}

/** Time since a beginning, rounded down: `0:07`, `12:40`, `1:02:03`; before it `-0:02`. */
export function formatClock(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1_000);
  const pad = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const text =
    minutes < 60
      ? `${minutes}:${pad(seconds % 60)}`
      : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
  return ms < 0 && seconds > 0 ? `-${text}` : text;
}

/** Of the day, to the millisecond: `14:03:12.500 UTC`. @param at epoch milliseconds */
export function formatInstant(at: number): string {
  return `${new Date(at).toISOString().slice(11, 23)} UTC`;
}

/** Rounded up, so that it never says 0 s while there is time left: `29 s`, `12:40`. */
export function formatTimeLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return seconds < 60 ? `${seconds} s` : formatClock(seconds * 1_000);
}

const toCents = makeFormat({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const toCentOfCent = makeFormat({ minimumFractionDigits: 4, maximumFractionDigits: 4 });
const toMillionth = makeFormat({ minimumFractionDigits: 6, maximumFractionDigits: 6 });

/** `$12.34`; the less it is the finer, for the lines of a rehearsal: `$0.0117`, `$0.000404`. */
export function formatUsd(usd: number): string {
  if (usd === 0) return '$0';
  if (usd >= 0.1) return `$${toCents(usd)}`;
  return `$${(usd >= 0.01 ? toCentOfCent : toMillionth)(usd)}`;
}

const threeDecimals = makeFormat({ maximumFractionDigits: 3 });

/** A quantity and its unit, as of a quota: `19,980/s`, `1.5/s`, `0.02/s`, `1,024 bytes`. */
export function formatQuantity(value: number, unit = ''): string {
  return `${(value < 1 ? threeDecimals : value < 100 ? oneDecimal : grouped)(value)}${unit}`;
}

/** `1 slice`, `4 slices`; with the ending given: `2 echoes` */
export function formatPlural(count: number, singular: string, ending = 's'): string {
  return `${formatCount(count)} ${singular}${count === 1 ? '' : ending}`;
}

/** `a`, `a and b`, `a, b and c` */
export function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** `1 message`, `2,000 messages`, `1 GB-s`. @param unit in its plural */
export function formatUnits(value: number, unit: string): string {
  const text = formatValue(value);
  return `${text} ${text === '1' ? unit.replace(/^([a-z-]+)s$/, '$1') : unit}`;
}

/** Any measured value to four significant digits: `0.0012`, `41.2`, `12,345`. */
export function formatValue(value: number): string {
  if (Math.abs(value) >= 10_000) return grouped(value);
  return new Intl.NumberFormat('en-US', {
    maximumSignificantDigits: 4,
    maximumFractionDigits: 6,
    roundingPriority: 'lessPrecision',
  }).format(value);
}
