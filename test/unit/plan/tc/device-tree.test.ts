import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addressBlock, addressBlocks, overlaps } from '../../../../src/plan/tc/address-block.ts';
import { changeLines, type DeviceTree, treeLines } from '../../../../src/plan/tc/device-tree.ts';
import { formatIpv4, parseIpv4 } from '../../../../src/shared/ipv4.ts';
import { randomCases } from '../../../support/effort.ts';

const tree: DeviceTree = {
  link: 'eth0',
  way: 'up',
  devices: 2,
  firstAddress: parseIpv4('10.128.4.0'),
  hasNetem: true,
};
const netem = (delay: string) => `netem limit 10000 delay ${delay} 0us 0% loss random 0% corrupt 0%`;

describe('lines of tc for the devices of a slice', () => {
  it('give each device a class and a queue of its own', () => {
    expect(treeLines(tree, { bandwidth: { up: 64_000 }, delay: { kind: 'constant', ms: 5 } })).toEqual([
      'qdisc add dev eth0 root handle 1: htb default 0',
      'filter add dev eth0 parent 1: prio 1 protocol ip handle 1: u32 divisor 256',
      'filter add dev eth0 parent 1: prio 1 protocol ip u32 ht 800:: match ip src 10.128.4.0/24 hashkey mask 0x000000ff at 12 link 1:',
      'class add dev eth0 parent 1: classid 1:1 htb rate 64000bit burst 1514 cburst 1514 quantum 1514',
      `qdisc add dev eth0 parent 1:1 handle 100: ${netem('5000us')}`,
      'class add dev eth0 parent 1: classid 1:2 htb rate 64000bit burst 1514 cburst 1514 quantum 1514',
      `qdisc add dev eth0 parent 1:2 handle 101: ${netem('5000us')}`,
      'filter add dev eth0 parent 1: prio 1 protocol ip u32 ht 1:0: match ip src 10.128.4.0/32 flowid 1:1',
      'filter add dev eth0 parent 1: prio 1 protocol ip u32 ht 1:1: match ip src 10.128.4.1/32 flowid 1:2',
    ]);
  });

  it('have each device by the address that packets go to', () => {
    const lines = treeLines({ ...tree, way: 'down', hasNetem: false }, {});
    expect(lines).toContain(
      'filter add dev eth0 parent 1: prio 1 protocol ip u32 ht 800:: match ip dst 10.128.4.0/24 hashkey mask 0x000000ff at 16 link 1:',
    );
    expect(lines).toContain('qdisc add dev eth0 parent 1:1 handle 100: pfifo limit 10000');
    expect(lines.join(' ')).not.toContain('netem');
  });

  it('change classes and queues alone', () => {
    expect(changeLines(tree, { delay: { kind: 'constant', ms: 7 } })).toEqual(
      [1, 2].flatMap((minor) => [
        `class change dev eth0 parent 1: classid 1:${minor} htb rate 32gbit burst 4000000 cburst 4000000 quantum 1514`,
        `qdisc change dev eth0 parent 1:${minor} handle ${minor + 99}: ${netem('7000us')}`,
      ]),
    );
  });

  it('distinguish any number of devices', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_024 }), (devices) => {
        const lines = treeLines({ ...tree, devices }, {});
        const only = (pattern: RegExp) => lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
        const classes = only(/classid 1:(\w+)/);
        expect(new Set(classes).size).toBe(devices);
        expect(only(/flowid 1:(\w+)/)).toEqual(classes);
        expect(new Set(only(/qdisc .* handle (\w+):/)).size).toBe(devices + 1);
        expect(only(/src (\S+)\/32/)).toEqual(
          Array.from({ length: devices }, (_, device) => formatIpv4(tree.firstAddress + device)),
        );
        // Minor numbers are 16 bits, in hexadecimal.
        expect(classes.every((minor) => Number.parseInt(minor, 16) <= 0xffff)).toBe(true);
      }),
      randomCases(20),
    );
  });
});

describe('blocks of addresses', () => {
  const blocks = fc.integer({ min: 0, max: addressBlocks - 1 });

  it('are private, and apart from one another', () => {
    expect(addressBlock(0)).toEqual({
      near: '10.128.0.1',
      far: '10.128.0.2',
      devices: '10.128.4.0/22',
      firstDevice: '10.128.4.0',
    });
    expect(addressBlock(addressBlocks - 1).devices).toBe('10.255.252.0/22');
    fc.assert(
      fc.property(blocks, blocks, (one, other) => {
        const { near, far, devices } = addressBlock(one);
        for (const destination of [near, far, devices])
          expect(overlaps(destination, other)).toBe(one === other);
      }),
      randomCases(100),
    );
  });

  it.each([
    ['10.128.0.0/16', 0, true],
    ['10.128.0.0/16', 32, false],
    ['10.128.8.0/24', 0, false],
    ['10.128.7.255', 0, true],
    // A network of a company leaves room for a route that is more specific.
    ['10.0.0.0/8', 0, false],
    ['0.0.0.0/1', 0, false],
    ['default', 0, false],
    ['192.168.0.0/16', 0, false],
  ])('a route to %s overlaps block %d: %p', (destination, block, does) => {
    expect(overlaps(destination, block)).toBe(does);
  });

  it('addresses are read as they are written', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(formatIpv4(parseIpv4(address))).toBe(address);
      }),
      randomCases(100),
    );
    for (const wrong of ['10.0.0', '10.0.0.256', '10.0.0.x', ''])
      expect(() => parseIpv4(wrong)).toThrow(RangeError);
  });
});
