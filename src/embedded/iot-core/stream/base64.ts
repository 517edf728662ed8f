const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const padding = 0x3d;

/**
 * Bytes as base64 straight into a buffer: `toString('base64')` leaves a string behind for each record.
 * @returns past what was written
 * @see https://www.rfc-editor.org/rfc/rfc4648#section-4
 */
export function writeBase64(out: Buffer, at: number, data: Buffer): number {
  let to = at;
  let from = 0;
  for (; from + 2 < data.length; from += 3) {
    const bits = (data[from]! << 16) | (data[from + 1]! << 8) | data[from + 2]!;
    out[to++] = alphabet[bits >>> 18]!;
    out[to++] = alphabet[(bits >>> 12) & 63]!;
    out[to++] = alphabet[(bits >>> 6) & 63]!;
    out[to++] = alphabet[bits & 63]!;
  }
  const left = data.length - from;
  if (left === 0) return to;
  const bits = (data[from]! << 16) | ((left === 2 ? data[from + 1]! : 0) << 8);
  out[to++] = alphabet[bits >>> 18]!;
  out[to++] = alphabet[(bits >>> 12) & 63]!;
  out[to++] = left === 2 ? alphabet[(bits >>> 6) & 63]! : padding;
  out[to++] = padding;
  return to;
}
