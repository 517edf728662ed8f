/** Grafana dashboards from their sources. With `--check`: fails when one in dashboards/json is stale. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDashboards } from '../dashboards/grafana/dashboards.ts';

const directory = fileURLToPath(new URL('../dashboards/json', import.meta.url));
const built = new Map(
  Object.entries(buildDashboards()).map(([name, dashboard]) => [
    name,
    `${JSON.stringify(dashboard, null, 2)}\n`,
  ]),
);
const present = await readdir(directory).catch(() => []);

if (process.argv.includes('--check')) {
  const stale: string[] = present.filter((name) => !built.has(name));
  for (const [name, json] of built) {
    if ((await readFile(path.join(directory, name), 'utf8').catch(() => '')) !== json) stale.push(name);
  }
  if (stale.length > 0) {
    console.error(`stale in dashboards/json: ${stale.join(', ')}; npm run dashboards writes them anew`);
    process.exitCode = 1;
  }
} else {
  await mkdir(directory, { recursive: true });
  for (const name of present) if (!built.has(name)) await rm(path.join(directory, name));
  for (const [name, json] of built) await writeFile(path.join(directory, name), json);
}
