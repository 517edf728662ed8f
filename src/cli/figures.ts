/** How the terminal shows quantities. Every figure carries its unit; thousands are grouped. */

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

/** `1,234,567` */
export function formatCount(count: number): string {
  return grouped.format(count);
}

/** `20,000/s`; below 100 a second one decimal: `0.2/s`. */
export function formatRate(perSecond: number): string {
  return `${perSecond < 100 ? oneDecimal.format(perSecond) : grouped.format(perSecond)}/s`;
}

/** `12 %`, never rounded to a comforting 0 or 100: `<1 %`, `99.9 %`. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 1) return '<1 %';
  if (percent > 99 && percent < 100) return `${Math.floor(percent * 10) / 10} %`;
  return `${grouped.format(percent)} %`;
}

/** Decimal units, as AWS bills them: `512 B`, `15.4 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${oneDecimal.format(size)} ${units[unit]}`;
}

/** A clock that only goes forward: `0:07`, `12:40`, `1:02:03`. Negative times show as 0:00. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const s = String(seconds % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${s}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${s}`;
}

/** Three significant digits, the precision of the histograms: `0.83 ms`, `12.3 ms`, `1.21 s`. */
export function formatLatency(ms: number): string {
  if (Math.abs(ms) >= 1000) return `${trimmed(ms / 1000)} s`;
  return `${trimmed(ms)} ms`;
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** `1 slice`, `4 slices`. */
export function formatPlural(count: number, singular: string): string {
  return `${formatCount(count)} ${singular}${count === 1 ? '' : 's'}`;
}

/** Rounded up, so that it never says 0 s while there is time left: `29 s`, `12:40`. */
export function formatTimeLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return seconds < 60 ? `${seconds} s` : formatClock(seconds * 1000);
}
