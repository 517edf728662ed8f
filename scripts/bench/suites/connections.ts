import { makeCertificates } from '../brokers/certificates.ts';
import { mosquittoMissing, startMosquitto } from '../brokers/mosquitto.ts';
import type { Goal } from '../figure.ts';
import type { ConnectsReport, RunnerClient, Target } from '../generator/load.ts';
import { clientNames, clients, measureConnects } from '../generator/measure-load.ts';
import { measureInRounds } from '../rounds.ts';
import type { Bench, Suite } from '../suite.ts';
import { formatFigure } from '../table.ts';

/** Handshakes that a broker of one thread has to work at, without a queue before its endpoint. */
const atOnce = 32;
const memoryGoals = { TCP: { atMost: 9 }, mTLS: { atMost: 60 } } as const;

export const connections: Suite = {
  name: 'generator-connections',
  about: 'memory of a device, and CPU and rate of connects, by client, over TCP and mTLS',
  async run(bench) {
    const certificates = makeCertificates();
    if (certificates === undefined) bench.skip('mTLS: openssl is not installed');
    const broker = await startMosquitto(certificates);
    if (broker === undefined) return bench.skip(mosquittoMissing);
    try {
      for (const devices of bench.full ? [100, 1_000, 10_000] : [1_000]) {
        await measureEndpoint(bench, 'TCP', broker.tcp, devices);
        if (broker.mtls !== undefined) await measureEndpoint(bench, 'mTLS', broker.mtls, devices);
      }
    } finally {
      await broker.close();
    }
  },
};

async function measureEndpoint(
  bench: Bench,
  endpoint: keyof typeof memoryGoals,
  target: Target,
  devices: number,
): Promise<void> {
  const title = `${endpoint}, ${formatFigure(devices)} devices`;
  const run = (client: RunnerClient) => (): Promise<ConnectsReport> => {
    bench.progress(`${title}: ${clientNames[client]}`);
    return measureConnects({ target, client, devices, atOnce });
  };
  const subjects = Object.fromEntries(clients.map((client) => [clientNames[client], run(client)]));
  const measured = await measureInRounds(bench.rounds, subjects, bench.skip);
  const others = { [clientNames['device-sdk']]: undefined, [clientNames['mqtt-js']]: undefined };
  for (const name of measured.names) {
    const isDense = name === clientNames.dense;
    const report = (
      what: string,
      unit: 'MB' | 'µs' | '/s',
      quantity: (report: ConnectsReport) => number,
      goal?: Goal,
    ) =>
      bench.report({
        name: `${what}, ${title}: ${name}`,
        value: measured.median(name, quantity),
        unit,
        ...(goal && { goal }),
        ...(isDense && { ratios: measured.ratios(name, quantity, others) }),
      });
    report(
      'memory of 1,000 devices',
      'MB',
      ({ rssBytes }) => ((rssBytes.connected - rssBytes.idle) / devices) * 1e-3,
      isDense && devices >= 1_000 ? memoryGoals[endpoint] : undefined,
    );
    report('CPU of a connect', 'µs', ({ cpuSeconds }) => (cpuSeconds / devices) * 1e6);
    report('connects', '/s', ({ seconds }) => devices / seconds);
  }
}
