import { expect, it } from '@jest/globals';
import { accountOfQuotas } from '../../../../src/cli/options/quota-flags.ts';
import { renderPlanPage } from '../../../../src/cli/output/plan-text.ts';
import { renderRegions } from '../../../../src/cli/output/region-text.ts';
import { type DraftOptions, draftRun } from '../../../../src/cli/run/draft-run.ts';
import { parseLoadProfile } from '../../../../src/profile/parse.ts';

const profile = { devices: 1_000, ratePerSecond: 3_000, duration: '1m', limits: { quotaShare: 1 } };
const draftOf = (more: object, options?: DraftOptions) =>
  draftRun(parseLoadProfile({ ...profile, ...more }), options);

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

it('gives each Region the limits of its size beside those that are given for all', () => {
  const { preflight } = draftOf(
    { regions: { 'eu-west-1': 0.4, 'ap-northeast-2': 0.6 } },
    { account: accountOfQuotas({ limits: { publishInPerSecond: 5_000 } }) },
  );
  const limitsOf = (name: string) =>
    preflight.regions?.map(({ quotas }) => quotas.find(({ quota }) => quota === name)?.limit);
  expect(limitsOf('publishInPerSecond')).toEqual([5_000, 5_000]);
  expect(limitsOf('connectsPerSecond')).toEqual([500, 100]);
});

it('has on its page what the queue of each Region costs, and the defaults of each', () => {
  const page = renderPlanPage(draftOf({ regions: { 'eu-west-1': 0.4, 'ap-northeast-2': 0.6 } })).join('\n');
  expect(page).toMatch(/In eu-west-1:\n.*sends to a queue: [\s\S]*In ap-northeast-2:\n.*sends to a queue: /);
  expect(page).toMatch(/Limits are AWS’s defaults of \S+ for eu-west-1/);
  expect(page.replaceAll(/\s+/g, ' ')).toMatch(/AWS’s defaults of \S+ for ap-northeast-2/);
});

it('says nothing of a plan in one Region', () => {
  expect(renderRegions(draftOf({}).preflight)).toEqual([]);
});
