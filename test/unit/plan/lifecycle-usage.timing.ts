import { expect, it } from '@jest/globals';
import { draftRun } from '../../../src/cli/run/draft-run.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';

it('drafts a run of 20,000 devices with lifecycles for half a day in two seconds', () => {
  const profile = parseProfile({
    devices: 20_000,
    everySeconds: 60,
    duration: '12h',
    lifecycle: { awake: '30s', asleep: '1h', whenAsleep: 'skip' },
  });
  const from = process.cpuUsage();
  expect(draftRun(profile).walls[0]!.hint).toContain('shorten the run');
  const { user, system } = process.cpuUsage(from);
  expect(user + system).toBeLessThan(2_000_000);
});
