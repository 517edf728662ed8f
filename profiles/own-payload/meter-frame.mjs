// A frame as a meter sends it: start byte, number, energy in Wh, check sum. docs/payloads.md describes the argument.

/** @param {import('stampede').PayloadMessage} message */
export default function meterFrame({ n, values, random }) {
  const frame = Buffer.alloc(10);
  frame[0] = 0x7e;
  frame.writeUInt32BE(n, 1);
  frame.writeUInt32BE(values.startWh + n * Math.round(10 + 5 * random()), 5);
  frame[9] = frame.subarray(0, 9).reduce((sum, byte) => (sum + byte) % 256);
  return frame;
}

/** The same as a line of text. @param {import('stampede').PayloadMessage} message */
export function asText({ deviceId, n, values }) {
  return `${deviceId};${n};${values.startWh}`;
}
