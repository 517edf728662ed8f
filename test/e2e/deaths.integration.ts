import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { renderTerminalSummary } from '../../src/report/terminal-summary.ts';
import { packageWith } from '../support/run/package-with.ts';
import { falseClaims } from '../support/run/recorded-truth.ts';
import { type EndedRehearsal, type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// A whole run whose publishing function fails: what the report shows of it.

/** Slice 1 fails in another way than the others. */
const atFault = `export async function handler({ slice }: { slice: number }): Promise<never> {
  if (slice === 1) process.exit(7);
  throw new TypeError('devices.map is not a function');
}
`;

const load = {
  devices: 40,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 40,
  duration: '1s',
  slices: { devicesPerSlice: 10 },
  drain: '1s',
};

let root: string;
let rehearsal: Rehearsal;
let tolerant: EndedRehearsal;
let strict: EndedRehearsal;
beforeAll(async () => {
  root = await packageWith('publish-mqtt', atFault);
  rehearsal = await startRehearsal({ packageRoot: root });
  [tolerant, strict] = await Promise.all([
    rehearsal.run({ ...load, slices: { devicesPerSlice: 10, toleratedFailureShare: 1 } }),
    rehearsal.run(load),
  ]);
});
afterAll(async () => {
  await rehearsal.close();
  await rm(root, { recursive: true, force: true });
});

describe('a run whose slices die', () => {
  const thrown = 'TypeError: devices.map is not a function';
  const exited = 'Runtime.ExitError: Runtime exited with error: exit status 7';

  it('names each cause once, with its count', () => {
    const { report } = tolerant;
    expect(falseClaims(tolerant, { intended: 40, slicesKilled: 4 })).toEqual([]);
    expect(report.causes.sliceDied).toEqual({ [thrown]: 3, [exited]: 1 });
  });

  it('shows them on the terminal and on the page, and where to read on', async () => {
    const { report } = tolerant;
    const terminal = renderTerminalSummary(report).replace(/\s+/g, ' ');
    const html = await readFile(path.join(rehearsal.runsDirectory, report.runId, 'report.html'), 'utf8');
    for (const page of [terminal, html]) {
      expect(page).toContain(`${thrown} 3, ${exited} 1`);
      expect(page).toContain('is in the log of the function publish-mqtt');
    }
    const logs = await readdir(path.join(rehearsal.aws.logDirectory, 'stampede-dev-publish-mqtt'));
    expect(logs.length).toBeGreaterThanOrEqual(4);
  });

  it('fails the run with the cause in its first sentence', () => {
    const { report } = strict;
    expect(report.verdict).toBe('failed');
    expect(falseClaims(strict, { intended: 40, slicesKilled: 4 })).toEqual([]);
    // Those that were ended with the first have no cause of their own.
    expect(report.reasons[0]).toMatch(/^Of 4 slices, .*(TypeError: devices\.map is|exit status 7)/);
  });
});
