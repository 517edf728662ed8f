import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { firstCalm } from '../../support/run/calm-run.ts';
import { type Rehearsal, startRehearsal } from '../../support/run/rehearsal.ts';

// Against a server whose delays are known, on this machine: these tests need a quiet one.

let rehearsal: Rehearsal;
let server: ChildProcess;
let origin: string;

beforeAll(async () => {
  server = fork(path.resolve(import.meta.dirname, '../../support/run/delaying-server.mjs'));
  const [port] = await once(server, 'message');
  origin = `http://127.0.0.1:${port}`;
  rehearsal = await startRehearsal();
});
afterAll(async () => {
  server.kill();
  await rehearsal.close();
});

const http = { succeeds: ['2xx', 503] };

interface TooFar {
  /** figures that are further from the server's own than 1 ms and 1 % */
  readonly figures: string[];
  /** those of them that the generator's own event loop delay does not explain */
  readonly unexplained: string[];
}

async function compareResponseTimes(): Promise<TooFar> {
  const before = ((await (await fetch(`${origin}/log`)).json()) as number[]).length;
  const { report } = await rehearsal.run({
    target: `${origin}/things/{deviceId}`,
    http,
    devices: 50,
    ratePerSecond: 100,
    duration: '20s',
    drain: '0s',
  });
  const log = (await (await fetch(`${origin}/log`)).json()) as number[];
  const took = log.slice(before).sort((a, b) => a - b);
  expect(took.length).toBe(2_000);
  expect(report.requests!.statuses.map(({ status, latencyMs }) => [status, latencyMs.count])).toEqual([
    [200, 1_900],
    [503, 100],
  ]);
  expect(report.messages).toMatchObject({ sent: 2_000, acked: 2_000, received: 0, lost: 0 });
  expect(report.observers).toEqual({});
  const { mean, p50, p90, p99 } = report.latencyMs.response_time!;
  const at = (share: number) => took[Math.ceil(took.length * share) - 1]!;
  const real = {
    mean: took.reduce((sum, each) => sum + each, 0) / took.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
  };
  const furtherThan = (allowedMs: number) =>
    Object.entries({ mean, p50, p90, p99 }).flatMap(([name, measured]) => {
      const expected = real[name as keyof typeof real];
      const isNear = Math.abs(measured - expected) <= Math.max(allowedMs, 0.01 * expected);
      return isNear ? [] : [`${name}: ${measured} ms of ${expected} ms`];
    });
  return { figures: furtherThan(1), unexplained: furtherThan(1 + report.generator.eventLoopDelayP99Ms) };
}

describe('a web service with known delays', () => {
  it('has its response time measured within 1 ms or 1 %, and its statuses to the request', async () => {
    const { unexplained } = await firstCalm(5, compareResponseTimes, ({ figures }) => figures.length > 0);
    expect(unexplained).toEqual([]);
  }, 300_000);

  it('gets as many requests of 500 users as the closed model says', async () => {
    const users = 500;
    const thinkSeconds = 2;
    const { report } = await rehearsal.run({
      target: `${origin}/things/{deviceId}`,
      http,
      users,
      spawnPerSecond: 250,
      thinkTime: `${thinkSeconds}s`,
      duration: '30s',
      drain: '0s',
    });
    const { mean } = report.latencyMs.response_time!;
    // Once all users are there, each sends once in its think time and the time of an answer.
    const predicted = users / (thinkSeconds + mean / 1_000);
    const { startSecond, sent } = report.perSecond;
    const from = Math.ceil(report.timeline.publishAt / 1_000) + 6 - startSecond;
    const to = Math.floor(report.timeline.publishEndAt / 1_000) - 2 - startSecond;
    const measured = sent.slice(from, to).reduce((sum, each) => sum + each, 0) / (to - from);
    expect(Math.abs(measured / predicted - 1)).toBeLessThan(0.02);
    expect(report.messages.unacknowledged).toBe(0);
  });
});
