import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { topicOfDevice } from '../../../src/plan/device-topic.ts';
import { fanOutOf } from '../../../src/plan/fan-out.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { observersOf } from '../../../src/plan/observers.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { sharesOf } from '../../../src/plan/slices.ts';
import { firstSubscriberSlice, subscriberNumbersOf, subscriptionsOf } from '../../../src/plan/subscribers.ts';
import { filtersOf } from '../../../src/plan/topic-filters.ts';
import { topicFilterMatches } from '../../../src/targets/aws-iot/match-topic-filter.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import type { Target } from '../../../src/targets/target.ts';
import { randomCases } from '../../support/effort.ts';

const broker: Target = {
  kind: 'mqtt',
  endpoints: [{ scheme: 'mqtt', host: '127.0.0.1', port: 1883, auth: 'none' }],
};
const iotCore: Target = {
  kind: 'aws-iot',
  endpoints: [{ scheme: 'mqtt', host: '127.0.0.1', port: 1883, auth: 'none' }],
};

function planOf(profile: object, target: Target = broker): Plan {
  const load = { devices: 10, ratePerSecond: 100, duration: '5s', ...profile };
  const named = target.kind === 'mqtt' ? { target: 'mqtt://127.0.0.1' } : {};
  return makePlan({ runId: 'run-1', now: 0, profile: parseProfile({ ...named, ...load }), target });
}

const topic = (text: string, qos: 0 | 1 = 1) => ({ publish: { topic: text, qos } });

describe('shared subscriptions at IoT Core', () => {
  it('are counted against the 100 of a group, which nothing raises', () => {
    const refusedAt = (ratePerSecond: number) =>
      preflight(
        planOf({ observers: ['rule', 'subscriber'], devices: 5_000, ratePerSecond }, iotCore),
      ).refusals.filter(({ message }) => message.includes('shared subscription'));
    expect(refusedAt(8_000)).toEqual([]);
    expect(refusedAt(8_100)).toMatchObject([
      { path: 'stages', message: expect.stringContaining('102 planned, and the limit is 100') },
    ]);
    // A broker has no such limit.
    expect(preflight(planOf({ ratePerSecond: 25_000 })).refusals).toEqual([]);
  });
});

describe('how many slices subscribe', () => {
  it('none to IoT Core, unless the profile says so; one to a broker', () => {
    expect(planOf({}, iotCore).subscribers).toBeUndefined();
    expect(fanOutOf(planOf({}, iotCore))).toMatchObject({ slices: [0], drainSeconds: 10 });
    const plan = planOf({});
    expect(plan.subscribers).toEqual({ count: 1, connections: 1, divides: 'nothing' });
    expect(observersOf(plan)).toEqual([{ name: 'subscriber', recordedBy: 'windows' }]);
    // It waits for what is in flight itself, and comes first, because it must be subscribed before the others publish.
    expect(fanOutOf(plan)).toMatchObject({
      slices: [firstSubscriberSlice, 0],
      mqttSlices: 1,
      drainSeconds: 0,
    });
  });

  it('more at a high rate, which share the filters', () => {
    const plan = planOf({ devices: 1_000, ratePerSecond: 25_000 });
    expect(plan.subscribers).toEqual({ count: 3, connections: 1, divides: 'shared' });
    const filter = `$share/stampede-run-1/stampede/dev/run-1/+/telemetry`;
    const all = subscriberNumbersOf(plan).map((slice) => subscriptionsOf(plan, slice));
    expect(all.flat().map(({ filters }) => filters)).toEqual(Array(3).fill([{ filter, qos: 1 }]));
    // A broker that refuses shared subscriptions is read by one connection.
    expect(all.flat().map(({ unshared }) => unshared?.length)).toEqual([1, 0, 0]);
    expect(() => subscriptionsOf(plan, 0)).toThrow(RangeError);
  });

  it('of which each has topics of its own over MQTT 3.1.1, which has no shared subscriptions', () => {
    const plan = planOf({ devices: 1_000, ratePerSecond: 25_000, connect: { version: '3.1.1' } });
    expect(plan.subscribers).toEqual({ count: 3, connections: 1, divides: 'topics' });
    const topics = subscriberNumbersOf(plan).flatMap((slice) =>
      subscriptionsOf(plan, slice).flatMap(({ filters }) => filters.map(({ filter }) => filter)),
    );
    expect(topics).toHaveLength(1_000);
    expect(new Set(topics)).toEqual(
      new Set(Array.from({ length: 1_000 }, (_, device) => `stampede/dev/run-1/d${device}/telemetry`)),
    );
    // Where all devices publish to one topic, one connection reads it.
    const shared = { ratePerSecond: 25_000, connect: { version: '3.1.1' }, publish: { topic: 'all' } };
    expect(planOf(shared).subscribers).toEqual({ count: 1, connections: 1, divides: 'nothing' });
  });

  it('as many connections to IoT Core as its limits of one take', () => {
    const plan = planOf({ observers: ['rule', 'subscriber'], devices: 100, ratePerSecond: 1_000 }, iotCore);
    // 100 publishes a second on a connection, and 80 % of that.
    expect(plan.subscribers).toEqual({ count: 1, connections: 13, divides: 'shared' });
    expect(observersOf(plan).map(({ name }) => name)).toEqual(['rule', 'subscriber']);
    const { cost, quotas } = preflight(plan);
    expect(cost.lines.find(({ line }) => line === 'iot-publish-out')?.quantity).toBe(5_000);
    expect(cost.lines.find(({ line }) => line === 'lambda-subscribe')?.quantity).toBeGreaterThan(0);
    expect(quotas.find(({ quota }) => quota === 'publishOutPerSecond')?.peak).toBe(2_000);
    const without = preflight(planOf({ devices: 100, ratePerSecond: 1_000 }, iotCore)).cost.lines;
    expect(without.some(({ line }) => line === 'lambda-subscribe' || line === 'iot-publish-out')).toBe(false);
  });
});

describe('filters', () => {
  const filters = (...topics: string[]) =>
    filtersOf(planOf({ groups: Object.fromEntries(topics.map((text, i) => [`g${i}`, topic(text)])) })).map(
      ({ filter }) => filter,
    );

  it('match wills, too', () => {
    const connect = { will: { topic: '{topicRoot}/{runId}/{deviceId}/will', qos: 0 } };
    expect(filtersOf(planOf({ connect }))).toEqual([
      { filter: 'stampede/dev/run-1/+/telemetry', qos: 1 },
      { filter: 'stampede/dev/run-1/+/will', qos: 0 },
    ]);
  });

  it('have a + for each level that differs by device, and nothing else', () => {
    expect(filters('{topicRoot}/{runId}/{deviceId}/t')).toEqual(['stampede/dev/run-1/+/t']);
    expect(filters('a/dev-{deviceIndex}/{slice}/b')).toEqual(['a/+/+/b']);
    expect(filters('a/b')).toEqual(['a/b']);
  });

  it('match the births of Sparkplug B beside its data', () => {
    const publish = { topic: 'spBv1.0/{runId}/NDATA/{deviceId}', encoding: 'sparkplug-b', qos: 0 };
    expect(filtersOf(planOf({ publish }))).toEqual([
      { filter: 'spBv1.0/run-1/NDATA/+', qos: 0 },
      { filter: 'spBv1.0/run-1/NBIRTH/+', qos: 0 },
    ]);
  });

  it('of two that a topic can match both become one', () => {
    expect(filters('a/{deviceId}', 'a/b', 'c/{deviceId}')).toEqual(['a/+', 'c/+']);
    expect(filters('a/{deviceId}/c', 'a/b/{deviceId}', 'a/b')).toEqual(['a/+/+', 'a/b']);
    // The second grows until it meets the first.
    expect(filters('x/y/z', '{slice}/a/z', 'x/{slice}/b', 'q/a/{slice}')).toEqual(['+/+/+']);
  });

  it('match each topic of the run, and each once', () => {
    const level = fc.constantFrom('a', 'b', '{deviceId}', '{slice}', '{runId}', 'x{deviceIndex}');
    const template = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
    fc.assert(
      fc.property(fc.array(template, { minLength: 1, maxLength: 5 }), (templates) => {
        const plan = planOf({
          devices: 4,
          slices: { devicesPerSlice: 2 },
          groups: Object.fromEntries(templates.map((text, i) => [`g${i}`, topic(text)])),
        });
        const all = filtersOf(plan).map(({ filter }) => filter);
        for (const group of groupsOf(plan)) {
          for (const { slice, firstDevice } of sharesOf(group)) {
            const published = topicOfDevice(group, firstDevice, slice);
            expect(all.filter((filter) => topicFilterMatches(filter, published))).toHaveLength(1);
          }
        }
      }),
      randomCases(50),
    );
  });
});
