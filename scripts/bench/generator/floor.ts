import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { benchTopicOf } from './clients.ts';
import type { Load, LoadReport } from './load.ts';

/** MQTT 5's fixed header, topic length, packet identifier and properties: what a PUBLISH has beside topic and payload. */
const headerBytes = 1 + 2 + 2 + 2 + 1;

/** Compiles floor.c; undefined without a C compiler. */
export function compileFloor(): ((load: Load) => Promise<LoadReport>) | undefined {
  const program = join(mkdtempSync(join(tmpdir(), 'stampede-bench-')), 'floor');
  const source = fileURLToPath(new URL('./floor.c', import.meta.url));
  if (spawnSync('cc', ['-O2', '-o', program, source], { stdio: 'pipe' }).status !== 0) return undefined;
  const run = promisify(execFile);
  return async ({ target, devices, ratePerSecond, qos, sizeBytes, warmUpSeconds, seconds }) => {
    const packetBytes = headerBytes + benchTopicOf(0).length + sizeBytes;
    const numbers = [target.port, devices, ratePerSecond, qos, packetBytes, warmUpSeconds, seconds];
    const { stdout } = await run(program, [target.host, ...numbers.map(String)]);
    return JSON.parse(stdout) as LoadReport;
  };
}
