import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** `npm run check`: all that is checked without running anything, as many steps at a time as there are cores, the longest first. */
const steps: readonly string[] = [
  'tsc --noEmit --incremental --tsBuildInfoFile .tsbuildinfo',
  'node scripts/generate-schemas.ts --check',
  'depcruise --config .dependency-cruiser.mjs src functions scripts dashboards test',
  'biome check .',
  'node scripts/check-environment.ts',
  'tsc --noEmit -p src/ui/page',
  'node scripts/licences.ts --check',
  'node scripts/check-words.ts',
  'node scripts/build-dashboards.ts --check',
];

/** Prints what the step wrote once it has ended. @returns whether it passed */
async function run(step: string): Promise<boolean> {
  const child = spawn(step, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  process.stdout.write(output);
  if (code !== 0) console.error(`${step}: failed`);
  return code === 0;
}

const rest = steps.values();
const failed: string[] = [];
async function worker(): Promise<void> {
  for (const step of rest) if (!(await run(step))) failed.push(step);
}
await Promise.all(Array.from({ length: availableParallelism() }, worker));
if (failed.length > 0) process.exitCode = 1;
