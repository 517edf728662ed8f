import { iotCoreLimits } from '../../../src/targets/aws-iot/iot-core-limits.ts';
import { mosquittoMissing, startMosquitto } from '../brokers/mosquitto.ts';
import type { Goal } from '../figure.ts';
import type { Load, LoadReport, RunnerClient, Target } from '../generator/load.ts';
import { clientNames, clients, measureLoad } from '../generator/measure-load.ts';
import { type Attempt, findHighestRate, type HighestRate } from '../highest-rate.ts';
import { measureInRounds } from '../rounds.ts';
import type { Bench, Suite } from '../suite.ts';
import { formatFigure } from '../table.ts';

/** Share of the rate that must have been sent, and how late one message in a hundred may be, for a rate to be held. */
const leastShare = 0.995;
const lagP99Ms = 10;
const searchFrom = 16_000;
const shape: Omit<Load, 'target' | 'seconds' | 'ratePerSecond'> = {
  devices: 1_000,
  qos: 1,
  sizeBytes: 512,
  warmUpSeconds: 2,
};
const others = { [clientNames['device-sdk']]: undefined, [clientNames['mqtt-js']]: undefined };
const denseGoals: Readonly<Record<number, Readonly<Partial<Record<'p99' | 'p999', Goal>>>>> = {
  20000: { p99: { atMost: 2 }, p999: { atMost: 10 } },
};

export const punctuality: Suite = {
  name: 'generator-punctuality',
  about: 'send lag at 1,000/s and 20,000/s, and the highest rate that each client holds over TCP',
  async run(bench) {
    const broker = await startMosquitto();
    if (broker === undefined) return bench.skip(mosquittoMissing);
    try {
      for (const ratePerSecond of [1_000, 20_000]) await measureLag(bench, broker.tcp, ratePerSecond);
      await measureHighestRates(bench, broker.tcp);
    } finally {
      await broker.close();
    }
  },
};

async function measureLag(bench: Bench, target: Target, ratePerSecond: number): Promise<void> {
  const title = `QoS 1, 1,000 devices, ${formatFigure(ratePerSecond)}/s`;
  const run = (client: RunnerClient) => (): Promise<LoadReport> => {
    bench.progress(`send lag, ${title}: ${clientNames[client]}`);
    return measureLoad({ ...shape, target, client, ratePerSecond, seconds: bench.seconds });
  };
  const subjects = Object.fromEntries(clients.map((client) => [clientNames[client], run(client)]));
  const measured = await measureInRounds(bench.rounds, subjects, bench.skip);
  for (const name of measured.names) {
    const isDense = name === clientNames.dense;
    for (const [label, key] of [
      ['p50', 'p50'],
      ['p99', 'p99'],
      ['p99.9', 'p999'],
    ] as const) {
      const lag = ({ sendLagMs }: LoadReport): number => sendLagMs[key];
      const goal = isDense && key !== 'p50' ? denseGoals[ratePerSecond]?.[key] : undefined;
      bench.report({
        name: `send lag ${label}, ${title}: ${name}`,
        value: measured.median(name, lag),
        unit: 'ms',
        ...(goal && { goal }),
        ...(isDense && { ratios: measured.ratios(name, lag, others) }),
      });
    }
  }
}

async function measureHighestRates(bench: Bench, target: Target): Promise<void> {
  const run = (client: RunnerClient) => (): Promise<HighestRate<LoadReport>> =>
    findHighestRate(
      searchFrom,
      async (ratePerSecond): Promise<Attempt<LoadReport>> => {
        bench.progress(`highest rate: ${clientNames[client]}, ${formatFigure(ratePerSecond)}/s`);
        const load = { ...shape, target, client, ratePerSecond, seconds: bench.seconds };
        const report = await measureLoad(load);
        return { isHeld: isHeld(report, load), report };
      },
      // The service discards what is above it, and so a load profile may not ask for more.
      shape.devices * iotCoreLimits.publishesPerSecondPerConnection,
    );
  const subjects = Object.fromEntries(clients.map((client) => [clientNames[client], run(client)]));
  const measured = await measureInRounds(bench.full ? bench.rounds : 1, subjects, bench.skip);
  const rate = ({ ratePerSecond }: HighestRate<LoadReport>): number => ratePerSecond;
  const cpuMicroseconds = ({ report }: HighestRate<LoadReport>): number =>
    report === undefined ? Number.NaN : (report.cpuSeconds / report.sent) * 1e6;
  for (const name of measured.names) {
    const isDense = name === clientNames.dense;
    bench.report({
      name: `highest rate held, one process, QoS 1, 1,000 devices: ${name}`,
      value: measured.median(name, rate),
      unit: '/s',
      ...(isDense && { goal: { atLeast: 90_000 }, ratios: measured.ratios(name, rate, others) }),
    });
    bench.report({
      name: `CPU a message at the highest rate: ${name}`,
      value: measured.median(name, cpuMicroseconds),
      unit: 'µs',
      ...(isDense && { ratios: measured.ratios(name, cpuMicroseconds, others) }),
    });
  }
}

/** Nothing dropped or unanswered, everything sent, and hardly anything late. */
function isHeld({ sent, missed, sendLagMs }: LoadReport, { ratePerSecond, seconds }: Load): boolean {
  return missed === 0 && sent >= leastShare * ratePerSecond * seconds && sendLagMs.p99 <= lagP99Ms;
}
