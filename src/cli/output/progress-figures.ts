/** What the terminal shows beside the report's own figures (`src/shared/format.ts`): paces and times. */

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const twoSignificant = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 2 });

/** `20,000/s`; below 100 a second one decimal, `66.7/s`; below 1 two significant digits, `0.25/s`, `0.00028/s`. */
export function formatRate(perSecond: number): string {
  const format = perSecond >= 100 ? grouped : perSecond < 1 ? twoSignificant : oneDecimal;
  return `${format.format(perSecond)}/s`;
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

/** Rounded up, so that it never says 0 s while there is time left: `29 s`, `12:40`. */
export function formatTimeLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return seconds < 60 ? `${seconds} s` : formatClock(seconds * 1000);
}
