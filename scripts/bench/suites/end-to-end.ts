import { medianOf } from '../figure.ts';
import { type Attempt, findHighestRate } from '../highest-rate.ts';
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
const searchFrom = 20_000;
/** Past this the generator runs after its schedule rather than along it: what is sent in the end was not sent in time. */
const lagP99Ms = 50;

export const endToEnd: Suite = {
  name: 'end-to-end',
  about: 'the whole embedded pipeline: cores at 20,000/s, and the highest rate with nothing dropped or lost',
  async run(bench) {
    if (processesOf(process.pid) === undefined) return bench.skip('there is no /proc to read CPU times from');
    await measureCores(bench, 20_000);
    const holdSeconds = bench.seconds * 2;
    const { ratePerSecond, report } = await findHighestRate(searchFrom, async (rate) => {
      bench.progress(`highest rate: ${formatFigure(rate)}/s`);
      const use = await rehearse({ ...shape, ratePerSecond: rate, holdSeconds });
      return { isHeld: isHeld(use), report: use } satisfies Attempt<RehearsalUse>;
    });
    bench.report({
      name: 'highest rate held, nothing dropped or lost',
      value: ratePerSecond,
      unit: '/s',
      goal: { atLeast: 35_000 },
      ...(report && { note: `with ${formatFigure(report.cores)} cores` }),
    });
    if (report === undefined) return;
    const { send_lag, end_to_end_latency } = report.report.latencyMs;
    bench.report({ name: 'send lag p99 at the highest rate', value: send_lag.p99, unit: 'ms' });
    bench.report({
      name: 'end-to-end latency p99 at the highest rate',
      value: end_to_end_latency.p99,
      unit: 'ms',
    });
  },
};

async function measureCores(bench: Bench, ratePerSecond: number): Promise<void> {
  const uses: RehearsalUse[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    bench.progress(`${formatFigure(ratePerSecond)}/s`);
    uses.push(await rehearse({ ...shape, ratePerSecond, holdSeconds: bench.seconds * 2 }));
  }
  const title = `at ${formatFigure(ratePerSecond)}/s`;
  const held = uses.every(isHeld);
  const all = medianOf(uses.map(({ cores }) => cores));
  bench.report({
    name: `cores, all processes ${title}`,
    value: all,
    unit: 'cores',
    goal: { atMost: 1.2 },
    ...(!held && { note: 'the rate was not held' }),
  });
  const roles = Object.keys(uses[0]!.roles) as (keyof RehearsalUse['roles'])[];
  // Nothing subscribes here.
  for (const role of roles.filter((each) => each !== 'subscribe')) {
    const cores = medianOf(uses.map(({ roles }) => roles[role].cores));
    bench.report({
      name: `cores, ${role} ${title}`,
      value: cores,
      unit: 'cores',
      ratios: [{ to: 'all processes', value: cores / all }],
    });
    const megabytes = medianOf(uses.map(({ roles }) => roles[role].rssBytes / 1e6));
    bench.report({ name: `resident memory, ${role} ${title}`, value: megabytes, unit: 'MB' });
  }
  const lag = (percentile: 'p99' | 'p999'): number =>
    medianOf(uses.map(({ report }) => report.latencyMs.send_lag[percentile]));
  bench.report({ name: `send lag p99 ${title}`, value: lag('p99'), unit: 'ms' });
  bench.report({ name: `send lag p99.9 ${title}`, value: lag('p999'), unit: 'ms' });
}

/** Every message sent, on the whole when it was due, all acknowledged and received. */
function isHeld({ report }: RehearsalUse): boolean {
  const { intended, sent, acked, received } = report.messages;
  return (
    sent === intended &&
    acked === sent &&
    received === sent &&
    report.latencyMs.send_lag.p99 <= lagP99Ms &&
    report.imbalances.length === 0
  );
}
