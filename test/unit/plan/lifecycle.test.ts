import { describe, expect, it } from '@jest/globals';
import { groupsOf } from '../../../src/plan/groups.ts';
import { awakeStretches, busiestConnects, mostAwake } from '../../../src/plan/lifecycle.ts';
import type { GroupPlan } from '../../../src/plan/plan.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const lifecycle = {
  awake: { leastMs: 2_000, mostMs: 6_000 },
  asleep: { leastMs: 10_000, mostMs: 10_000 },
  disconnect: 'clean' as const,
};

function stretchesOf(seed: number, device: number, count: number) {
  const stretches = awakeStretches(lifecycle, seed, device);
  return Array.from({ length: count }, () => stretches.next().value);
}

const flat = { devices: 100, ratePerSecond: 10, duration: '60s' };
function errorsOf(profile: object) {
  return inputErrorsOf(() => parseLoadProfile(profile)).map(({ path }) => path);
}

describe('the lifecycle of a device', () => {
  it('is a pure function of seed, device and cycle', () => {
    expect(stretchesOf(1, 7, 20)).toEqual(stretchesOf(1, 7, 20));
    expect(stretchesOf(1, 7, 20).slice(0, 5)).toEqual(stretchesOf(1, 7, 5));
    expect(stretchesOf(1, 7, 5)).not.toEqual(stretchesOf(1, 8, 5));
    expect(stretchesOf(1, 7, 5)).not.toEqual(stretchesOf(2, 7, 5));
  });

  it('keeps to its ranges, and begins at any point of a cycle', () => {
    const devices = Array.from({ length: 2_000 }, (_, device) => stretchesOf(3, device, 10));
    const awakeMs = devices.flatMap((each) => each.map(({ fromMs, toMs }) => toMs - fromMs));
    expect(Math.min(...awakeMs)).toBeGreaterThanOrEqual(2_000 - 1e-6);
    expect(Math.max(...awakeMs)).toBeLessThanOrEqual(6_000 + 1e-6);
    const asleepMs = devices.flatMap((each) => each.slice(1).map(({ fromMs }, k) => fromMs - each[k]!.toMs));
    expect(Math.min(...asleepMs)).toBeCloseTo(10_000, 3);
    expect(Math.max(...asleepMs)).toBeCloseTo(10_000, 3);
    const firsts = devices.map(([first]) => first!.fromMs);
    expect(Math.max(...firsts)).toBeLessThanOrEqual(0);
    expect(Math.min(...firsts)).toBeGreaterThan(-16_000);
    // On average half a cycle of 14 s.
    expect(firsts.reduce((sum, ms) => sum + ms, 0) / firsts.length / 7_000).toBeCloseTo(-1, 1);
  });

  it('has the peaks of awake devices and of connects that its cycles have', () => {
    const devices = 2_000;
    const all = Array.from({ length: devices }, (_, device) => stretchesOf(5, device, 8));
    const [{ profile: whole }] = groupsOf(makeTestPlan()) as [GroupPlan];
    const profile = { ...whole, lifecycle, devices, connect: { ...whole.connect, ratePerSecond: 1 } };
    const most = mostAwake(profile);
    const busiest = busiestConnects(profile);
    for (let second = 0; second < 60; second++) {
      const ms = second * 1_000;
      const awake = all.filter((each) => each.some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)).length;
      const woke = all.filter((each) =>
        each.some(({ fromMs }) => fromMs >= ms && fromMs < ms + 1_000),
      ).length;
      expect(awake).toBeLessThanOrEqual(most);
      expect(woke).toBeLessThanOrEqual(busiest);
      expect(awake).toBeGreaterThan(most / 2);
    }
    // 4 of 14 s, and 2,000 devices in 14 s.
    expect(most).toBe(Math.ceil((devices * 4) / 14 + 3 * Math.sqrt((devices * 4) / 14)));
    expect(busiest).toBeGreaterThan(devices / 14);
  });

  it('is read from the profile, by group', () => {
    const { groups } = parseLoadProfile({
      duration: '60s',
      everySeconds: 10,
      groups: {
        sleepy: { devices: 5, lifecycle: { awake: '20s..60s', asleep: '10m' } },
        awake: { devices: 5 },
      },
    });
    expect(groups![0]!.lifecycle).toEqual({
      awake: { leastMs: 20_000, mostMs: 60_000 },
      asleep: { leastMs: 600_000, mostMs: 600_000 },
      disconnect: 'clean',
    });
    expect(groups![1]).not.toHaveProperty('lifecycle');
  });

  it.each([
    [{ awake: '500ms', asleep: '10s' }, {}, ['lifecycle.awake']],
    [{ awake: '5s', asleep: '1s' }, {}, ['lifecycle.asleep']],
    [{ awake: '9s..5s', asleep: '10s' }, {}, ['lifecycle.awake']],
    [{ awake: '5s', asleep: 10 }, {}, ['lifecycle.asleep']],
    [{ awake: '5s', asleep: '10s', disconect: 'drop' }, {}, ['lifecycle.disconect']],
    [{ awake: '5s', asleep: '10s' }, { connect: { protocol: 'https' } }, ['lifecycle']],
    [
      { awake: '5s', asleep: '10s', disconnect: 'silent' },
      { connect: { client: 'device-sdk' } },
      ['lifecycle.disconnect'],
    ],
    [{ awake: '5s', asleep: '10s' }, { ratePerSecond: undefined, users: 5 }, ['lifecycle']],
    [{ awake: '5s', churn: { sharePerMinute: 0.1 } }, {}, ['lifecycle.churn']],
    [{ churn: { sharePerMinute: 0.1 }, connect: 'each-message' }, {}, ['lifecycle.connect']],
    [{ churn: { sharePerMinute: 0 } }, {}, ['lifecycle.churn.sharePerMinute']],
    [{ churn: { sharePerMinute: 0.1 } }, { connect: { client: 'device-sdk' } }, ['lifecycle.churn']],
    [{ churn: { sharePerMinute: 0.1, replace: false } }, { connect: { client: 'device-sdk' } }, []],
    [{ churn: { sharePerMinute: 6, replace: false } }, {}, ['lifecycle.churn.sharePerMinute']],
    [{ churn: { sharePerMinute: 1, replace: false } }, {}, []],
    [{ connect: 'each-message' }, { echo: { fraction: 0.5 } }, ['echo']],
    [{ whenAsleep: 'skip' }, { echo: { fraction: 0.5 } }, ['echo']],
    [{ whenAsleep: 'delay' }, { echo: { fraction: 0.5 } }, []],
  ])('is refused where it cannot be: %j %j', (given, beside, paths) => {
    expect(errorsOf({ ...flat, ...beside, lifecycle: given })).toEqual(paths);
  });
});
