import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decideNext, isAnswer } from '../../../src/plan/search/decide-next.ts';
import type { JudgedHold } from '../../../src/plan/search/judged-hold.ts';
import type { SearchAnswer } from '../../../src/plan/search/search-answer.ts';
import type { CapacitySearch } from '../../../src/profile/search.ts';
import { makeWorkplace, startCli } from '../../support/cli/run-cli.ts';
import { freePort } from '../../support/influx/free-port.ts';
import { kneeOf } from '../../support/queueing/mmc.ts';
import { type Rehearsal, startRehearsal } from '../../support/run/rehearsal.ts';
import { isMosquittoInstalled } from '../../support/targets/mosquitto.ts';
import { startSlowLink } from '../../support/targets/slow-link.ts';

// Searches of services whose knee is known beforehand, with real processes and real sockets, on a machine with nothing else to do:
// SEARCH_SIZE=full (some ten minutes: the knee within 5 %) or SEARCH_SIZE=short (a minute or two: the two levels contain it within 5 %). Without
// it they are skipped: the same in virtual time are plan/search/queue-knee and report/judged-knee.

const size = process.env.SEARCH_SIZE;
const isFull = size === 'full';
const sizes = isFull
  ? { settle: '10s', hold: '30s', precision: 0.03, confirm: 2 }
  : { settle: '2s', hold: '4s', precision: 0.15, confirm: 1 };
const describeWithSize = size === undefined ? describe.skip : describe;

interface Searched {
  readonly judged: readonly JudgedHold[];
  readonly answer: SearchAnswer;
}

/** What the search of a run stored, and what follows from it. */
function searchedIn(runDirectory: string): Searched {
  const read = (file: string) => JSON.parse(readFileSync(path.join(runDirectory, file), 'utf8'));
  const judged: JudgedHold[] = readdirSync(path.join(runDirectory, 'search'))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((file) => read(path.join('search', file)));
  const answer = decideNext(read('plan.json').profile.search as CapacitySearch, judged);
  if (!isAnswer(answer)) throw new Error(`no answer after ${JSON.stringify(judged)}`);
  return { judged, answer };
}

function expectKnee({ answer, judged }: Searched, knee: number, metric: string): void {
  if (answer.ended !== 'found') throw new Error(`${answer.ended}: ${JSON.stringify(judged, undefined, 1)}`);
  expect(answer.holds! / knee).toBeLessThan(1.05);
  expect(answer.breaks! / knee).toBeGreaterThan(0.95);
  if (isFull) expect(Math.abs(answer.holds! / knee - 1)).toBeLessThan(0.05);
  const failed = judged.filter(({ outcome }) => outcome === 'failed');
  for (const { broke } of failed) expect(broke.map((each) => each.metric)).toContain(metric);
}

let rehearsal: Rehearsal;
const service = { servers: 100, meanService: 200 };
beforeAll(async () => {
  if (size === undefined) return;
  rehearsal = await startRehearsal({
    faults: {
      serviceTime: { servers: service.servers, timeMs: { exponential: { meanMs: service.meanService } } },
    },
  });
}, 60_000);
afterAll(() => rehearsal?.close());

async function search(profile: object): Promise<Searched> {
  const run = await rehearsal.begin({
    connect: { ratePerSecond: 400 },
    ratePerSecond: 100,
    duration: '1m',
    drain: '3s',
    ...profile,
  });
  await run.executionEnded();
  return searchedIn(path.join(rehearsal.runsDirectory, run.runId));
}

describeWithSize('a search finds', () => {
  it('the knee of a service with c servers where M/M/c says p99 is the objective', async () => {
    const atMost = 1_200;
    const found = await search({
      devices: 100,
      arrivals: 'poisson',
      search: { from: 400, to: 620, ...sizes },
      thresholds: { end_to_end_latency: [`p(99)<${atMost}`] },
    });
    expectKnee(found, 1_000 * kneeOf(service, { share: 0.99, atMost }), 'end_to_end_latency');
  }, 900_000);

  (isMosquittoInstalled ? it : it.skip)(
    'the knee that the queue limit of a Mosquitto makes for a slow subscriber',
    async () => {
      const directory = mkdtempSync(path.join(tmpdir(), 'stampede-mosquitto-'));
      const port = await freePort();
      const config = path.join(directory, 'mosquitto.conf');
      const lines = ['user root', 'allow_anonymous true', 'log_dest none', `listener ${port} 127.0.0.1`];
      writeFileSync(config, [...lines, 'max_inflight_messages 10', 'max_queued_messages 10', ''].join('\n'));
      const broker = spawn('mosquitto', ['-c', config], { stdio: 'ignore' });
      await untilOpen(port);
      const bytesPerSecond = 60_000;
      const link = await startSlowLink(port, bytesPerSecond);
      try {
        const found = await search({
          devices: 20,
          target: `mqtt://127.0.0.1:${link.port}`,
          publish: { sizeBytes: 256 },
          search: { from: 150, to: 320, ...sizes },
          thresholds: { lost_messages: ['count==0'] },
        });
        const failing = found.judged
          .filter(({ outcome }) => outcome === 'failed')
          .map(({ figures }) => figures.perSecond);
        // What gets through above the knee is what the link takes, whatever comes.
        expectKnee(found, Math.max(...failing), 'lost_messages');
      } finally {
        await link.close();
        broker.kill();
        rmSync(directory, { recursive: true, force: true });
      }
    },
    900_000,
  );

  const hasTaskset = spawnSync('taskset', ['--version']).error === undefined;
  (hasTaskset ? it : it.skip)(
    'no knee with a generator that is too slow, and says what it would need',
    async () => {
      const workplace = makeWorkplace();
      const cpu = String(availableParallelism() - 1);
      const busy = Array.from({ length: 3 }, () =>
        spawn('taskset', ['-c', cpu, process.execPath, '-e', 'for (;;);'], { stdio: 'ignore' }),
      );
      try {
        const file = workplace.writeProfile('slow.json', {
          name: 'slow',
          devices: 200,
          ratePerSecond: 100,
          duration: '1m',
          connect: { ratePerSecond: 200 },
          slices: { devicesPerSlice: 100 },
          limits: { enforce: false },
          search: { from: 6_000, to: 12_000, ...sizes },
          thresholds: { end_to_end_latency: ['p(99)<100'] },
        });
        const runs = path.join(workplace.directory, 'runs');
        const { child, result } = startCli(['run', file, '--runs', runs]);
        spawnSync('taskset', ['-a', '-p', '-c', cpu, String(child.pid)]);
        const { stdout, stderr } = await result;
        if (!existsSync(runs)) throw new Error(`${stdout}${stderr}`);
        const [runId = ''] = readdirSync(runs);
        const { answer, judged } = searchedIn(path.join(runs, runId));
        expect(answer).toMatchObject({ ended: 'void', holds: null, breaks: null });
        expect(answer.needs).toMatch(/faster generator|every message/);
        expect(judged.map(({ outcome }) => outcome)).toEqual(['void', 'void']);
      } finally {
        for (const each of busy) each.kill('SIGKILL');
        workplace.remove();
      }
    },
    300_000,
  );
});

async function untilOpen(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(20);
  }
}
