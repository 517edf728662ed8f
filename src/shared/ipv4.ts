/** An IPv4 address as a number: `10.0.0.1` is 0x0a000001. @throws RangeError */
export function parseIpv4(text: string): number {
  const octets = text.split('.').map(Number);
  if (octets.length !== 4 || !octets.every((octet) => Number.isInteger(octet) && octet >= 0 && octet <= 255))
    throw new RangeError(`is no IPv4 address: ${text}`);
  return octets.reduce((address, octet) => address * 256 + octet, 0);
}

/** @param address 0 to 2³² − 1 */
export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}
