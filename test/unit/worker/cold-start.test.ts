import { describe, expect, it } from '@jest/globals';
import { coldStartOf } from '../../../src/worker/cold-start.ts';

const environment = { coldStartLeadMs: 3_000, lambdaEnvironmentsPerSecond: 4 };

describe('the time that slices have to start', () => {
  it('is that of the stack on AWS, where functions have vCPUs of their own', () => {
    const ofAws = coldStartOf({ ...environment, idleStartMs: undefined }, 60_000);
    expect(ofAws).toEqual({ leadMs: 3_000, environmentsPerSecond: 4 });
  });

  it.each([
    [400, 3_000, 4],
    [750, 3_000, 4],
    [1_500, 6_000, 2],
    [3_000, 12_000, 1],
    [60_000, 30_000, 0.4],
  ])(
    'where the plan process took %d ms to start: a lead of %d ms, %d slices a second',
    (took, leadMs, perSecond) => {
      const coldStart = coldStartOf({ ...environment, idleStartMs: 750 }, took);
      expect(coldStart).toEqual({ leadMs, environmentsPerSecond: perSecond });
    },
  );
});
