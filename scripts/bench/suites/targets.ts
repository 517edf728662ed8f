import { brokerCpuSeconds } from '../brokers/bench-broker.ts';
import { mosquittoMissing, startMosquitto } from '../brokers/mosquitto.ts';
import { medianOf, type Unit } from '../figure.ts';
import { findHighestRate } from '../highest-rate.ts';
import { processesOf } from '../process-tree.ts';
import { type Rehearsal, type RehearsalUse, rehearse } from '../rehearsal/rehearse.ts';
import type { Bench, Suite } from '../suite.ts';
import { formatFigure } from '../table.ts';

const shape: Omit<Rehearsal, 'ratePerSecond' | 'holdSeconds'> = {
  devices: 2_000,
  devicesPerSlice: 500,
  qos: 1,
  sizeBytes: 256,
};
const ratePerSecond = 20_000;

interface TargetUse extends RehearsalUse {
  /** Of the whole run. */
  readonly brokerCpuSeconds: number;
}

/** The run as its user has it, through a broker, counted by its own subscribers. */
export const targets: Suite = {
  name: 'targets',
  about: 'Mosquitto at 20,000/s, counted by the subscriber observer: what holds, and CPU a message',
  async run(bench) {
    if (processesOf(process.pid) === undefined) return bench.skip('there is no /proc to read CPU times from');
    const there = await startMosquitto();
    await there?.close();
    if (there === undefined) return bench.skip(mosquittoMissing);
    const uses: TargetUse[] = [];
    for (let round = 0; round < bench.rounds; round++) {
      bench.progress(`Mosquitto, ${formatFigure(ratePerSecond)}/s`);
      uses.push(await runThrough(ratePerSecond, bench.seconds * 2));
    }
    reportUses(bench, uses);
    if (bench.full) await reportHighestRate(bench);
  },
};

function reportUses(bench: Bench, uses: readonly TargetUse[]): void {
  const title = `Mosquitto at ${formatFigure(ratePerSecond)}/s`;
  const median = (of: (use: TargetUse) => number) => medianOf(uses.map(of));
  const note = uses.every(isHeld) ? {} : { note: uses.map(describeMisses).find((text) => text !== '') ?? '' };
  const figure = (name: string, unit: Unit, of: (use: TargetUse) => number) =>
    bench.report({ name: `${name}, ${title}`, unit, value: median(of), ...note });
  figure('arrivals a CPU second of the subscribers', '/CPU s', ({ report }) => arrivalsPerCpuSecond(report));
  figure('CPU a message of the subscribers', 'µs', ({ report }) => 1e6 / arrivalsPerCpuSecond(report));
  figure(
    'CPU a message of the broker',
    'µs',
    (use) => (use.brokerCpuSeconds / use.report.messages.sent) * 1e6,
  );
  figure('cores of the subscribers', 'cores', ({ roles }) => roles.subscribe.cores);
  figure('cores of the generator', 'cores', ({ roles }) => roles['publish-mqtt'].cores);
  figure('messages sent', '/s', ({ report }) => report.rates.peakPerSecond);
  figure('send lag p99', 'ms', ({ report }) => report.latencyMs.send_lag.p99);
  figure('end-to-end latency p99', 'ms', ({ report }) => report.latencyMs.end_to_end_latency.p99);
}

async function reportHighestRate(bench: Bench): Promise<void> {
  const highest = await findHighestRate(ratePerSecond, async (rate) => {
    bench.progress(`Mosquitto, highest rate: ${formatFigure(rate)}/s`);
    const report = await runThrough(rate, bench.seconds * 2);
    return { isHeld: isHeld(report), report };
  });
  bench.report({
    name: 'highest rate through Mosquitto, nothing dropped or lost',
    value: highest.ratePerSecond,
    unit: '/s',
  });
}

async function runThrough(rate: number, holdSeconds: number): Promise<TargetUse> {
  const broker = (await startMosquitto())!;
  try {
    const before = brokerCpuSeconds(broker);
    const target = `mqtt://${broker.tcp.host}:${broker.tcp.port}`;
    const use = await rehearse({ ...shape, ratePerSecond: rate, holdSeconds, target });
    return { ...use, brokerCpuSeconds: brokerCpuSeconds(broker) - before };
  } finally {
    await broker.close();
  }
}

function arrivalsPerCpuSecond({ subscribers }: RehearsalUse['report']): number {
  return (subscribers?.arrivals ?? 0) / (subscribers?.cpuSeconds ?? Number.NaN);
}

function isHeld({ report }: RehearsalUse): boolean {
  const { messages } = report;
  return messages.sent === messages.received && messages.dropped === 0;
}

/** What was not sent, or did not arrive. */
function describeMisses({ report: { messages } }: RehearsalUse): string {
  const { dropped, lost, unaccounted, intended } = messages;
  if (dropped + lost + unaccounted === 0) return '';
  return `of ${intended} messages ${dropped} were never sent, ${lost} lost, ${unaccounted} not accounted for`;
}
