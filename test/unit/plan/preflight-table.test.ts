import { describe, expect, it } from '@jest/globals';
import { defaultDeployment } from '../../../src/plan/deployment.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { edgeProfiles } from '../../support/plan/worked/edge.ts';
import { everydayProfiles } from '../../support/plan/worked/everyday.ts';
import type { WorkedProfile } from '../../support/plan/worked/worked-profile.ts';

function preflightOf({ profile, limits, deployment }: WorkedProfile) {
  const account = { limits: accountLimitsOf('default', limits), live: [], isCharged: true };
  const plan = makePlan({
    runId: 'run',
    profile: parseLoadProfile(profile),
    now: 0,
    coldStart: { leadMs: 5_000, environmentsPerSecond: 100 },
    account,
  });
  return preflight(plan, { ...defaultDeployment, ...deployment });
}

describe('preflight agrees with what was worked out by hand', () => {
  describe.each([...everydayProfiles, ...edgeProfiles])('$name', (worked) => {
    const { quotas, binding, cost } = preflightOf(worked);

    it('in the peak of every quota', () => {
      const peaks = quotas.filter(
        // Worked out only where it is large.
        ({ quota }) => quota !== 'statePayloadBytes' || worked.peaks.statePayloadBytes !== undefined,
      );
      expect(peaks.map(({ quota }) => quota).toSorted()).toEqual(Object.keys(worked.peaks).toSorted());
      for (const { quota, peak } of peaks) {
        expect({ quota, peak }).toEqual({ quota, peak: expect.closeTo(worked.peaks[quota]!, 9) });
      }
      expect(binding.quota).toBe(worked.binding);
    });

    it('in every line of the bill, to the message', () => {
      const quantities = Object.fromEntries(cost.lines.map(({ line, quantity }) => [line, quantity]));
      const expected = Object.entries(worked.quantities).map(([line, quantity]) => {
        const isMemory = line.startsWith('lambda-') && line !== 'lambda-requests';
        return [line, isMemory ? expect.closeTo(quantity, 3) : quantity];
      });
      expect(quantities).toEqual(Object.fromEntries(expected));
    });

    it('in dollars, to a hundredth of a cent', () => {
      expect(cost.totalUsd).toBeCloseTo(worked.totalUsd, 4);
      const sum = cost.lines.reduce((total, { usd }) => total + usd, 0);
      expect(cost.totalUsd).toBeCloseTo(sum, 9);
    });
  });
});
