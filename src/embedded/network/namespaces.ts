import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AddressBlock, addressBlock, addressBlocks, overlaps } from '../../plan/tc/address-block.ts';
import type { Way } from '../../plan/tc/class-arguments.ts';
import { delayTables } from '../../plan/tc/delay-tables.ts';
import { changeLines, type DeviceTree, treeLines } from '../../plan/tc/device-tree.ts';
import { countQueues, nothingCounted, type QueueCounts } from '../../plan/tc/queue-counts.ts';
import type { NetworkConditions } from '../../profile/network-presets.ts';
import { parseIpv4 } from '../../shared/ipv4.ts';
import { linkNameOf, ownPrefix } from './namespace-names.ts';
import { runCommand } from './system-command.ts';

/** Routes of this machine take all blocks of addresses. */
export class NoFreeAddressesError extends Error {
  constructor() {
    super('no block of addresses is free between 10.128.0.0 and 10.255.255.255');
    this.name = 'NoFreeAddressesError';
  }
}

/** Network namespaces of this process. Each reaches the loopback addresses of the machine, and nothing else. */
export interface Namespaces {
  /** @throws CommandFailedError @throws NoFreeAddressesError */
  open(): Promise<Namespace>;
  /** Removes them all. */
  close(): Promise<void>;
}

export interface Namespace {
  readonly block: AddressBlock;
  /** Words before the command line of a process, which then runs in it. */
  readonly command: readonly string[];
  /**
   * Gives devices networks, each its own, in place of those of devices before.
   * @param hasNetem false: bandwidth is all that they have
   * @throws CommandFailedError
   */
  shape(devices: number, conditions: NetworkConditions, hasNetem: boolean): Promise<void>;
  /** Changes these networks; packets on their way stay. @throws CommandFailedError */
  change(conditions: NetworkConditions): Promise<void>;
  /** What the queues of its devices have sent and lost since `shape`. @throws CommandFailedError */
  counts(): Promise<Readonly<Record<Way, QueueCounts>>>;
  /** Removes it. What runs in it must have ended. */
  close(): Promise<void>;
}

/** The namespace's end of its pair. */
const innerLink = 'eth0';

export function makeNamespaces(): Namespaces {
  const prefix = ownPrefix();
  const open = new Map<number, Namespace>();
  const taken = new Set<number>();
  let tables: string | undefined;
  let opened = 0;

  /** Counted from a place of its own, so that two processes that start at once do not meet. */
  const takeBlock = async (): Promise<number> => {
    const routes = JSON.parse(
      (await runCommand(['ip', '-j', '-4', 'route', 'show', 'table', 'all'])) || '[]',
    ) as readonly { readonly dst?: string }[];
    for (let i = 0; i < addressBlocks; i++) {
      const number = (process.pid * 61 + i) % addressBlocks;
      if (taken.has(number) || routes.some(({ dst = '' }) => overlaps(dst, number))) continue;
      taken.add(number);
      return number;
    }
    throw new NoFreeAddressesError();
  };
  /** Written once, because `tc` reads them from files. */
  const tablesDirectory = (): string => {
    if (tables !== undefined) return tables;
    tables = mkdtempSync(path.join(tmpdir(), prefix));
    for (const [name, text] of Object.entries(delayTables()))
      writeFileSync(path.join(tables, `${name}.dist`), text);
    return tables;
  };

  return {
    async open() {
      const blockNumber = await takeBlock();
      const number = opened++;
      const namespace = await openNamespace({
        name: `${prefix}${number}`,
        link: linkNameOf(process.pid, number),
        block: addressBlock(blockNumber),
        tablesDirectory,
        onClosed: () => {
          open.delete(number);
          taken.delete(blockNumber);
        },
      });
      open.set(number, namespace);
      return namespace;
    },
    async close() {
      await Promise.all([...open.values()].map((namespace) => namespace.close()));
      if (tables !== undefined) rmSync(tables, { recursive: true, force: true });
      tables = undefined;
    },
  };
}

interface NamespaceSettings {
  readonly name: string;
  /** The machine's end of its pair. */
  readonly link: string;
  readonly block: AddressBlock;
  readonly tablesDirectory: () => string;
  readonly onClosed: () => void;
}

async function openNamespace({
  name,
  link,
  block,
  tablesDirectory,
  onClosed,
}: NamespaceSettings): Promise<Namespace> {
  const inside = ['ip', 'netns', 'exec', name] as const;
  const { near, far, devices } = block;
  const tcOf = { up: ['tc', '-n', name], down: ['tc'] } as const;
  const linkOf = { up: innerLink, down: link } as const;
  const ways: readonly Way[] = ['up', 'down'];
  let trees: readonly DeviceTree[] = [];
  let last: Promise<unknown> = Promise.resolve();

  /** One change of its networks after the other: a slice may begin in it while a change for the one before is under way. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = last.then(work, work);
    last = done.catch(() => undefined);
    return done;
  };

  const batch = (way: Way, lines: readonly string[]): Promise<string> =>
    runCommand([...tcOf[way], '-batch', '-'], {
      input: lines,
      variables: { TC_LIB_DIR: tablesDirectory() },
    });
  /** Of devices before, also where a part of their tree was refused. What stays for another reason makes the next tree fail. */
  const clear = (): Promise<unknown> =>
    Promise.allSettled(ways.map((way) => batch(way, [`qdisc del dev ${linkOf[way]} root`])));
  const close = async (): Promise<void> => {
    // Without its pair first, the pair would stay until the last process in the namespace has ended.
    await runCommand(['ip', 'link', 'delete', link]).catch(() => undefined);
    await runCommand(['ip', 'netns', 'delete', name]).catch(() => undefined);
    onClosed();
  };

  try {
    await runCommand(['ip', 'netns', 'add', name]);
    await runCommand(['ip', '-batch', '-'], {
      input: [
        `link add ${link} type veth peer name ${innerLink} netns ${name}`,
        ...linkLines(link),
        `address add ${near} peer ${far} dev ${link}`,
        `route add ${devices} via ${far} dev ${link}`,
      ],
    });
    await runCommand(['ip', '-n', name, '-batch', '-'], {
      input: [
        ...linkLines(innerLink),
        `address add ${far} peer ${near} dev ${innerLink}`,
        // Each of these addresses is one of its own.
        `route add local ${devices} dev ${innerLink}`,
        // Its own loopback interface stays down, so that these addresses are the machine's.
        `route add 127.0.0.0/8 via ${near} dev ${innerLink}`,
      ],
    });
    // Linux drops packets of loopback addresses that come by another interface, but for those that are allowed to.
    const allow = (interface_: string) => `echo 1 > /proc/sys/net/ipv4/conf/${interface_}/route_localnet`;
    await runCommand(['sh', '-c', allow(link)]);
    await runCommand([...inside, 'sh', '-c', allow(innerLink)]);
  } catch (error) {
    await close();
    throw error;
  }

  return {
    block,
    command: inside,
    shape: (count, conditions, hasNetem) =>
      inTurn(async () => {
        await clear();
        const firstAddress = parseIpv4(block.firstDevice);
        trees = [];
        const wanted = ways.map(
          (way): DeviceTree => ({ link: linkOf[way], way, devices: count, firstAddress, hasNetem }),
        );
        await Promise.all(wanted.map((tree) => batch(tree.way, treeLines(tree, conditions))));
        trees = wanted;
      }),
    change: (conditions) =>
      inTurn(async () => {
        await Promise.all(trees.map((tree) => batch(tree.way, changeLines(tree, conditions))));
      }),
    counts: () =>
      inTurn(async () => {
        const [up, down] = await Promise.all(
          ways.map(async (way) =>
            trees.length === 0
              ? nothingCounted
              : countQueues(
                  await runCommand([...tcOf[way], '-s', '-j', 'qdisc', 'show', 'dev', linkOf[way]]),
                ),
          ),
        );
        return { up: up ?? nothingCounted, down: down ?? nothingCounted };
      }),
    close: () => inTurn(close),
  };
}

/** One packet is one segment of TCP, as on a line: else the kernel would lose and delay up to 64 KB at once. */
function linkLines(link: string): string[] {
  return [
    `link set dev ${link} gso_max_segs 1`,
    `link set dev ${link} addrgenmode none`,
    `link set dev ${link} up`,
  ];
}
