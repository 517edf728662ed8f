import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';

const folder = new URL('../../../profiles/', import.meta.url);
const examples = readdirSync(folder).filter(
  (file) => file.endsWith('.json') && !file.endsWith('.schema.json'),
);

function planOf(file: string) {
  const profile = parseLoadProfile(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));
  const coldStart = { leadMs: 2_000, environmentsPerSecond: 100 };
  return makePlan({ runId: profile.name, profile, now: 0, coldStart, topicFilter: 'stampede/prod/#' });
}

describe('the example profiles', () => {
  it.each(examples)('%s has no fault, and a default account allows it', (file) => {
    expect(preflight(planOf(file)).refusals).toEqual([]);
  });

  it.each(examples)('%s names its schema for editors', (file) => {
    const input = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as { $schema?: string };
    expect(input.$schema).toBe('./load-profile.schema.json');
  });

  it('smoke.json is over in 20 seconds, and takes four slices', () => {
    const { timeline, slices } = planOf('smoke.json');
    expect(timeline.drainEndAt - timeline.createdAt).toBeLessThan(20_000);
    expect(slices).toEqual({ count: 4, devicesPerSlice: 100 });
  });

  it('full-quota.json is at the quota, to the message', () => {
    expect(preflight(planOf('full-quota.json')).binding).toMatchObject({
      quota: 'publishInPerSecond',
      peak: 20_000,
      headroom: 0,
    });
  });
});
