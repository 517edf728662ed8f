import type { NetworkConditions } from '../../profile/network-presets.ts';
import { formatIpv4 } from '../../shared/ipv4.ts';
import { classArguments, netemArguments, plainArguments, type Way } from './class-arguments.ts';

/** The end of a pair of interfaces that sends one way, and the devices whose packets it shapes. */
export interface DeviceTree {
  /** Name of the network interface. */
  readonly link: string;
  readonly way: Way;
  /** Up to 1,024. */
  readonly devices: number;
  /** Of device 0 as a number, a multiple of 256; those of the others follow. */
  readonly firstAddress: number;
  readonly hasNetem: boolean;
}

/** Of the root and its filters: the word of the IPv4 header that has a device's address. */
const offsetOf = { up: { field: 'src', at: 12 }, down: { field: 'dst', at: 16 } } as const;

/**
 * Lines of a `tc -batch` that give each device a line of its own: a class of HTB with its bandwidth, and in it a queue of netem. Packets of
 * other addresses are the measurement's, and pass by them. The filters are hashed by the last byte of the address, so that a packet meets
 * five of them at most.
 */
export function treeLines(tree: DeviceTree, conditions: NetworkConditions): string[] {
  const { link, way, devices, firstAddress } = tree;
  const { field, at } = offsetOf[way];
  const filter = `filter add dev ${link} parent 1: prio 1 protocol ip`;
  const blocks = Array.from({ length: Math.ceil(devices / 256) }, (_, block) => block + 1);
  return [
    `qdisc add dev ${link} root handle 1: htb default 0`,
    ...blocks.map((table) => `${filter} handle ${table}: u32 divisor 256`),
    ...blocks.map((table) => {
      const addresses = `${formatIpv4(firstAddress + 256 * (table - 1))}/24`;
      return `${filter} u32 ht 800:: match ip ${field} ${addresses} hashkey mask 0x000000ff at ${at} link ${table}:`;
    }),
    ...settingLines(tree, 'add', conditions),
    ...eachOf(devices, (device) => {
      const address = formatIpv4(firstAddress + device);
      const bucket = `${Math.floor(device / 256) + 1}:${(device % 256).toString(16)}`;
      return `${filter} u32 ht ${bucket}: match ip ${field} ${address}/32 flowid 1:${minorOf(device)}`;
    }),
  ];
}

/** The same of a change while packets are on their way, which stay. */
export function changeLines(tree: DeviceTree, conditions: NetworkConditions): string[] {
  return settingLines(tree, 'change', conditions);
}

function settingLines(
  { link, way, devices, hasNetem }: DeviceTree,
  verb: 'add' | 'change',
  conditions: NetworkConditions,
): string[] {
  const line = classArguments(conditions, way).join(' ');
  const queue = (hasNetem ? netemArguments(conditions) : plainArguments()).join(' ');
  return eachOf(devices, (device) => {
    const minor = minorOf(device);
    return [
      `class ${verb} dev ${link} parent 1: classid 1:${minor} ${line}`,
      `qdisc ${verb} dev ${link} parent 1:${minor} handle ${handleOf(device)}: ${queue}`,
    ];
  });
}

/** Class 1:0 is the root itself. */
function minorOf(device: number): string {
  return (device + 1).toString(16);
}

/** Handle 1: is the root's. */
function handleOf(device: number): string {
  return (device + 0x100).toString(16);
}

function eachOf(devices: number, linesOf: (device: number) => string | readonly string[]): string[] {
  return Array.from({ length: devices }, (_, device) => linesOf(device)).flat();
}
