import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

/** Imports a module in a process of its own. @returns the URLs of all modules that it loads, CommonJS ones included */
async function modulesOf(path: string): Promise<readonly string[]> {
  // What a function needs of its environment is not there: it fails, with all its modules loaded.
  const script = `
    const { registerHooks } = await import('node:module');
    const loaded = [];
    registerHooks({
      resolve(specifier, context, next) {
        const resolved = next(specifier, context);
        loaded.push(resolved.url);
        return resolved;
      },
    });
    await import(${JSON.stringify(new URL(`../../../${path}`, import.meta.url).href)}).catch(() => {});
    process.stdout.write(JSON.stringify(loaded), () => process.exit());`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24 });
  return JSON.parse(stdout);
}

describe('the function of a slice', () => {
  it.each([
    ['publish-mqtt', 'src/device/slice-runner.ts'],
    ['publish-http', 'src/device/slice-runner.ts'],
    ['subscribe', 'src/device/subscriber.ts'],
  ])('%s does not load the schema of profiles, which takes 20 MB', async (name, known) => {
    const loaded = await modulesOf(`functions/${name}.ts`);
    expect(loaded.filter((url) => url.endsWith(known))).not.toEqual([]);
    expect(loaded.filter((url) => url.includes('/node_modules/zod/'))).toEqual([]);
  });

  it('is unlike that of the plan, which checks the profile', async () => {
    const loaded = await modulesOf('functions/plan.ts');
    expect(loaded.filter((url) => url.includes('/node_modules/zod/'))).not.toEqual([]);
  });
});
