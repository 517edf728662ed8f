import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { renderTerminalSummary } from '../../src/report/terminal-summary.ts';
import { packageWith } from './package-with.ts';
import { type EndedRehearsal, type Rehearsal, startRehearsal } from './rehearsal.ts';

// A whole run whose publishing function is at fault: what the user is told of it.

/** Slice 1 is out of luck in another way than the others. */
const atFault = `export async function handler({ slice }: { slice: number }): Promise<never> {
  if (slice === 1) process.exit(7);
  throw new TypeError('devices.map is not a function');
}
`;

let root: string;
let rehearsal: Rehearsal;
let ended: EndedRehearsal;
beforeAll(async () => {
  root = await packageWith('publish-mqtt', atFault);
  rehearsal = await startRehearsal({ packageRoot: root });
  ended = await rehearsal.run({
    devices: 40,
    connect: { client: 'dense', ratePerSecond: 400 },
    ratePerSecond: 40,
    duration: '1s',
    slices: { devicesPerSlice: 10, toleratedFailureShare: 1 },
    drain: '1s',
  });
}, 90_000);
afterAll(async () => {
  await rehearsal.close();
  await rm(root, { recursive: true, force: true });
});

describe('a run whose slices die', () => {
  const thrown = 'TypeError: devices.map is not a function';
  const exited = 'Runtime.ExitError: Runtime exited with error: exit status 7';

  it('names each cause once, with its count', () => {
    const { report } = ended;
    expect(report.slices).toMatchObject({ planned: 4, died: 4 });
    expect(report.causes.sliceDied).toEqual({ [thrown]: 3, [exited]: 1 });
    expect(report.imbalances).toEqual([]);
  });

  it('shows them on the terminal and on the page, and where to read on', async () => {
    const { report } = ended;
    const terminal = renderTerminalSummary(report).replace(/\s+/g, ' ');
    const html = await readFile(path.join(rehearsal.runsDirectory, report.runId, 'report.html'), 'utf8');
    for (const page of [terminal, html]) {
      expect(page).toContain(`${thrown} 3, ${exited} 1`);
      expect(page).toContain('is in the log of the function publish-mqtt');
    }
    const logs = await readdir(path.join(rehearsal.aws.logDirectory, 'stampede-dev-publish-mqtt'));
    expect(logs).toHaveLength(4);
  });
});
