import { describe, expect, it } from '@jest/globals';
import { makePageModules } from '../../../src/ui/modules.ts';

const modules = makePageModules();

/** A page's script and all that it imports, as a browser would ask for them. */
async function crawl(entry: string): Promise<string[]> {
  const found = new Set<string>();
  const queue = [entry];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    const script = await modules.read(name);
    if (script === undefined) throw new Error(`${name} is not served`);
    for (const [, specifier] of script.matchAll(/^(?:import|export)\s[^;]*?from\s*'([^']+)'/gm)) {
      if (specifier === undefined || !specifier.startsWith('.'))
        throw new Error(`${name} imports ${specifier}, which no browser finds`);
      queue.push(new URL(specifier, `http://x/${name}`).pathname.slice(1));
    }
  }
  return [...found];
}

describe('the page’s modules', () => {
  it.each(['live.ts', 'new-run.ts'])('%s needs nothing but what is served', async (entry) => {
    const found = await crawl(`src/ui/page/${entry}`);
    expect(found).toContain('src/ui/page/send.ts');
    expect(found.length).toBeLessThan(30);
  });

  it('reach the browser without their types', async () => {
    const script = await modules.read('src/shared/format.ts');
    expect(script).toContain('export function formatCount(count        )');
  });

  it.each([
    'src/ui/server.ts',
    'src/aws/executions.ts',
    'src/report/../cli/main.ts',
    'package.json',
    'src/report/figures.ts/../../../package.json',
    '../../etc/passwd',
    'src/report/no-such-file.ts',
    '',
  ])('do not include %j', async (name) => {
    expect(await modules.read(name)).toBeUndefined();
  });
});
