import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { renderPlanPage } from '../../../src/cli/output/plan-text.ts';
import { draftRun } from '../../../src/cli/run/draft-run.ts';
import { subscriberConcurrency } from '../../../src/plan/arrival-reading.ts';
import { deploymentOf } from '../../../src/plan/deployment.ts';
import { makeDeviceTurns } from '../../../src/plan/device-turns.ts';
import { forecastUsage } from '../../../src/plan/forecast-usage.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { peaksOf } from '../../../src/plan/peaks.ts';
import type { GroupPlan } from '../../../src/plan/plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { outlineOf } from '../../../src/plan/run-outline.ts';
import { keepPresent } from '../../../src/plan/schedules/present-schedule.ts';
import { intendedOfGroup, isScheduled, streamsOf } from '../../../src/plan/streams.ts';
import { mostWillsPerSecond } from '../../../src/plan/wills.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { parseProfile, wantedTargetOf } from '../../../src/targets/parse-profile.ts';
import { randomCases } from '../../support/effort.ts';

const load = { devices: 600, everySeconds: 60, duration: '10m' };
const planOf = (given: object) => {
  const profile = parseProfile({ ...load, ...given });
  return makePlan({ profile, runId: 'run-1', now: 0, target: wantedTargetOf(profile) });
};
const usageOf = (profile: object) => forecastUsage(planOf(profile)).iot;
const peaksOfProfile = (profile: object) => {
  const plan = planOf(profile);
  return peaksOf(plan, deploymentOf(plan));
};

describe('what a lifecycle uses', () => {
  const eachMessage = { lifecycle: { connect: 'each-message' } };

  it('is a connect and a connection minute for each message', () => {
    const always = usageOf({});
    const { connects, connectionMinutes } = usageOf(eachMessage);
    // 600 devices, 10 messages each; the slices' control channels connect beside them.
    expect(connects - always.connects).toBe(6_000 - 600);
    expect(connectionMinutes).toBe(connects);
  });

  it('is as many connects a second as messages, and a second of them at once', () => {
    const peaks = peaksOfProfile(eachMessage);
    expect(peaks.connectsPerSecond).toBe(10);
    expect(peaks.concurrentConnections).toBeLessThan(20);
    expect(peaks.connectsPerSecondPerClientId).toBe(1);
    const poisson = peaksOfProfile({ ...eachMessage, arrivals: 'poisson' });
    expect(poisson.connectsPerSecond).toBeGreaterThan(15);
  });

  it('is a connect for each device that takes the place of another', () => {
    const always = usageOf({});
    const churning = usageOf({ lifecycle: { churn: { sharePerMinute: 0.5 } } });
    // Half of 600 devices in each of some ten minutes.
    expect((churning.connects - always.connects) / 3_000).toBeCloseTo(1, 1);
    // They leave from when devices publish, not from when the first connects.
    const short = { devices: 100_000, duration: '1m', lifecycle: { churn: {} } };
    const { connects, messages } = usageOf(short);
    expect((connects - 100_000) / 5_200).toBeCloseTo(1, 1);
    expect(messages).toHaveLength(1);
    const shrinking = usageOf({ lifecycle: { churn: { sharePerMinute: 0.5, replace: false } } });
    expect(shrinking.connects).toBe(always.connects);
    expect(
      peaksOfProfile({ lifecycle: { churn: { sharePerMinute: 60 } } }).connectsPerSecond,
    ).toBeGreaterThan(600);
  });

  it('is no connection of devices that have left, and their wills', () => {
    const leaving = {
      devices: 1_000,
      duration: '5m',
      connect: { will: { topic: '{topicRoot}/{runId}/{deviceId}/will', payload: '{}' } },
      lifecycle: { churn: { sharePerMinute: 0.5, replace: false }, disconnect: 'drop' },
    };
    const left = 1_000 * (1 - Math.exp(-2.5));
    const { messages, connectionMinutes } = usageOf(leaving);
    expect(messages[1]!.rulesTriggered / left).toBeCloseTo(1, 1);
    // Two minutes each, on average, of those that leave; and some seconds before devices publish.
    expect(connectionMinutes / (2 * left)).toBeGreaterThan(1);
    expect(connectionMinutes / (2 * left)).toBeLessThan(1.15);
    const planned = planOf(leaving);
    expect(mostWillsPerSecond(planned)).toBeCloseTo(500 / 60 + 3 * Math.sqrt(500 / 60), 6);
    const clean = planOf({ ...leaving, lifecycle: { ...leaving.lifecycle, disconnect: 'clean' } });
    expect(mostWillsPerSecond(clean)).toBe(0);
  });

  it('is refused where a client id would have to connect more than once a second', () => {
    const devices = 10;
    expect(() => planOf({ ...eachMessage, everySeconds: 0.5, devices })).toThrow(
      'set everySeconds to 1 or more',
    );
    expect(() => planOf({ ...eachMessage, everySeconds: undefined, ratePerSecond: 40, devices })).toThrow(
      'a device would connect 4/s',
    );
    expect(() => planOf({ ...eachMessage, everySeconds: 1, devices })).not.toThrow();
    // Ten messages that wait for each other, and two minutes for them.
    const burst = { count: 10, spacing: '100ms', everySeconds: 120 };
    expect(() => planOf({ ...eachMessage, everySeconds: undefined, burst, devices })).not.toThrow();
    // A broker has no such quota.
    const target = 'mqtt://localhost:1883';
    expect(() => planOf({ ...eachMessage, everySeconds: 0.5, devices, target })).not.toThrow();
  });

  it('is connections of silent devices until the service closes them', () => {
    const churn = { sharePerMinute: 0.5 };
    const silent = planOf({ devices: 1_000, lifecycle: { churn, disconnect: 'silent' } });
    // 8.3 a second, for one and a half times five minutes.
    const lingering = (500 / 60) * 450;
    const peaks = peaksOf(silent, deploymentOf(silent));
    expect(peaks.concurrentConnections! / (1_000 + lingering)).toBeCloseTo(1, 1);
    expect(peaks.fileDescriptors).toBeLessThanOrEqual(900 + 64);
    expect(silent.slices.count).toBeGreaterThanOrEqual((1_000 + lingering) / 900);
    const most = Math.ceil((1_000 + lingering + 3 * Math.sqrt(lingering)) / silent.slices.count);
    expect(peaks.fileDescriptors).toBeGreaterThanOrEqual(most + 64);
    expect(peaksOfProfile({ devices: 1_000, lifecycle: { churn } }).concurrentConnections).toBeLessThan(
      1_010,
    );
    const slices = { devicesPerSlice: 900 };
    expect(() => planOf({ devices: 900, slices, lifecycle: { churn, disconnect: 'silent' } })).toThrow(
      'is silent',
    );
    const sleeping = { awake: '30s', asleep: '2m', disconnect: 'silent', whenAsleep: 'skip' };
    const { concurrentConnections } = peaksOfProfile({ devices: 1_000, lifecycle: sleeping });
    expect(concurrentConnections).toBeGreaterThan(900);
    expect(concurrentConnections).toBeLessThan(1_010);
  });

  it('is not counted for a run that cannot be', () => {
    const day = {
      devices: 20_000,
      everySeconds: 60,
      duration: '12h',
      lifecycle: { awake: '30s', asleep: '1h', whenAsleep: 'skip' },
    };
    const { plan, walls } = draftRun(parseProfile(day));
    expect(walls[0]!.hint).toContain('shorten the run');
    const [group] = groupsOf(plan) as [GroupPlan];
    // Random draws of so many messages would be some thousandths off.
    expect(intendedOfGroup(group) / (group.load.messages / 121)).toBeCloseTo(1, 4);
  });

  it('has no phase of connects where devices connect for each message', () => {
    const plan = planOf({ ...eachMessage, devices: 100_000 });
    expect(plan.timeline.publishAt).toBe(plan.timeline.startAt);
    expect(preflight(plan).time.connectSeconds).toBe(0);
    const page = renderPlanPage({ plan, preflight: preflight(plan) }).join('\n');
    expect(page).not.toContain('for all devices');
    expect(page).not.toContain('begin to connect');
    const beside = planOf({
      groups: { each: { devices: 100, ...eachMessage }, always: { devices: 400 } },
      devices: undefined,
    });
    // 400 devices at their part of 400/s, and a second.
    expect(beside.timeline.publishAt - beside.timeline.startAt).toBe(2_250);
  });

  it('is only the messages that are due while devices are there', () => {
    const always = usageOf({});
    const messagesOf = ({ messages }: typeof always) => sumBy(messages, ({ publishesIn }) => publishesIn);
    const skipping = { lifecycle: { awake: '20s', asleep: '40s', whenAsleep: 'skip' } };
    const plan = planOf(skipping);
    const intended = messagesOf(usageOf(skipping));
    expect(intended / messagesOf(always)).toBeCloseTo(1 / 3, 1);
    expect(intended).toBe(sumBy(groupsOf(plan), intendedOfGroup));
    expect(intended).toBe(outlineOf(plan).messages);
    const leaving = messagesOf(usageOf({ lifecycle: { churn: { sharePerMinute: 0.2, replace: false } } }));
    // The mean of e^(−t ÷ 5 min) over ten minutes.
    expect(leaving / messagesOf(always)).toBeCloseTo((1 - Math.exp(-2)) / 2, 1);
  });

  it('has the peaks of messages that are not skipped', () => {
    const devices = 60_000;
    const skipping = {
      devices,
      everySeconds: 15,
      duration: '2m',
      lifecycle: { awake: '30s', asleep: '1h', whenAsleep: 'skip' },
    };
    const plan = planOf(skipping);
    const meanPerSecond = (devices / 15) * (30 / 3_630);
    expect(plan.load.peakPerSecond / (meanPerSecond + 3 * Math.sqrt(meanPerSecond))).toBeCloseTo(1, 1);
    const outline = outlineOf(plan);
    const offsetsMs = Array.from({ length: plan.slices.count }, (_, slice) => streamsOf(plan, slice))
      .flat()
      .filter(isScheduled)
      .flatMap(({ messages, offsetMs }) => Array.from({ length: messages }, (_, n) => offsetMs(n)));
    expect(offsetsMs).toHaveLength(outline.messages);
    const bySecond = Map.groupBy(offsetsMs, (ms) => Math.floor(ms / 1_000));
    const busiest = Math.max(...[...bySecond.values()].map(({ length }) => length));
    expect(busiest).toBeLessThanOrEqual(plan.load.peakPerSecond * 1.1);
    const deployment = deploymentOf(plan);
    const peaks = peaksOf(plan, deployment);
    expect(peaks.publishInPerSecond).toBe(plan.load.peakPerSecond);
    expect(peaks.publishOutPerSecond).toBe(plan.load.peakPerSecond);
    expect(peaks.ruleEvaluationsPerSecond).toBe(plan.load.peakPerSecond);
    const always = planOf({ ...skipping, lifecycle: undefined });
    expect(subscriberConcurrency(plan, deployment)).toBeLessThan(subscriberConcurrency(always, deployment));
    const batchesOf = (each: typeof plan) => forecastUsage(each).lambda['measure-latency']!.invocations;
    expect(batchesOf(plan)).toBeLessThan(batchesOf(always) / 2);
    const page = renderPlanPage({ plan, preflight: preflight(plan) }).join('\n');
    expect(page).toContain('about 33 messages each');
    expect(page).toContain('each device every 15 s');
  });

  it('is counted kind by kind', () => {
    const plan = planOf({
      everySeconds: undefined,
      messages: { reading: { everySeconds: 10 }, alarm: { ratePerSecond: 2 } },
      lifecycle: { awake: '20s', asleep: '40s', whenAsleep: 'skip' },
    });
    const outline = outlineOf(plan);
    const slices = Array.from({ length: plan.slices.count }, (_, slice) => outline.streamsOf(slice));
    expect(slices.every(([nothing]) => nothing!.messages === 0)).toBe(true);
    expect(sumBy(slices.flat(), ({ messages }) => messages)).toBe(outline.messages);
    expect(sumBy(groupsOf(plan), intendedOfGroup)).toBe(outline.messages);
  });
});

describe('the messages of devices that are there', () => {
  it('are numbered without a gap, in their order, device by device', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.boolean(), { maxLength: 200 }),
        (devices, isThere) => {
          const turns = makeDeviceTurns(devices);
          const whole = { messages: isThere.length, offsetMs: (n: number) => n * 10, turns };
          const kept = keepPresent(whole, devices, (_device, offsetMs) => isThere[offsetMs / 10]!);
          const expected = isThere.flatMap((is, n) => (is ? [n] : []));
          expect(kept.messages).toBe(expected.length);
          for (const [i, n] of expected.entries()) {
            const device = n % devices;
            const later = expected.slice(i + 1).filter((each) => each % devices === device);
            expect(kept.offsetMs(i)).toBe(n * 10);
            expect(kept.turns.deviceOf(i)).toBe(device);
            expect(kept.turns.messageOf(i)).toBe(
              expected.slice(0, i).filter((each) => each % devices === device).length,
            );
            expect(kept.turns.nextOf(i)).toBe(
              later.length > 0 ? expected.indexOf(later[0]!) : expected.length,
            );
            expect(kept.turns.countFrom(i, expected.length)).toBe(1 + later.length);
            expect(kept.turns.countFrom(i, i)).toBe(0);
          }
          expect(kept.turns.countOf(expected.length, (device) => Math.min(device, 1))).toBe(
            expected.filter((n) => n % devices === 0).length,
          );
        },
      ),
      randomCases(),
    );
  });
});
