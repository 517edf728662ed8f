import { formatIpv4, parseIpv4 } from '../../shared/ipv4.ts';

/** Addresses of one pair of interfaces between the machine and a namespace, and of the devices in that. */
export interface AddressBlock {
  /** The machine's end, and the namespace's, which the measurement has. */
  readonly near: string;
  readonly far: string;
  /** Of the devices: `10.128.4.0/22`. Device 0 has its first address. */
  readonly devices: string;
  readonly firstDevice: string;
}

/** Half of the private range 10.0.0.0/8 (RFC 1918), in blocks of 2,048 addresses. */
const first = parseIpv4('10.128.0.0');
const blockSize = 2_048;
/** How many blocks there are. */
export const addressBlocks = 4_096;
/** Two ends, and room, before the 1,024 addresses of devices: a slice has 900 at most. */
const firstDeviceAt = 1_024;

/** @param number 0 to 4,095 */
export function addressBlock(number: number): AddressBlock {
  const at = first + number * blockSize;
  const firstDevice = formatIpv4(at + firstDeviceAt);
  return {
    near: formatIpv4(at + 1),
    far: formatIpv4(at + 2),
    devices: `${firstDevice}/22`,
    firstDevice,
  };
}

/** Routes to this much and more (a default route, 10.0.0.0/8 of a VPN) leave room for one that is more specific. */
const widestLength = 9;

/** Whether a destination that the machine has a route to (`10.128.0.0/16`, `10.128.0.1`) has addresses of the block. */
export function overlaps(destination: string, number: number): boolean {
  const [address = '', length = '32'] = destination.split('/');
  if (!/^\d+(\.\d+){3}$/.test(address) || Number(length) < widestLength) return false;
  const size = 2 ** (32 - Number(length));
  const from = Math.floor(parseIpv4(address) / size) * size;
  const blockAt = first + number * blockSize;
  return from < blockAt + blockSize && blockAt < from + size;
}
