import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { untilHealthy } from '../until.ts';
import { freePort } from './free-port.ts';
import type { InfluxUnderTest } from './influx-under-test.ts';

export interface VictoriaMetrics extends InfluxUnderTest {
  /** Instant vector of a MetricsQL query. */
  query(
    metricsQl: string,
  ): Promise<readonly { readonly labels: Record<string, string>; readonly value: number }[]>;
}

export const hasVictoriaMetrics = spawnSync('victoria-metrics', ['-version']).error === undefined;

/** Debian's victoria-metrics: it takes InfluxDB's write API, keeps milliseconds, and replaces nothing. */
export async function startVictoriaMetrics(): Promise<VictoriaMetrics> {
  const directory = await mkdtemp(path.join(tmpdir(), 'victoria-metrics-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;

  const victoria: VictoriaMetrics = {
    server: { url, org: 'any', bucket: 'any', token: 'any' },
    async start() {
      child = spawn(
        'victoria-metrics',
        [`-storageDataPath=${directory}`, `-httpListenAddr=127.0.0.1:${port}`, '-search.latencyOffset=0s'],
        { stdio: 'ignore' },
      );
      await untilHealthy(`${url}/health`);
    },
    async kill() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      // Not SIGKILL: it answers before it has stored, and says so in its documentation.
      child.kill('SIGINT');
      await gone;
    },
    async query(metricsQl) {
      await fetch(`${url}/internal/force_flush`);
      // A point's time is up to a second after its second: its place within the second is that of its batch.
      const time = String(Date.now() / 1_000 + 1);
      const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: metricsQl, time })}`);
      const { data, error } = (await answer.json()) as QueryAnswer;
      if (data === undefined) throw new Error(error);
      return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    async sum(runId, measurement, field, latency) {
      const labels = [`run="${runId}"`, ...(latency === undefined ? [] : [`latency="${latency}"`])].join();
      const [answer] = await victoria.query(`sum(sum_over_time(${measurement}_${field}{${labels}}[1h]))`);
      return answer?.value ?? 0;
    },
    async close() {
      await victoria.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
  await victoria.start();
  return victoria;
}

interface QueryAnswer {
  readonly error?: string;
  readonly data?: {
    readonly result: readonly {
      readonly metric: Record<string, string>;
      readonly value: readonly [number, string];
    }[];
  };
}
