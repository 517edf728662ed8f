import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { runEmbedded } from '../../src/library.ts';

const runsDirectory = await mkdtemp(path.join(tmpdir(), 'stampede-library-'));
const own = process.env.AWS_PROFILE;
afterAll(async () => {
  if (own === undefined) delete process.env.AWS_PROFILE;
  else process.env.AWS_PROFILE = own;
  await rm(runsDirectory, { recursive: true, force: true, maxRetries: 5 });
});

it('leaves the environment as it was, during a run and for the next one', async () => {
  process.env.AWS_PROFILE = 'own';
  const before = { ...process.env };
  const profile = { devices: 4, connect: { client: 'dense' }, ratePerSecond: 8, duration: '2s', drain: '1s' };
  const running = runEmbedded(profile, { runsDirectory });
  const seen = new Set<string>();
  const looking = setInterval(() => seen.add(JSON.stringify(process.env)), 20);
  const report = await running.finally(() => clearInterval(looking));
  expect(report.messages).toMatchObject({ sent: 16, lost: 0 });
  expect([...seen]).toEqual([JSON.stringify(before)]);
  expect({ ...process.env }).toEqual(before);
});
