import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type PackagedStack, packageStack, readStack } from '../../../test/support/stack/packaged-stack.ts';
import { measureInProcess } from '../measured-process.ts';
import type { ImportReport, ImportSettings } from '../pure/run-import.ts';
import { measureInRounds } from '../rounds.ts';
import type { Bench, Suite } from '../suite.ts';

const runImport = new URL('../pure/run-import.ts', import.meta.url);
const functions = ['plan', 'publish-mqtt', 'publish-http', 'subscribe', 'measure-latency', 'summarize'];
const nodeItself = 'Node itself';
/** An import takes a tenth of a second: many are soon measured. */
const importsPerRound = 5;

export const coldStart: Suite = {
  name: 'cold-start',
  about: "import time and zip size of each function, from `sls package`'s zips",
  async run(bench) {
    bench.progress('sls package');
    const architecture = process.arch === 'x64' ? 'x86_64' : 'arm64';
    const directory = await mkdtemp(join(tmpdir(), 'stampede-bench-'));
    try {
      const artifacts = join(directory, 'stack');
      await packageStack(artifacts, [`architecture=${architecture}`]);
      await measureImports(bench, await readStack(artifacts), directory);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

async function measureImports(bench: Bench, stack: PackagedStack, directory: string): Promise<void> {
  const subjects: Record<string, () => Promise<ImportReport>> = {
    [nodeItself]: () => measureInProcess<ImportSettings, ImportReport>(runImport, { variables: {} }),
  };
  for (const name of functions) {
    const folder = join(directory, name);
    await unpack(stack, name, folder);
    const file = join(folder, 'functions', `${name}.cjs`);
    const variables = { ...stack.variablesOf(name), RUN_BUCKET: 'bench', AWS_REGION: 'us-east-1' };
    subjects[name] = () => measureInProcess<ImportSettings, ImportReport>(runImport, { file, variables });
  }
  bench.progress('imports');
  const measured = await measureInRounds(bench.rounds * importsPerRound, subjects, bench.skip);
  for (const name of measured.names) {
    const imported = name !== nodeItself;
    bench.report({
      name: imported ? `import: ${name}` : "start of a process: Node's own",
      value: measured.median(name, ({ ms }) => ms),
      unit: 'ms',
      ...(imported && { goal: { atMost: name === 'publish-mqtt' ? 150 : 60 } }),
      ratios: measured.ratios(name, ({ ms }) => ms, { [nodeItself]: undefined }),
    });
  }
  for (const name of functions) {
    bench.report({ name: `zip: ${name}`, value: (stack.zips.get(name)?.bytes ?? 0) / 1e6, unit: 'MB' });
  }
}

async function unpack(stack: PackagedStack, name: string, folder: string): Promise<void> {
  for (const [path, bytes] of Object.entries(stack.zips.get(name)?.files ?? {})) {
    if (path.endsWith('/')) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}
