import type { Command } from 'commander';
import type { KernelSetting } from '../../profile/kernel-network.ts';

/** In the form in which commander parses it. */
export interface NetemFlag {
  readonly netem?: boolean;
}

export function addNetemFlag(command: Command): Command {
  return command.option(
    '--netem',
    'let the kernel make the networks of devices: slices run in network namespaces whose packets tc delays, loses and limits (Linux, as root; docs/network.md)',
  );
}

/**
 * What the kernel of this machine makes of a network, found out by making one.
 * @throws NoKernelNetworkError
 */
export async function kernelNetworkOf({
  netem,
}: NetemFlag): Promise<{ readonly kernelNetwork?: readonly KernelSetting[] }> {
  if (netem !== true) return {};
  const { probeKernel } = await import('../../embedded/network/probe-kernel.ts');
  return { kernelNetwork: await probeKernel() };
}
