import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { defaultDeployment } from '../../src/plan/deployment.ts';
import { fanOutOf } from '../../src/plan/fan-out.ts';
import { foldsOf } from '../../src/plan/folds.ts';
import { pollsOf } from '../../src/plan/forecast-usage.ts';
import { legSplitOf } from '../../src/plan/legs.ts';
import { eventsPerLook, summarizeTimeoutMs } from '../../src/plan/poll-intervals.ts';
import { statePayloads } from '../../src/plan/state-payloads.ts';
import { generateLongRun, type LongRun, planOfLongRun } from '../support/measure/folded-run.ts';

const sizes: Readonly<Record<string, LongRun>> = {
  small: { devices: 12, ratePerSecond: 6, duration: '100m', windows: { seconds: 60, count: 2 } },
  '72h': { devices: 20_000, ratePerSecond: 20_000, duration: '72h', windows: { seconds: 60, count: 4 } },
  '30d': { devices: 100, ratePerSecond: 100, duration: '719h', windows: { seconds: 60, count: 1 } },
};
const size = process.env.STAMPEDE_LONG_RUN ?? 'small';
const run = sizes[size]!;
const plan = planOfLongRun(run);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stampede-long-'));
});
afterAll(() => rm(directory, { recursive: true }));

it(`accounts for every message of a long run (${size}) whose files are folded, within the limits of its functions`, async () => {
  const began = process.cpuUsage();
  const generated = await generateLongRun(run, directory);
  const { user, system } = process.cpuUsage(began);
  const { messages: planned } = plan.load;
  const legs = legSplitOf(plan).count;
  expect(generated.results).toBe(plan.slices.count * legs);
  expect(generated.foldedResults).toBeGreaterThan(generated.results / 2);
  expect(generated.foldedWindows).toBeGreaterThan(generated.windows / 2);

  const child = fileURLToPath(new URL('../support/measure/summarize-folded-run.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=460',
    '--disable-warning=ExperimentalWarning',
    child,
    directory,
    plan.runId,
  ]);
  const summary = JSON.parse(stdout) as {
    peakRssMb: number;
    cpuSeconds: number;
    messages: Record<string, number>;
    slices: Record<string, number>;
  };
  expect(summary.messages).toMatchObject({
    intended: planned,
    sent: planned,
    acked: planned,
    received: planned,
    dropped: 0,
    lost: 0,
    duplicates: 0,
  });
  expect(summary.slices).toMatchObject({ planned: plan.slices.count, completed: plan.slices.count, died: 0 });
  expect(summary.peakRssMb).toBeLessThan(defaultDeployment.memoryMb.summarize);

  const payloads = statePayloads(plan);
  expect(Math.max(...payloads.map(({ bytes }) => bytes))).toBeLessThan(262_144);
  const looks = pollsOf(plan, plan.deployment as never);
  expect(fanOutOf(plan)).toMatchObject({ isWatched: true });
  expect(looks * eventsPerLook).toBeLessThan(25_000 - 100);
  expect(Math.ceil(legs / 2) * 9).toBeLessThan(25_000);
  if (size !== 'small') {
    expect(summary.cpuSeconds).toBeLessThan(summarizeTimeoutMs / 1_000 / 2);
    console.log(
      JSON.stringify(
        {
          run,
          generated,
          generatorCpuSeconds: (user + system) / 1e6,
          legs,
          slices: plan.slices.count,
          folds: foldsOf(plan),
          looks,
          payloads,
          summary,
        },
        null,
        1,
      ),
    );
  }
}, 7_200_000);
