import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { untilHealthy } from '../until.ts';
import { freePort } from './free-port.ts';
import type { InfluxUnderTest } from './influx-under-test.ts';

export interface Influxd extends InfluxUnderTest {
  /** Rows of a Flux query's answer, by column. */
  query(flux: string): Promise<readonly Readonly<Record<string, string>>[]>;
}

/** InfluxDB 2's server: `$INFLUXD`, the one on the path, or the one that scripts/build-influxd.sh has built. */
export function findInfluxd(): string | undefined {
  const built = path.join(homedir(), '.cache', 'stampede');
  const candidates = [
    process.env.INFLUXD,
    'influxd',
    ...listOf(built)
      .filter((name) => name.startsWith('influxd-'))
      .map((name) => path.join(built, name)),
  ];
  // InfluxDB 1 has an influxd as well; its version says so.
  return candidates.find((candidate) => {
    if (!candidate) return false;
    const { stdout } = spawnSync(candidate, ['version'], { encoding: 'utf8' });
    return /^InfluxDB (v?2|dev)/.test(stdout ?? '');
  });
}

export async function startInfluxd(binary: string): Promise<Influxd> {
  const directory = await mkdtemp(path.join(tmpdir(), 'influxd-'));
  const port = await freePort();
  const server = {
    url: `http://127.0.0.1:${port}`,
    org: 'stampede',
    bucket: 'stampede',
    token: 'test-token',
  };
  let child: ChildProcess | undefined;

  const influxd: Influxd = {
    server,
    async start() {
      child = spawn(
        binary,
        [
          ...['--bolt-path', path.join(directory, 'bolt')],
          ...['--sqlite-path', path.join(directory, 'sqlite')],
          ...['--engine-path', path.join(directory, 'engine')],
          ...['--http-bind-address', `127.0.0.1:${port}`],
          ...['--reporting-disabled', '--log-level', 'error'],
        ],
        { stdio: 'ignore' },
      );
      await untilHealthy(`${server.url}/health`);
    },
    async kill() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
    async query(flux) {
      const answer = await fetch(`${server.url}/api/v2/query?org=${server.org}`, {
        method: 'POST',
        headers: {
          authorization: `Token ${server.token}`,
          'content-type': 'application/vnd.flux',
          accept: 'application/csv',
        },
        body: flux,
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${text}\n${flux}`);
      return parseAnnotatedCsv(text);
    },
    async sum(runId, measurement, field, latency) {
      const rows = await influxd.query(`
        from(bucket: "${server.bucket}") |> range(start: -1d, stop: 1d)
          |> filter(fn: (r) => r.run == "${runId}" and r._measurement == "${measurement}" and r._field == "${field}")
          ${latency === undefined ? '' : `|> filter(fn: (r) => r.latency == "${latency}")`}
          |> group() |> sum()`);
      return Number(rows[0]?._value ?? 0);
    },
    async close() {
      await influxd.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
  await influxd.start();
  const { org, bucket, token } = server;
  const answer = await fetch(`${server.url}/api/v2/setup`, {
    method: 'POST',
    body: JSON.stringify({ username: 'test', password: 'test-password', org, bucket, token }),
  });
  if (!answer.ok) throw new Error(`influxd refused its setup: ${await answer.text()}`);
  return influxd;
}

/** Tables one after another, each with a header; what Stampede writes holds no quoted line breaks. */
function parseAnnotatedCsv(text: string): Readonly<Record<string, string>>[] {
  const rows: Record<string, string>[] = [];
  for (const table of text.split(/\r?\n\r?\n/)) {
    const [header, ...lines] = table.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
    if (header === undefined) continue;
    const columns = cellsOf(header);
    for (const line of lines) {
      const cells = cellsOf(line);
      rows.push(Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ''])));
    }
  }
  return rows;
}

function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

function listOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
