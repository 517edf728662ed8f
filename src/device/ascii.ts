/**
 * Numbers as ASCII digits straight into a buffer: `String(x)` and `buffer.write` cost ten times as much and leave a
 * string behind for each of the five numbers of an envelope. Each function returns the offset after what it wrote.
 */

const zero = 0x30;
const minus = 0x2d;
const point = 0x2e;

/** Most bytes `writeInteger` and `writeDecimal` write: sign, 16 digits, point. */
export const maxNumberBytes = 24;

/** @param value a safe integer */
export function writeInteger(out: Buffer, at: number, value: number): number {
  if (value >= 0) return writeWhole(out, at, value);
  out[at] = minus;
  return writeWhole(out, at + 1, -value);
}

/**
 * `scaled / 10^decimals`, without trailing zeros.
 * @param scaled a safe integer
 * @param decimals 0–15
 */
export function writeDecimal(out: Buffer, at: number, scaled: number, decimals: number): number {
  if (decimals === 0) return writeInteger(out, at, scaled);
  let end = at;
  let magnitude = scaled;
  if (scaled < 0) {
    out[end++] = minus;
    magnitude = -scaled;
  }
  const unit = powersOfTen[decimals]!;
  const whole = Math.floor(magnitude / unit);
  let fraction = magnitude - whole * unit;
  end = writeWhole(out, end, whole);
  if (fraction === 0) return end;
  let digits = decimals;
  while (fraction % 10 === 0) {
    fraction /= 10;
    digits--;
  }
  out[end] = point;
  writeDigits(out, end + 1, fraction, digits);
  return end + 1 + digits;
}

/** Bytes of `writeInstant`: 13 digits, point, 3 digits. */
export const instantBytes = 17;

/**
 * Epoch milliseconds with three decimals, always 17 bytes.
 * @param epochMs 10¹² (2001) to 10¹³ (2286)
 * @param beforeMs the instant that stands there already: of one in the same 100 seconds the first digits are the same. NaN: none does
 */
export function writeInstant(out: Buffer, at: number, epochMs: number, beforeMs = Number.NaN): number {
  const micros = Math.round(epochMs * 1000);
  // In halves that fit 32-bit integers, where a division is a multiplication.
  const high = Math.floor(micros / 1e8);
  const low = micros - high * 1e8;
  if (high !== Math.floor(Math.round(beforeMs * 1000) / 1e8)) writeDigits(out, at, high, 8);
  const lastWhole = Math.floor(low / 1000);
  writeDigits(out, at + 8, lastWhole, 5);
  out[at + 13] = point;
  writeDigits(out, at + 14, low - lastWhole * 1000, 3);
  return at + instantBytes;
}

/** `00` to `99`. */
const pairs = Uint8Array.from(
  { length: 200 },
  (_, i) => zero + (i % 2 === 0 ? Math.floor(i / 20) : (i >> 1) % 10),
);

export const powersOfTen: readonly number[] = Array.from({ length: 16 }, (_, i) => 10 ** i);

function writeWhole(out: Buffer, at: number, value: number): number {
  const digits = digitsOf(value);
  writeDigits(out, at, value, digits);
  return at + digits;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound && digits < 16; bound *= 10) digits++;
  return digits;
}

/** The last `digits` digits of a whole number, zeros in front. */
function writeDigits(out: Buffer, at: number, value: number, digits: number): void {
  let rest = value;
  let i = at + digits - 1;
  while (rest > 0x7fffffff) {
    const tenth = Math.floor(rest / 10);
    out[i--] = zero + (rest - tenth * 10);
    rest = tenth;
  }
  let small = rest | 0;
  for (; i > at; i -= 2) {
    const hundredth = (small / 100) | 0;
    const pair = (small - hundredth * 100) * 2;
    out[i - 1] = pairs[pair]!;
    out[i] = pairs[pair + 1]!;
    small = hundredth;
  }
  if (i === at) out[at] = zero + (small % 10);
}

/** Beyond this a call of `set`, which costs as much as copying 30 bytes one by one, is cheaper. */
const shortBytes = 24;

/** @returns the offset after the bytes */
export function writeBytes(out: Buffer, at: number, bytes: Buffer): number {
  const { length } = bytes;
  if (length > shortBytes) out.set(bytes, at);
  else for (let i = 0; i < length; i++) out[at + i] = bytes[i]!;
  return at + length;
}
