import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { InfluxServer } from '../../../src/embedded/influxdb/influxdb-relay.ts';

/** The InfluxDB of quiet-influx.ts, as a process that a test may stop or kill. */
export interface QuietInflux {
  readonly pid: number;
  readonly server: InfluxServer;
  /** What makes a command line use it. */
  readonly variables: Readonly<Record<`INFLUX_${string}`, string>>;
  /** Resolves once it took a write. */
  tookWrite(): Promise<void>;
  close(): void;
}

export async function startQuietInflux(): Promise<QuietInflux> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'quiet-influx.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const wrote = once(child.stdout, 'data');
  const server = { url: `http://127.0.0.1:${port.toString().trim()}`, org: 'o', bucket: 'b', token: 't' };
  return {
    pid: child.pid!,
    server,
    variables: {
      INFLUX_URL: server.url,
      INFLUX_ORG: server.org,
      INFLUX_BUCKET: server.bucket,
      INFLUX_TOKEN: server.token,
    },
    tookWrite: async () => void (await wrote),
    close: () => void child.kill('SIGKILL'),
  };
}
