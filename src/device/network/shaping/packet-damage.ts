import type { NetworkDraws } from '../../../plan/network/network-draws.ts';
import type { SliceNetwork } from './slice-network.ts';

const publishType = 3;
const binaryFrame = 0x82;
const maskBytes = 4;

/** A packet, and what decides how it is damaged. */
interface Passing {
  readonly network: Pick<SliceNetwork, 'conditions' | 'counters'>;
  readonly draws: NetworkDraws;
  readonly direction: 'up' | 'down';
  /** Whether it is inside TLS. */
  readonly isSecure: boolean;
}

/**
 * The bytes that arrive. From a device they are one MQTT packet, or one WebSocket frame with it.
 * @returns undefined: over TLS a byte of them is wrong, which ends the connection
 */
export function damagePacket(
  bytes: Buffer,
  { network, draws, direction, isSecure }: Passing,
): Buffer | undefined {
  const { duplicate, corrupt } = network.conditions;
  const counters = network.counters[direction];
  let arriving = bytes;
  if (direction === 'up' && duplicate !== undefined && isPublish(bytes) && draws.happens(duplicate)) {
    counters.duplicated++;
    arriving = Buffer.concat([bytes, bytes]);
  }
  if (!draws.happens(corrupt)) return arriving;
  counters.corrupted++;
  if (!isSecure) return withWrongByte(arriving, draws.uniform());
  network.counters.corruptedConnections++;
  return undefined;
}

/** Whether it is a PUBLISH, as it is or as a client's WebSocket frame. */
export function isPublish(bytes: Buffer): boolean {
  const first = bytes[0]!;
  if (first !== binaryFrame) return first >> 4 === publishType;
  const length = bytes[1]! & 0x7f;
  const mask = 2 + (length === 126 ? 2 : length === 127 ? 8 : 0);
  return (bytes[mask + maskBytes]! ^ bytes[mask]!) >> 4 === publishType;
}

/** A copy in which one byte is another. @param place in [0, 1) */
function withWrongByte(bytes: Buffer, place: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(place * copy.length);
  copy[at] = copy[at]! ^ 0xff;
  return copy;
}
