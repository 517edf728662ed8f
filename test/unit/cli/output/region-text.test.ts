import { expect, it } from '@jest/globals';
import { renderRegions } from '../../../../src/cli/output/region-text.ts';
import { draftRun } from '../../../../src/cli/run/draft-run.ts';
import { parseLoadProfile } from '../../../../src/profile/parse.ts';

const profile = { devices: 1_000, ratePerSecond: 3_000, duration: '1m', limits: { quotaShare: 1 } };
const draftOf = (more: object) => draftRun(parseLoadProfile({ ...profile, ...more }));

it('says what each Region gets of a plan, by its own quotas, and which prices were used', () => {
  const draft = draftOf({ regions: { 'eu-west-1': 0.4, 'ap-northeast-2': 0.6 } });
  const [first, second, prices] = renderRegions(draft.preflight);
  expect(first).toMatch(/eu-west-1: 400 devices in 2 slices, up to 1,200\/s/);
  expect(second).toMatch(/ap-northeast-2: 600 devices in 3 slices, up to 1,800\/s/);
  expect(prices).toContain('prices are those of us-east-1 in every Region');
  // Of 2,000 publishes a second in a small Region, 1,800 are used, and of 20,000 in a large one 1,200.
  expect(
    draft.preflight.regions?.map(
      ({ quotas }) => quotas.find(({ quota }) => quota === 'publishInPerSecond')?.limit,
    ),
  ).toEqual([20_000, 2_000]);
  expect(draft.preflight.cost.totalUsd).toBeCloseTo(
    draft.preflight.regions!.reduce((sum, { totalUsd }) => sum + totalUsd, 0),
    9,
  );
});

it('refuses what is past a quota in one Region, and names it', () => {
  const { preflight } = draftOf({
    ratePerSecond: 4_000,
    regions: { 'eu-west-1': 0.4, 'ap-northeast-2': 0.6 },
  });
  const messages = preflight.refusals.map(({ message }) => message);
  expect(messages.length).toBeGreaterThan(0);
  for (const message of messages) expect(message).toMatch(/^in ap-northeast-2: /);
});

it('says nothing of a plan in one Region', () => {
  expect(renderRegions(draftOf({}).preflight)).toEqual([]);
});
