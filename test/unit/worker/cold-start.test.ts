import { describe, expect, it } from '@jest/globals';
import { defaultDeployment } from '../../../src/plan/deployment.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { coldStartOf } from '../../../src/worker/cold-start.ts';

const environment = {
  coldStartLeadMs: 3_000,
  lambdaEnvironmentsPerSecond: 4,
  idleStartMs: 750,
  deployment: undefined,
};
const load = { devices: 10, ratePerSecond: 10, duration: '1m' };
const plain = parseLoadProfile(load);
const ofIdle = { leadMs: 3_000, environmentsPerSecond: 4 };

describe('the time that slices have to start', () => {
  it('is that of the stack on AWS, where functions have vCPUs of their own', () => {
    expect(coldStartOf({ ...environment, idleStartMs: undefined }, plain, 60_000)).toEqual(ofIdle);
  });

  it('is that of an idle machine where legs have to fit into a given time', () => {
    const withLegs = parseLoadProfile({ ...load, legs: { length: '20s', overlap: '1s' } });
    expect(coldStartOf(environment, withLegs, 60_000)).toEqual(ofIdle);
    const deployment = { ...defaultDeployment, sliceSeconds: 60 };
    expect(coldStartOf({ ...environment, deployment }, plain, 60_000)).toEqual(ofIdle);
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
      const coldStart = coldStartOf(environment, plain, took);
      expect(coldStart).toEqual({ leadMs, environmentsPerSecond: perSecond });
    },
  );
});
