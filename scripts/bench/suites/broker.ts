import { startAedes } from '../brokers/aedes.ts';
import { type BenchBroker, brokerCpuSeconds } from '../brokers/bench-broker.ts';
import { startEmbedded } from '../brokers/embedded.ts';
import { mosquittoMissing, startMosquitto } from '../brokers/mosquitto.ts';
import { subscribeToEverything } from '../brokers/subscriber.ts';
import type { Goal } from '../figure.ts';
import { messagesOf, type RunnerLoad } from '../generator/load.ts';
import { measureLoad } from '../generator/measure-load.ts';
import { treeUseOf } from '../process-tree.ts';
import { measureInRounds } from '../rounds.ts';
import type { Bench, Suite } from '../suite.ts';

/** MQTT 3.1.1, because aedes speaks nothing newer. */
const load: Omit<RunnerLoad, 'target' | 'seconds'> = {
  client: 'dense',
  mqttVersion: 4,
  devices: 1_000,
  ratePerSecond: 10_000,
  qos: 1,
  sizeBytes: 512,
  warmUpSeconds: 2,
};
const title = 'QoS 1, 1,000 devices, 10,000/s';

interface BrokerReport {
  readonly cpuMicroseconds: number;
  readonly rssBytes: number;
}

const embedded = 'embedded IoT Core';
const embeddedRule = 'embedded IoT Core, rule and queue';
const goals: Readonly<Record<string, Readonly<Record<string, Goal | undefined>>>> = {
  [embedded]: { aedes: { atMost: 1 }, Mosquitto: undefined },
  [embeddedRule]: { aedes: undefined, Mosquitto: undefined },
};

export const broker: Suite = {
  name: 'broker',
  about: 'CPU a message and memory of the embedded IoT Core, aedes and Mosquitto under the same load',
  async run(bench) {
    if (treeUseOf(process.pid) === undefined) return bench.skip('there is no /proc to read CPU times from');
    const mosquitto = await startMosquitto();
    await mosquitto?.close();
    if (mosquitto === undefined) bench.skip(mosquittoMissing);
    const brokers: Record<string, () => Promise<BenchBroker>> = {
      [embedded]: () => startEmbedded({ ruleFilter: 'nothing/of/the/kind' }),
      [embeddedRule]: () => startEmbedded({ ruleFilter: 'stampede/#' }),
      aedes: startAedes,
      ...(mosquitto !== undefined && { Mosquitto: async () => (await startMosquitto())! }),
    };
    await measureBrokers(bench, brokers, 0);
    const { [embeddedRule]: _, ...plain } = brokers;
    await measureBrokers(bench, plain, 1);
  },
};

async function measureBrokers(
  bench: Bench,
  brokers: Readonly<Record<string, () => Promise<BenchBroker>>>,
  subscribers: 0 | 1,
): Promise<void> {
  const loaded = subscribers === 0 ? title : `${title}, one subscriber of everything`;
  const subjects: Record<string, () => Promise<BrokerReport>> = {};
  for (const [name, start] of Object.entries(brokers)) {
    subjects[name] = async () => {
      bench.progress(`${loaded}: ${name}`);
      return measureBroker(await start(), bench.seconds, subscribers);
    };
  }
  const measured = await measureInRounds<BrokerReport>(bench.rounds, subjects, bench.skip);
  for (const name of measured.names) {
    const cpu = (report: BrokerReport): number => report.cpuMicroseconds;
    bench.report({
      name: `CPU a message, ${loaded}: ${name}`,
      value: measured.median(name, cpu),
      unit: 'µs',
      ratios: measured.ratios(name, cpu, goals[name] ?? {}),
    });
    if (subscribers > 0) continue;
    const rss = (report: BrokerReport): number => report.rssBytes / 1e6;
    bench.report({
      name: `resident memory, ${loaded}: ${name}`,
      value: measured.median(name, rss),
      unit: 'MB',
      ratios: measured.ratios(name, rss, goals[name] === undefined ? {} : { aedes: undefined }),
    });
  }
}

/** Over the whole of the load, its connects included: they are a tenth of the packets. */
async function measureBroker(
  started: BenchBroker,
  seconds: number,
  subscribers: 0 | 1,
): Promise<BrokerReport> {
  try {
    const subscriber = subscribers === 1 ? await subscribeToEverything(started.tcp) : undefined;
    const before = brokerCpuSeconds(started);
    await measureLoad({ ...load, target: started.tcp, seconds });
    const cpuSeconds = brokerCpuSeconds(started) - before;
    subscriber?.close();
    return {
      cpuMicroseconds: (cpuSeconds / messagesOf({ ...load, seconds })) * 1e6,
      rssBytes: treeUseOf(started.pid)?.rssBytes ?? Number.NaN,
    };
  } finally {
    await started.close();
  }
}
