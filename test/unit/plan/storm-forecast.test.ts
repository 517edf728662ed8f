import { describe, expect, it } from '@jest/globals';
import { accountOf } from '../../../src/plan/account.ts';
import { networkAction } from '../../../src/plan/actions/network.ts';
import { DueQueue } from '../../../src/plan/due-queue.ts';
import { refuseFailovers } from '../../../src/plan/failovers.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { forecastStorms } from '../../../src/plan/storm-forecast.ts';
import type { Backoff } from '../../../src/profile/backoff.ts';
import type { NetworkForm } from '../../../src/profile/network-presets.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import type { PlannedAction } from '../../../src/profile/planned-action.ts';
import { makeRandom } from '../../../src/shared/random.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { onlyGroupOf } from '../../support/plan/only-group.ts';

const drop = (atMs: number, share = 1): PlannedAction => ({
  atMs,
  action: { kind: 'disconnect', share, how: 'drop' },
});
const everySecond: Backoff = { baseMs: 1_000, capMs: 1_000, jitter: 'none' };

function planOf(options: {
  devices: number;
  connectsPerSecond: number;
  backoff?: Backoff;
  timeline?: readonly PlannedAction[];
  seconds?: number;
}): Plan {
  const { devices, connectsPerSecond, backoff, timeline = [drop(1_000)], seconds = 600 } = options;
  const plan = makeTestPlan({ devices, seconds, timeline, connect: backoff ? { backoff } : {} });
  const account = accountOf(plan);
  return { ...plan, account: { ...account, limits: { ...account.limits, connectsPerSecond } } };
}

describe('the forecast of a storm', () => {
  it('is the devices over the quota where every device tries each second', () => {
    // Of 1,000 devices 990 have to be back: the 20th second grants the last of them.
    const [forecast] = forecastStorms(
      planOf({ devices: 1_000, connectsPerSecond: 50, backoff: everySecond }),
    );
    expect(forecast).toMatchObject({
      offeredPerSecond: 1_000,
      grantedPerSecond: 50,
      leastSeconds: 20,
      recoverySeconds: 20,
    });
  });

  it('is about the same for a fleet a hundred times as large at a quota a hundred times as high', () => {
    const of = (factor: number) =>
      forecastStorms(planOf({ devices: 1_000 * factor, connectsPerSecond: 50 * factor }))[0]!
        .recoverySeconds!;
    expect(of(100) / of(1)).toBeGreaterThan(0.85);
    expect(of(100) / of(1)).toBeLessThan(1.15);
  });

  it('of a failover is by the quota of the Region that devices move to, whose own devices stay connected', () => {
    const plan = planOf({
      devices: 1_000,
      connectsPerSecond: 50,
      backoff: everySecond,
      timeline: [{ atMs: 1_000, action: { kind: 'failover', share: 1, from: 'eu-west-1', to: 'us-east-1' } }],
    });
    const [forecast] = forecastStorms({
      ...plan,
      slices: { count: 4, devicesPerSlice: 250 },
      regions: [
        { name: 'eu-west-1', slices: [{ from: 0, count: 2 }] },
        { name: 'us-east-1', slices: [{ from: 2, count: 2 }] },
      ],
    });
    expect(forecast).toMatchObject({
      storm: { devices: 500, moves: { from: 'eu-west-1', to: 'us-east-1' } },
      offeredPerSecond: 500,
      grantedPerSecond: 50,
      leastSeconds: 10,
      recoverySeconds: 10,
    });
    // Its slices would have nowhere to connect to.
    expect(refuseFailovers(plan).map(({ path }) => path)).toEqual(Array(2).fill('timeline[0].failover'));
  });

  it('says what devices with a cap of 30 s offer', () => {
    const [forecast] = forecastStorms(planOf({ devices: 100_000, connectsPerSecond: 500 }));
    expect(forecast!.offeredPerSecond).toBeCloseTo(6_667, 0);
    expect(forecast!.leastSeconds).toBe(200);
    expect(forecast!.recoverySeconds).toBeGreaterThanOrEqual(198 - 1);
    expect(forecast!.recoverySeconds).toBeLessThan(240);
  });

  it('is not known where the run ends before', () => {
    const plan = planOf({ devices: 10_000, connectsPerSecond: 50, seconds: 60 });
    expect(forecastStorms(plan)[0]!.recoverySeconds).toBeNull();
  });

  it('lets storms at the same time share the quota', () => {
    const both = planOf({
      devices: 1_000,
      connectsPerSecond: 50,
      backoff: everySecond,
      timeline: [drop(1_000, 0.5), drop(6_000, 1)],
    });
    const [first, second] = forecastStorms(both).map(({ recoverySeconds }) => recoverySeconds!);
    const [alone] = forecastStorms(
      planOf({ devices: 1_000, connectsPerSecond: 50, backoff: everySecond, timeline: [drop(1_000, 0.5)] }),
    );
    expect(first).toBeGreaterThan(alone!.recoverySeconds! + 4);
    // It takes all devices away; those that the first one left to wait try again at the same instant, and 50 of them are back at once.
    expect(second).toBe(19);
  });

  it('is no time for a share that is no device', () => {
    const plan = planOf({ devices: 10, connectsPerSecond: 50, timeline: [drop(1_000, 0.01)] });
    expect(forecastStorms(plan)[0]).toMatchObject({ offeredPerSecond: 0, recoverySeconds: 0 });
  });

  it('simulates a device of each storm, also of a small group beside a large one', () => {
    const profile = parseLoadProfile({
      everySeconds: 600,
      duration: '10m',
      connect: { backoff: { base: '2s', cap: '2s', jitter: 'none' } },
      groups: { meters: { devices: 1_000_000 }, gateways: { devices: 100 } },
      timeline: [{ at: '10s', group: 'gateways', disconnect: { share: 0.3 } }],
    });
    const [forecast] = forecastStorms(draftPlan({ profile, runId: 'r', now: 0 }).plan);
    expect(forecast!.recoverySeconds).toBe(2);
  });

  describe('with a network', () => {
    const options = { devices: 100, connectsPerSecond: 1_000, backoff: everySecond, seconds: 60 };
    const recoveryOf = (network: NetworkForm, timeline: readonly PlannedAction[] = [drop(1_000)]) => {
      const set: PlannedAction = { atMs: 500, action: { kind: 'network', network } };
      return forecastStorms(planOf({ ...options, timeline: [set, ...timeline] }))[0]!.recoverySeconds!;
    };

    it('is longer by the handshakes of TCP and TLS, and by the CONNECT and its answer', () => {
      expect(recoveryOf('none')).toBe(1);
      expect(recoveryOf({ delay: '100ms' })).toBeCloseTo(1 + 6 * 0.1, 6);
    });

    it('is longer by what the handshake of TLS takes of the bandwidth', () => {
      const [up, down] = [1_500, 4_000];
      expect(recoveryOf({ bandwidth: '10kbit' })).toBeCloseTo(1 + (8 * (up + down)) / 10_000, 6);
    });

    it('is longer by the repeats of lost packets', () => {
      expect(recoveryOf({ loss: 0.2 })).toBeGreaterThan(2);
    });

    it('waits for the end of an outage, and for the next attempt of a device that gave up before', () => {
      const over = (atMs: number): PlannedAction => ({ atMs, action: { kind: 'network', network: 'none' } });
      const { timeoutMs } = onlyGroupOf(planOf(options)).profile.connect;
      expect(recoveryOf({ outage: 0.5 }, [drop(1_000), over(4_000)])).toBe(3);
      // The attempt after one second ends with its timeout, and the next one comes a second later.
      expect(recoveryOf({ outage: 0.5 }, [drop(1_000), over(2_500 + timeoutMs)])).toBe(2 + timeoutMs / 1_000);
      expect(recoveryOf({ outage: 0.5 })).toBeNull();
    });

    it('counts for live actions as it does for planned ones', () => {
      const plan = planOf({ ...options, timeline: [] });
      const at = (ms: number) => plan.timeline.publishAt + ms;
      const actions = [
        { at: at(1_000), action: { kind: 'disconnect', share: 1, how: 'drop' } },
        { at: at(500), action: networkAction({ delay: '100ms' }) },
        { at: at(700), action: { kind: 'rate', factor: 2 } },
      ];
      expect(forecastStorms(plan, actions)).toMatchObject([
        { recoverySeconds: recoveryOf({ delay: '100ms' }) },
      ]);
      expect(forecastStorms(plan, actions.slice(1))).toEqual([]);
    });
  });

  it('is the same for the same plan, and empty without a storm', () => {
    const plan = planOf({ devices: 500, connectsPerSecond: 20 });
    expect(forecastStorms({ ...plan })).toEqual(forecastStorms(plan));
    expect(forecastStorms(makeTestPlan())).toEqual([]);
  });
});

describe('what is due first', () => {
  it('is taken in the order of its instants, also what is added meanwhile', () => {
    const queue = new DueQueue();
    const random = makeRandom(3, 0);
    const instants = Array.from({ length: 500 }, () => Math.floor(random() * 1_000));
    for (const [i, atMs] of instants.entries()) queue.add(atMs, i);
    const taken: number[] = [];
    queue.runUntil(800, (_, atMs) => {
      taken.push(atMs);
      if (taken.length <= 50) queue.add(atMs + 100, 0);
    });
    expect(taken).toEqual(taken.toSorted((a, b) => a - b));
    expect(taken.at(-1)).toBeLessThan(800);
    expect(taken.length).toBe(instants.filter((atMs) => atMs < 800).length + 50);
  });
});
