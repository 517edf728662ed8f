import { describe, expect, it } from '@jest/globals';
import { groupsOf } from '../../../src/plan/groups.ts';
import { kindsOf } from '../../../src/plan/kinds.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { meteredSize } from '../../../src/plan/message-size.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';

const minimal = { devices: 100, ratePerSecond: 50, duration: '60s' };

function planOf(input: object) {
  return makePlan({ profile: parseProfile({ ...minimal, ...input }), runId: 'run-1', now: 0 });
}

function quotasOf(input: object): Record<string, number> {
  const { quotas } = preflight(planOf(input));
  return Object.fromEntries(quotas.map(({ quota, peak }) => [quota, peak]));
}

describe('retained messages', () => {
  it('have quotas of their own, by account and by topic', () => {
    expect(quotasOf({})).not.toHaveProperty('retainedPublishesPerSecond');
    expect(quotasOf({ publish: { retain: true } })).toMatchObject({
      retainedPublishesPerSecond: 50,
      retainedPublishesPerSecondPerTopic: 0.5,
    });
    const oneTopic = { publish: { retain: true, topic: '{topicRoot}/{runId}/all' } };
    expect(quotasOf(oneTopic)).toMatchObject({ retainedPublishesPerSecondPerTopic: 50 });
    const random = quotasOf({ ...oneTopic, arrivals: 'poisson' });
    expect(random.retainedPublishesPerSecondPerTopic).toBeGreaterThan(60);
    expect(random.retainedPublishesPerSecondPerTopic).toBe(random.retainedPublishesPerSecond);
    const { refusals } = preflight(planOf(oneTopic));
    expect(refusals.map(({ path }) => path)).toEqual(['publish.retain']);
  });

  it('count by kind of message', () => {
    const messages = {
      state: { retain: true, everySeconds: 10 },
      health: { retain: true, everySeconds: 20, topic: '{topicRoot}/{runId}/{deviceId}/health' },
      reading: { everySeconds: 1 },
    };
    const { ratePerSecond: _, ...noLoad } = minimal;
    const plan = makePlan({ profile: parseProfile({ ...noLoad, messages }), runId: 'run-1', now: 0 });
    const { quotas, cost } = preflight(plan);
    const peakOf = (name: string) => quotas.find(({ quota }) => quota === name)?.peak;
    expect(peakOf('retainedPublishesPerSecond')).toBeCloseTo(15);
    expect(peakOf('retainedPublishesPerSecondPerTopic')).toBeCloseTo(0.1);
    const quantityOf = (id: string) => cost.lines.find(({ line }) => line === id)?.quantity;
    // 100 devices for 60 s: each state and each health message is metered once as PUBLISH and once as RETAINED.
    expect(quantityOf('iot-retained')).toBe(600 + 300);
    expect(quantityOf('iot-publish-in')).toBe(600 + 300 + 6_000);
  });
});

it('meters user properties and the content type as part of a message', () => {
  const bytesOf = (publish: object) => {
    const [group] = groupsOf(planOf({ publish: { sizeBytes: 5_000, ...publish } }));
    return meteredSize(kindsOf(group!)[0]!).meteredBytes;
  };
  const plain = bytesOf({});
  const named = { contentType: 'text/plain', userProperties: { firmware: '2.4.1', who: 'of {{deviceId}}' } };
  // 10 of the content type; 8 + 5 and 3 + at least 5 of the user properties.
  expect(bytesOf(named)).toBe(plain + 10 + 13 + 8);
  expect(bytesOf({ payloadFormat: 'utf8', messageExpiry: '5s', topicAlias: true })).toBe(plain);
});
