import { describe, expect, it } from '@jest/globals';
import { makePlan } from '../../src/plan/make-plan.ts';
import { preflight } from '../../src/plan/preflight.ts';
import { accountLimitsOf } from '../../src/plan/quotas.ts';
import { parseLoadProfile } from '../../src/profile/parse.ts';

const coldStart = { leadMs: 2_000, environmentsPerSecond: 100 };

function preflightOf(input: object, limits = accountLimitsOf('default')) {
  return preflight(
    makePlan({ runId: 'run', profile: parseLoadProfile(input), now: 0, coldStart, limits }),
    limits,
  );
}

const fleet = {
  devices: 1_000,
  stages: [
    { duration: '30s', target: 2_000 },
    { duration: '60s', target: 2_000 },
  ],
  publish: { sizeBytes: 1_024 },
  echo: { fraction: 0.1 },
};

describe('preflight', () => {
  it('agrees with peaks worked out by hand', () => {
    const peaks = new Map(preflightOf(fleet).quotas.map(({ quota, peak }) => [quota, peak]));
    expect(Object.fromEntries(peaks)).toEqual({
      publishInPerSecond: 2_000,
      // A tenth of the devices hears a tenth of the messages.
      publishOutPerSecond: 200,
      subscribesPerSecond: 40,
      connectsPerSecond: 400,
      concurrentConnections: 1_000,
      publishesPerSecondPerConnection: 2,
      bytesPerSecondPerConnection: 2_048,
      ruleEvaluationsPerSecond: 2_000,
      // Two slices of 500, and five pollers of the queue.
      lambdaConcurrency: 7,
      // 2.02 s of cold starts, 2.5 + 1 of connects, 90 of publishing, 10 of drain, 15 of margin.
      lambdaSeconds: 120.52,
      mapChildren: 2,
      statePayloadBytes: expect.any(Number),
    });
  });

  it('names the quota that is reached first', () => {
    const { binding, refusals } = preflightOf(fleet);
    expect(binding).toMatchObject({
      quota: 'connectsPerSecond',
      limit: 500,
      allowed: 400,
      withinAllowed: true,
    });
    expect(binding.headroom).toBeCloseTo(0.2);
    expect(refusals).toEqual([]);
  });

  it('refuses what is past the share that the profile allows, and says what to change', () => {
    const load = { devices: 2_000, ratePerSecond: 20_000, duration: '60s' };
    const { refusals } = preflightOf(load);
    expect(refusals.map(({ message }) => message)).toEqual([
      'inbound publishes per second (PublishIn): 20,000/s planned, and 80% of the quota of 20,000/s is 16,000/s',
      'rule evaluations per second: 20,000/s planned, and 80% of the quota of 20,000/s is 16,000/s',
    ]);
    expect(refusals[0]?.hint).toMatch(/16,000\/s.*L-4B33E451.*limits\.quotaShare/);
    expect(preflightOf({ ...load, limits: { quotaShare: 1 } }).refusals).toEqual([]);
  });

  it('holds no share back of what AWS never raises', () => {
    const { quotas } = preflightOf({
      devices: 10,
      ratePerSecond: 1_000,
      duration: '10s',
      limits: { quotaShare: 0.5 },
      connect: { ratePerSecond: 100 },
    });
    expect(quotas.find(({ quota }) => quota === 'publishesPerSecondPerConnection')).toMatchObject({
      peak: 100,
      allowed: 100,
      withinAllowed: true,
    });
  });

  it('knows the smaller Regions', () => {
    const small = preflightOf(fleet, accountLimitsOf('small'));
    const refused = small.quotas.filter(({ withinAllowed }) => !withinAllowed).map(({ quota }) => quota);
    expect(refused).toEqual(['publishInPerSecond', 'connectsPerSecond', 'ruleEvaluationsPerSecond']);
  });

  it('has no connections to count over https', () => {
    const { quotas } = preflightOf({
      devices: 10,
      ratePerSecond: 10,
      duration: '10s',
      connect: { protocol: 'https' },
    });
    expect(quotas.map(({ quota }) => quota)).toEqual([
      'publishInPerSecond',
      'ruleEvaluationsPerSecond',
      'lambdaConcurrency',
      'lambdaSeconds',
      'mapChildren',
      'statePayloadBytes',
    ]);
  });
});
