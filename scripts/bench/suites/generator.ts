import type { BenchBroker } from '../brokers/bench-broker.ts';
import { makeCertificates } from '../brokers/certificates.ts';
import { mosquittoMissing, startMosquitto } from '../brokers/mosquitto.ts';
import type { Goal } from '../figure.ts';
import { compileFloor } from '../generator/floor.ts';
import type { Load, LoadReport } from '../generator/load.ts';
import { clientNames, clients, measureLoad, measureRawSockets } from '../generator/measure-load.ts';
import { measureInRounds } from '../rounds.ts';
import type { Bench, Suite } from '../suite.ts';
import { formatFigure } from '../table.ts';

interface Case {
  readonly endpoint: 'TCP' | 'mTLS';
  readonly qos: 0 | 1;
  readonly devices: number;
  readonly ratePerSecond: number;
  /** Of dense, against each of the others. */
  readonly goals?: Readonly<Record<string, Goal>>;
}

const floor = 'floor in C';
const rawNode = 'floor in Node';
/** Compiled code comes after some thousand calls of every function. */
const warmUpSeconds = 2;
const sizeBytes = 512;

/** What the others stand for. A device publishes at most 100 times a second, as AWS IoT Core allows. */
const usual: readonly Case[] = [
  {
    endpoint: 'TCP',
    qos: 1,
    devices: 1_000,
    ratePerSecond: 20_000,
    goals: { 'device-sdk': { atMost: 1 / 4 }, 'MQTT.js': { atMost: 1 / 2.5 }, [floor]: { atMost: 1.5 } },
  },
  {
    endpoint: 'mTLS',
    qos: 1,
    devices: 1_000,
    ratePerSecond: 20_000,
    goals: { 'device-sdk': { atMost: 1 / 2 } },
  },
];
const further: readonly Case[] = [
  { endpoint: 'TCP', qos: 0, devices: 1_000, ratePerSecond: 20_000 },
  { endpoint: 'TCP', qos: 1, devices: 100, ratePerSecond: 10_000 },
  { endpoint: 'TCP', qos: 1, devices: 10_000, ratePerSecond: 20_000 },
  { endpoint: 'mTLS', qos: 0, devices: 1_000, ratePerSecond: 20_000 },
  { endpoint: 'mTLS', qos: 1, devices: 100, ratePerSecond: 10_000 },
  { endpoint: 'mTLS', qos: 1, devices: 10_000, ratePerSecond: 20_000 },
];

export const generator: Suite = {
  name: 'generator',
  about: 'CPU a message: dense, device-sdk and MQTT.js against one Mosquitto, and the floor of the machine',
  async run(bench) {
    const certificates = makeCertificates();
    if (certificates === undefined) bench.skip('mTLS: openssl is not installed');
    const broker = await startMosquitto(certificates);
    if (broker === undefined) return bench.skip(mosquittoMissing);
    const runFloor = compileFloor();
    if (runFloor === undefined) bench.skip('the floor in C: there is no C compiler (cc)');
    try {
      for (const one of bench.full ? [...usual, ...further] : usual) {
        if (one.endpoint === 'TCP' || broker.mtls !== undefined)
          await measureCase(bench, one, broker, runFloor);
      }
    } finally {
      await broker.close();
    }
  },
};

async function measureCase(
  bench: Bench,
  { endpoint, qos, devices, ratePerSecond, goals = {} }: Case,
  broker: BenchBroker,
  runFloor: ((load: Load) => Promise<LoadReport>) | undefined,
): Promise<void> {
  const target = endpoint === 'TCP' ? broker.tcp : broker.mtls!;
  const load: Load = {
    target,
    devices,
    ratePerSecond,
    qos,
    sizeBytes,
    warmUpSeconds,
    seconds: bench.seconds,
  };
  const title = `${endpoint}, QoS ${qos}, ${formatFigure(devices)} devices, ${formatFigure(ratePerSecond)}/s`;
  bench.progress(title);
  const subjects: Record<string, () => Promise<LoadReport>> = {};
  for (const client of clients) subjects[clientNames[client]] = () => measureLoad({ ...load, client });
  subjects[rawNode] = () => measureRawSockets(load);
  if (runFloor !== undefined && endpoint === 'TCP') subjects[floor] = () => runFloor(load);

  const measured = await measureInRounds<LoadReport>(bench.rounds, subjects, bench.skip);
  for (const name of measured.names) {
    const held = measured.all(name).every((report) => isHeld(report, load));
    bench.report({
      name: `CPU a message, ${title}: ${name}`,
      value: measured.median(name, cpuMicroseconds),
      unit: 'µs',
      ...(name === clientNames.dense && {
        ratios: measured.ratios(name, cpuMicroseconds, {
          [clientNames['device-sdk']]: undefined,
          [clientNames['mqtt-js']]: undefined,
          [rawNode]: undefined,
          [floor]: undefined,
          ...goals,
        }),
      }),
      ...(!held && { note: 'did not hold the rate' }),
    });
  }
}

/** Sent at the rate, and answered as fast. */
function isHeld({ sent, acked }: LoadReport, { ratePerSecond, seconds, qos }: Load): boolean {
  const wanted = 0.99 * ratePerSecond * seconds;
  return sent >= wanted && (qos === 0 || acked >= wanted);
}

function cpuMicroseconds({ cpuSeconds, sent }: LoadReport): number {
  return (cpuSeconds / sent) * 1e6;
}
