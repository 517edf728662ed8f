import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { bandwidthSettings, type KernelSetting, netemSettings } from '../../profile/kernel-network.ts';
import type { NetworkConditions } from '../../profile/network-presets.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { removeLeftovers } from './namespace-names.ts';
import { makeNamespaces, type Namespace, NoFreeAddressesError } from './namespaces.ts';
import { CommandFailedError, runCommand } from './system-command.ts';

/** This machine cannot make the networks of devices. Exit code 3. */
export class NoKernelNetworkError extends StampedeError {
  constructor(why: string, hint: string) {
    super('NoKernelNetwork', `--netem: ${why}`, { hint, exitCode: exitCodes.refusedByPreflight });
  }
}

/** One setting of each kind. */
const tried: NetworkConditions = {
  delay: { kind: 'uniform', minMs: 1, maxMs: 2 },
  correlation: 0.1,
  bandwidth: { up: 1_000_000, down: 1_000_000 },
  loss: 0.001,
  corrupt: 0.001,
};
const withoutNetem =
  'leave out --netem: slices then make the network by themselves, without root (docs/network.md)';
const connectTimeoutMs = 10_000;

/**
 * Finds out what the kernel of this machine makes of a network, by making one: a namespace, two devices in it, and a connection to this
 * process. Removes what processes that were killed have left.
 * @returns the settings of a network that it makes
 * @throws NoKernelNetworkError
 */
export async function probeKernel(): Promise<readonly KernelSetting[]> {
  if (process.platform !== 'linux')
    throw new NoKernelNetworkError(
      `network namespaces are Linux’s, and this is ${process.platform}`,
      withoutNetem,
    );
  if (process.getuid?.() !== 0)
    throw new NoKernelNetworkError(
      'only root makes network namespaces',
      `start it by sudo, or ${withoutNetem}`,
    );
  removeLeftovers();
  const endHolding = holdSignals();
  const namespaces = makeNamespaces();
  try {
    const namespace = await namespaces.open();
    const hasNetem = await namespace.shape(2, tried, true).then(
      () => true,
      (error: unknown) => {
        if (error instanceof CommandFailedError && !error.isMissing) return false;
        throw error;
      },
    );
    if (!hasNetem) await namespace.shape(2, tried, false);
    await checkConnection(namespace);
    return hasNetem ? [...bandwidthSettings, ...netemSettings] : bandwidthSettings;
  } catch (error) {
    if (error instanceof NoFreeAddressesError)
      throw new NoKernelNetworkError(
        error.message,
        `end other runs with --netem, or remove routes to those (ip route); or ${withoutNetem}`,
      );
    if (!(error instanceof CommandFailedError)) throw error;
    const hint = error.isMissing
      ? 'install iproute2, which has ip and tc'
      : 'the kernel needs network namespaces, veth, sch_htb and cls_u32, and a container NET_ADMIN, SYS_ADMIN and a writable /proc/sys';
    throw new NoKernelNetworkError(error.message, `${hint}; or ${withoutNetem}`);
  } finally {
    await namespaces.close();
    endHolding();
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Signals that would end this process wait until what it made is removed. @returns ends that: one that came meanwhile takes effect */
function holdSignals(): () => void {
  let held: NodeJS.Signals | undefined;
  const hold = (signal: NodeJS.Signals): void => {
    held = signal;
  };
  for (const signal of signals) process.on(signal, hold);
  return () => {
    for (const signal of signals) process.off(signal, hold);
    // Another listener has had it.
    if (held !== undefined && process.listenerCount(held) === 0) process.kill(process.pid, held);
  };
}

/** From a device's address to a port of the machine's loopback, as devices and functions connect. */
async function checkConnection({ command, block }: Namespace): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => undefined).end('.'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const options = JSON.stringify({ host: '127.0.0.1', port, localAddress: block.firstDevice });
  const client = `require('node:net').connect(${options}).once('data', () => process.exit(0)).once('error', (error) => { console.error(error.message); process.exit(1); });
    setTimeout(() => { console.error('no answer'); process.exit(1); }, ${connectTimeoutMs});`;
  try {
    await runCommand([...command, process.execPath, '-e', client]);
  } catch (error) {
    throw new NoKernelNetworkError(
      `a namespace does not reach the loopback address of this machine: ${(error as Error).message}`,
      `let its firewall accept packets from 10.128.0.0/9 to 127.0.0.0/8, or ${withoutNetem}`,
    );
  } finally {
    server.close();
  }
}
