import { expect, it } from '@jest/globals';
import { findRunSite } from '../../../../src/cli/backend/run-site.ts';

it('refuses at once every flag of embedded AWS for a stack on AWS', async () => {
  const flags = { runs: 'runs', stage: 'dev', faults: '{}', quota: ['publishIn=1'] };
  await expect(findRunSite({ ...flags, deniedPublish: 'refuse' })).rejects.toThrow(
    /3 errors[\s\S]*--quota: is of embedded AWS[\s\S]*--denied-publish[\s\S]*--faults/,
  );
});
