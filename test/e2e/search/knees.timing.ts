import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kneeOf, quantileInSystem } from '../../support/queueing/mmc.ts';
import { processesOfFunction } from '../../support/run/function-processes.ts';
import { type Rehearsal, startRehearsal } from '../../support/run/rehearsal.ts';
import { describeHolds, runSearch, type StoredSearch } from '../../support/search/stored-search.ts';
import { isMosquittoInstalled } from '../../support/targets/mosquitto.ts';
import { OpenMosquitto } from '../../support/targets/open-mosquitto.ts';
import { startSlowLink } from '../../support/targets/slow-link.ts';

// Searches of services whose knee is known beforehand, with real processes and real sockets, on a machine with nothing else to do:
// SEARCH_SIZE=full (some ten minutes: the knee within 5 %) or SEARCH_SIZE=short (a few minutes: the two levels contain it within 5 %). Without
// it they are skipped: the same in virtual time are plan/search/queue-knee and report/judged-knee.

const size = process.env.SEARCH_SIZE;
const isFull = size === 'full';
const sizes = isFull
  ? { settle: '10s', hold: '30s', precision: 0.03, confirm: 2 }
  : { settle: '3s', hold: '8s', precision: 0.15, confirm: 1 };
const describeWithSize = size === undefined ? describe.skip : describe;

function expectKnee({ answer, judged }: StoredSearch, knee: number, metric: string): void {
  if (answer.ended !== 'found') throw new Error(`${answer.ended}:\n${describeHolds(judged)}`);
  console.info(`the knee is ${knee}/s; found: ${JSON.stringify(answer)}\n${describeHolds(judged)}`);
  expect(answer.holds! / knee).toBeLessThan(1.05);
  expect(answer.breaks! / knee).toBeGreaterThan(0.95);
  if (isFull) expect(Math.abs(answer.holds! / knee - 1)).toBeLessThan(0.05);
  const failed = judged.filter(({ outcome }) => outcome === 'failed');
  for (const { broke } of failed) expect(broke.map((each) => each.metric)).toContain(metric);
}

/** What all searches have in common. Preflight refuses to read after another search that was too much for a busy machine. */
const searched = {
  connect: { ratePerSecond: 400 },
  publish: { ackTimeout: '2s' },
  drain: '3s',
  limits: { enforce: false },
};
const parameters = { subscriber: 'stream', streamShards: 8 } as const;

describeWithSize('a search of a service with c servers', () => {
  const service = { servers: 200, meanService: 100 };
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    const timeMs = { exponential: { meanMs: service.meanService } };
    rehearsal = await startRehearsal({
      parameters,
      faults: { serviceTime: { servers: service.servers, timeMs } },
    });
  });
  afterAll(() => rehearsal?.close());

  it('finds the knee where M/M/c says p99 is the objective, and a curve that is the formula’s', async () => {
    const atMost = 500;
    const found = await runSearch(rehearsal, {
      ...searched,
      devices: 100,
      arrivals: 'poisson',
      search: { from: 1_200, to: 2_400, ...sizes },
      thresholds: { end_to_end_latency: [`p(99)<${atMost}`] },
    });
    const knee = 1_000 * kneeOf(service, { share: 0.99, atMost });
    expectKnee(found, knee, 'end_to_end_latency');
    // Near the knee a hold is too short to be held to a percentile.
    const below = found.judged.filter(({ level }) => level <= 0.9 * knee);
    expect(below.length).toBeGreaterThanOrEqual(2);
    for (const { level, figures } of below) {
      const { p50, p99 } = figures.latencyMs.end_to_end_latency!;
      const queue = { ...service, rate: level / 1_000 };
      expect(Math.abs(p50 / quantileInSystem(queue, 0.5) - 1)).toBeLessThan(0.08);
      expect(Math.abs(p99 / quantileInSystem(queue, 0.99) - 1)).toBeLessThan(0.08);
    }
  }, 900_000);
});

describeWithSize('a search without a service of its own', () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await startRehearsal({ parameters });
  });
  afterAll(() => rehearsal?.close());

  // The link takes 187 messages a second of the one subscriber, and 10,300 a second of each of two: between two levels of the search, and
  // near neither. A level above that by 5 % fills the queues before its hold ends. Embedded IoT Core at 20,000/s would take both cores.
  const slowSubscribers = [
    {
      devices: 20,
      inFlight: 10,
      queued: 50,
      bytesPerSecond: 54_400,
      search: { from: 100, to: 320, ...sizes },
      withinMinutes: 15,
    },
    {
      devices: 100,
      inFlight: 2_000,
      queued: 500,
      bytesPerSecond: 3_047_800,
      search: { from: 12_000, to: 26_000, ...sizes, hold: '10s', precision: 0.05 },
      withinMinutes: 5,
    },
  ];
  (isMosquittoInstalled ? it.each(slowSubscribers) : it.skip.each(slowSubscribers))(
    'finds the knee that the queue limit of a Mosquitto makes for a slow subscriber: $bytesPerSecond bytes a second',
    async ({ devices, inFlight, queued, bytesPerSecond, search, withinMinutes }) => {
      const broker = await OpenMosquitto.start(
        `max_inflight_messages ${inFlight}`,
        `max_queued_messages ${queued}`,
      );
      const link = await startSlowLink(broker.port, bytesPerSecond);
      const startedAt = performance.now();
      try {
        const found = await runSearch(rehearsal, {
          ...searched,
          devices,
          target: `mqtt://127.0.0.1:${link.port}`,
          publish: { sizeBytes: 256, ackTimeout: '2s' },
          search,
          thresholds: { lost_messages: ['count==0'] },
        });
        const minutes = (performance.now() - startedAt) / 60_000;
        console.info(`in ${minutes.toFixed(1)} minutes`);
        const failing = found.judged
          .filter(({ outcome }) => outcome === 'failed')
          .map(({ figures }) => figures.perSecond);
        // What gets through above the knee is what the link takes, whatever comes.
        expectKnee(found, Math.max(...failing), 'lost_messages');
        expect(minutes).toBeLessThan(withinMinutes);
      } finally {
        await link.close();
        await broker.end();
      }
    },
    900_000,
  );

  const hasTaskset = spawnSync('taskset', ['--version']).error === undefined;
  (hasTaskset ? it : it.skip)(
    'finds no knee with a generator that is too slow, and says what it would need',
    async () => {
      const cpu = String(availableParallelism() - 1);
      // With them, the slice has an eighth of one core.
      const busy = Array.from({ length: 7 }, () =>
        spawn('taskset', ['-c', cpu, process.execPath, '-e', 'for (;;);'], { stdio: 'ignore' }),
      );
      const limitSlices = async (): Promise<void> => {
        const slices = () => processesOfFunction(rehearsal.runsDirectory, 'publish-mqtt');
        while (slices().length === 0) await sleep(50);
        for (const pid of slices()) spawnSync('taskset', ['-a', '-p', '-c', cpu, String(pid)]);
      };
      try {
        const { answer, judged } = await runSearch(
          rehearsal,
          {
            ...searched,
            devices: 400,
            slices: { devicesPerSlice: 400 },
            search: { from: 15_000, to: 30_000, ...sizes },
            thresholds: { end_to_end_latency: ['p(99)<100'] },
          },
          limitSlices,
        );
        console.info(`${JSON.stringify(answer)}\n${describeHolds(judged)}`);
        expect(answer).toMatchObject({ ended: 'void', holds: null, breaks: null });
        expect(answer.needs).toMatch(/faster generator/);
        expect(judged.map(({ outcome }) => outcome)).toEqual(['void', 'void']);
        for (const { voidBecause = [] } of judged)
          expect(voidBecause[0]?.sentence).toContain('The generator was the bottleneck');
      } finally {
        for (const each of busy) each.kill('SIGKILL');
      }
    },
    300_000,
  );
});
