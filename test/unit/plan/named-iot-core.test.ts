import { expect, it } from '@jest/globals';
import { defaultDeployment } from '../../../src/plan/deployment.ts';
import { forecastUsage } from '../../../src/plan/forecast-usage.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { peaksOf, quotaAssumptionsOf } from '../../../src/plan/peaks.ts';
import { parseProfile, wantedTargetOf } from '../../../src/targets/parse-profile.ts';

// An endpoint of AWS IoT Core that the profile names: control messages, rule and queue are of the account that the run takes place in.

const host = 'abc-ats.iot.eu-west-1.amazonaws.com';

function planOf(target: object) {
  const profile = parseProfile({
    ...{ devices: 10, ratePerSecond: 50, duration: '60s', allowedHosts: [host] },
    ...target,
  });
  return makePlan({ runId: 'r', now: 0, profile, target: wantedTargetOf(profile) });
}

it('has neither the connections nor the messages of a run’s control', () => {
  const plan = planOf({ target: `mqtts://${host}`, connect: { cert: 'c.pem', key: 'c.key' } });
  const { iot } = forecastUsage(plan, defaultDeployment);
  expect(iot).toMatchObject({ controlMessages: 0, connects: 10 + plan.subscribers!.connections });
  expect(forecastUsage(planOf({}), defaultDeployment).iot.controlMessages).toBeGreaterThan(0);
});

it('has no rule that reads the topics', () => {
  const named = planOf({ target: `mqtts://${host}`, connect: { cert: 'c.pem', key: 'c.key' } });
  const rule = expect.stringContaining('Stampede’s own, is taken to read');
  expect(quotaAssumptionsOf(named)).not.toContainEqual(rule);
  expect(quotaAssumptionsOf(planOf({}))).toContainEqual(rule);
  expect(peaksOf(named, defaultDeployment).ruleEvaluationsPerSecond ?? 0).toBe(0);
});
