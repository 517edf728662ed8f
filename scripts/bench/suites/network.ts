import type { NetworkForm } from '../../../src/profile/network-presets.ts';
import { mosquittoMissing, startMosquitto } from '../brokers/mosquitto.ts';
import type { RunnerLoad } from '../generator/load.ts';
import { measureLoad } from '../generator/measure-load.ts';
import { measureInRounds } from '../rounds.ts';
import type { Suite } from '../suite.ts';

const without = 'no layer';
/** By what the layer does. Every dense connection of a run has at least the second. */
const networks: Readonly<Record<string, NetworkForm | undefined>> = {
  [without]: undefined,
  'layer off': 'none',
  'delay alone': { delay: '50ms' },
  'all settings': {
    delay: { normal: { mean: '50ms', sd: '10ms' } },
    correlation: 0.5,
    bandwidth: '1mbit',
    loss: 0.01,
    stall: { everySeconds: 10, for: '200ms' },
    duplicate: 0.001,
  },
};

/** What the network of devices costs the generator. */
export const network: Suite = {
  name: 'network',
  about: 'CPU a message of the injected network: without it, switched off, with a delay, with all settings',
  async run(bench) {
    const broker = await startMosquitto();
    if (broker === undefined) return bench.skip(mosquittoMissing);
    const load: RunnerLoad = {
      target: broker.tcp,
      client: 'dense',
      devices: 1_000,
      ratePerSecond: 10_000,
      qos: 1,
      sizeBytes: 256,
      warmUpSeconds: 2,
      seconds: bench.seconds,
    };
    const subjects = Object.fromEntries(
      Object.entries(networks).map(([name, form]) => [
        name,
        () => {
          bench.progress(`network: ${name}`);
          return measureLoad({ ...load, ...(form !== undefined && { network: form }) });
        },
      ]),
    );
    try {
      const measured = await measureInRounds(bench.rounds, subjects, (failure) => bench.skip(failure));
      for (const name of measured.names)
        bench.report({
          name: `CPU a message, network: ${name}`,
          value: measured.median(name, microseconds),
          unit: 'µs',
          ratios: measured.ratios(name, microseconds, {
            [without]: name === 'layer off' ? { atMost: 1.03 } : undefined,
          }),
        });
    } finally {
      await broker.close();
    }
  },
};

function microseconds({ cpuSeconds, sent }: { readonly cpuSeconds: number; readonly sent: number }): number {
  return (cpuSeconds / sent) * 1e6;
}
