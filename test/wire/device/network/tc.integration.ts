import { execFile, execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTcpConnector } from '../../../../src/device/network/connector.ts';
import { makeShapedConnector } from '../../../../src/device/network/shaping/shaped-connector.ts';
import { SliceNetwork } from '../../../../src/device/network/shaping/slice-network.ts';
import { changeNetwork } from '../../../../src/profile/network-conditions.ts';
import { makeSystemClock } from '../../../../src/shared/clock.ts';

/*
 * The model of a device's network beside the kernel's own shaper, on a veth pair between two network namespaces. It needs root and tc;
 * delay and loss need the kernel's module sch_netem as well.
 */

const [near, far] = [`stampede-a-${process.pid}`, `stampede-b-${process.pid}`];
const [nearAddress, farAddress] = ['10.201.77.1', '10.201.77.2'];
/** Namespace, device and address. */
const ends = [
  [near, 'near', nearAddress],
  [far, 'far', farAddress],
] as const;
const port = 9_000;
const run = promisify(execFile);
/** Fails a test that waits for a transfer that never ends. */
const timeoutMs = 60_000;

const tryCommand = (command: string, ...args: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(command, args, { encoding: 'utf8' });
const ip = (...args: readonly string[]) =>
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });

/** Why a qdisc cannot be tried here; undefined: it can. */
function whyNot(qdisc: string, ...settings: readonly string[]): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
  const probe = tryCommand('unshare', '-n', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', qdisc, ...settings);
  if (probe.status === 0) return undefined;
  return probe.error === undefined ? `tc: ${probe.stderr.trim()}` : 'needs unshare and tc (iproute2)';
}

/** Answers with one byte once that many have come. */
const sink = (bytes: number) => `
  require('node:net').createServer((socket) => {
    let left = ${bytes};
    socket.on('data', (data) => { left -= data.length; if (left === 0) socket.end('.'); });
  }).listen(${port}, '${farAddress}', () => console.log('listens'));`;

/** Prints the milliseconds from a connection until the answer. */
const source = (bytes: number) => `
  const socket = require('node:net').connect(${port}, '${farAddress}', () => {
    const startedAt = performance.now();
    socket.write(Buffer.alloc(${bytes}));
    socket.on('data', () => { console.log(performance.now() - startedAt); process.exit(); });
  });`;

/** Of a transfer through the kernel's shaper. */
async function kernelMs(bytes: number, ...qdisc: readonly string[]): Promise<number> {
  // Both ways, as the model does.
  for (const [name, device] of ends)
    execFileSync('ip', ['netns', 'exec', name, 'tc', 'qdisc', 'replace', 'dev', device, 'root', ...qdisc]);
  const server = execFile('ip', ['netns', 'exec', far, process.execPath, '-e', sink(bytes)]);
  try {
    await once(server.stdout!, 'data');
    const { stdout } = await run('ip', ['netns', 'exec', near, process.execPath, '-e', source(bytes)]);
    return Number(stdout);
  } finally {
    server.kill('SIGKILL');
  }
}

/** Of the same transfer through the model. */
async function modelMs(bytes: number, form: Parameters<typeof changeNetwork>[1]): Promise<number> {
  const server = createServer((socket) => {
    let left = bytes;
    socket.on('data', (data) => {
      left -= data.length;
      if (left === 0) socket.end('.');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const carrier = makeTcpConnector({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const planned = changeNetwork({}, form);
  const network = new SliceNetwork({
    clock: makeSystemClock(),
    seed: 1,
    firstDevice: 0,
    planned,
    isOut: () => false,
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      let startedAt = 0;
      const callback = (): boolean => {
        resolve(performance.now() - startedAt);
        return true;
      };
      const stream = makeShapedConnector(carrier, network).open(
        0,
        { buffer: Buffer.alloc(1_024), callback },
        () => {
          startedAt = performance.now();
          stream.write(Buffer.alloc(bytes));
        },
      );
      stream.on('error', reject);
    });
  } finally {
    network.close();
    server.close();
  }
}

const tbf = (rate: string) => ['tbf', 'rate', rate, 'burst', '1540', 'latency', '60s'] as const;
const noTbf = whyNot(...tbf('1mbit'));
const noNetem = whyNot('netem', 'delay', '10ms');

const describeIf = noTbf === undefined ? describe : describe.skip;

describeIf(`a network beside tc${noTbf === undefined ? '' : `: ${noTbf}`}`, () => {
  beforeAll(() => {
    for (const name of [near, far]) ip('netns', 'add', name);
    ip('link', 'add', 'near', 'netns', near, 'type', 'veth', 'peer', 'name', 'far', 'netns', far);
    for (const [name, device, address] of ends) {
      ip('-n', name, 'address', 'add', `${address}/24`, 'dev', device);
      ip('-n', name, 'link', 'set', device, 'up');
    }
  });
  afterAll(() => {
    // The pair goes with its namespaces.
    for (const name of [near, far]) tryCommand('ip', 'netns', 'delete', name);
  });

  it.each([
    ['256kbit', 50_000],
    ['2mbit', 400_000],
  ])(
    'transfers at %s as fast as through tbf, within 10 %',
    async (bandwidth, bytes) => {
      const kernel = await kernelMs(bytes, ...tbf(bandwidth));
      const model = await modelMs(bytes, { bandwidth });
      console.info(`${bandwidth}: tbf ${kernel.toFixed(0)} ms, model ${model.toFixed(0)} ms`);
      expect(model / kernel).toBeGreaterThan(0.9);
      expect(model / kernel).toBeLessThan(1.1);
    },
    timeoutMs,
  );

  const itWithNetem = noNetem === undefined ? it : it.skip;
  itWithNetem(
    `delays and loses as netem does, within 10 %${noNetem === undefined ? '' : `: ${noNetem}`}`,
    async () => {
      const bytes = 100_000;
      for (const [netem, form] of [
        [['delay', '100ms'], { delay: '100ms' }],
        [['delay', '50ms', 'loss', '2%'], { delay: '50ms', loss: 0.02 }],
      ] as const) {
        const ratios: number[] = [];
        for (let i = 0; i < 5; i++)
          ratios.push((await modelMs(bytes, form)) / (await kernelMs(bytes, 'netem', ...netem)));
        const [, , median = 0] = ratios.sort((a, b) => a - b);
        expect(median).toBeGreaterThan(0.9);
        expect(median).toBeLessThan(1.1);
      }
    },
    5 * timeoutMs,
  );
});
