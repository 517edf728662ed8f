import { describe, expect, it } from '@jest/globals';
import type { ActionData } from '../../../src/plan/actions/action.ts';
import { withActions } from '../../../src/plan/actions/with-actions.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { countReconnects, mostReconnects } from '../../../src/plan/reconnect-turns.ts';
import { countTakenAgain } from '../../../src/plan/taken-devices.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { planOf } from '../../support/plan/arbitraries.ts';

const groups = {
  meters: { devices: 90, everySeconds: 3 },
  trackers: { devices: 10, idle: true },
  people: { users: 20, devices: 50, thinkTime: '1s' },
};

describe('an action on the load', () => {
  it.each([
    [{ rate: 60 }, undefined, { kind: 'rate', perSecond: 60 }],
    [{ rate: '2x' }, 'meters', { kind: 'rate', factor: 2 }],
    [{ users: 50 }, undefined, { kind: 'users', count: 50 }],
    [{ connects: 30 }, undefined, { kind: 'connects', perSecond: 30 }],
    [{ connects: 5 }, 'trackers', { kind: 'connects', perSecond: 5 }],
    [{ devices: 40 }, 'meters', { kind: 'devices', count: 40 }],
  ] satisfies [object, string | undefined, ActionData][])(
    'is the same in the timeline and while the run goes on: %j of %s',
    (setting, group, action) => {
      const ofGroup = group === undefined ? {} : { group };
      const make = (timeline: readonly object[]) =>
        planOf(parseLoadProfile({ groups, duration: '20s', timeline }), 0, 3);
      const grouped = (plan: ReturnType<typeof planOf>) => ({
        ...plan,
        groups: [0, 1, 2].map(() => ({
          load: { messages: 0, peakPerSecond: 0 },
          slices: { count: 1, devicesPerSlice: 90 },
        })),
      });
      const before = grouped(make([]));
      const planned = groupsOf(grouped(make([{ at: '5s', ...ofGroup, ...setting }])));
      const live = groupsOf(withActions(before, [{ at: 5_000, ...ofGroup, action }]));
      const stepsOf = (each: (typeof live)[number]) => {
        const { rateSteps, userSteps, reconnects, deviceSteps } = each.profile;
        return { rateSteps, userSteps, reconnects, deviceSteps };
      };
      expect(planned.map(stepsOf)).toEqual(live.map(stepsOf));
      expect(live.map(stepsOf)).not.toEqual(groupsOf(before).map(stepsOf));
    },
  );

  it('divides connects a second by devices, and has each step until the next one', () => {
    const timeline = [
      { at: '5s', connects: 60 },
      { at: '10s', connects: 0 },
      { at: '5s', group: 'meters', devices: 30 },
      { at: '15s', group: 'meters', devices: 80 },
    ];
    const profile = parseLoadProfile({ groups, duration: '20s', timeline });
    const plan = { ...planOf(profile, 0, 3), groups: profile.groups!.map(() => planOf(profile, 0, 1)) };
    const [meters, trackers, people] = groupsOf(plan).map((group) => group.profile);
    // 60 a second of 150 devices for 5 s.
    expect([meters!, trackers!, people!].map(countReconnects)).toEqual([180, 20, 100]);
    expect(countTakenAgain(meters!)).toBe(50);
    expect(trackers!.deviceSteps).toBeUndefined();
  });

  it.each([
    // 50 devices come back within half a second.
    [{ at: '12s', connects: 45 }, 100],
    [{ at: '14s', connects: 45 }, 145],
    [{ at: '15500ms', connects: 45 }, 100],
    [{ at: '13s', connects: 40 }, 140],
  ])('adds connects to those of devices that are taken in at the same time: %j', (connects, peak) => {
    const meters = { devices: 90, everySeconds: 3, connect: { ratePerSecond: 100 } };
    const timeline = [
      { at: '5s', devices: 30 },
      { at: '15s', devices: 80 },
      connects,
      { at: connects.at === '12s' && peak === 100 ? '14s' : '19s', connects: 0 },
    ];
    const profile = parseLoadProfile({ ...meters, duration: '20s', timeline, limits: { quotaShare: 1 } });
    const [group] = groupsOf(planOf(profile, 0, 1));
    expect(Math.max(100, mostReconnects(group!.profile))).toBe(peak);
  });
});
