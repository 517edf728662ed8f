import { describe, expect, it } from '@jest/globals';
import { overridesFromFlags } from '../../../src/profile/overrides.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const meters = { devices: 900, everySeconds: 60 };
const trackers = { devices: 100, ratePerSecond: 200, publish: { qos: 0 } };
const fleet = { duration: '1m', publish: { sizeBytes: 512 }, groups: { meters, trackers } };

function errorsOf(input: unknown): string[] {
  return inputErrorsOf(() => parseLoadProfile(input)).map(({ path, message }) => `${path}: ${message}`);
}

describe('a profile with groups', () => {
  it('gives each group its own settings over those at the top', () => {
    const { devices, groups = [] } = parseLoadProfile(fleet);
    expect(devices).toBe(1_000);
    expect(groups.map(({ name }) => name)).toEqual(['meters', 'trackers']);
    expect(groups[0]).toMatchObject({
      devices: 900,
      startRatePerSecond: 15,
      stages: [{ durationMs: 60_000, targetPerSecond: 15 }],
      publish: { qos: 1, sizeBytes: 512 },
    });
    expect(groups[1]).toMatchObject({ startRatePerSecond: 200, publish: { qos: 0, sizeBytes: 512 } });
  });

  it('reads each group as the flat profile that it makes', () => {
    const [group] = parseLoadProfile({ ...fleet, groups: { meters } }).groups ?? [];
    const flat = parseLoadProfile({ duration: '1m', publish: { sizeBytes: 512 }, ...meters });
    const { name: _, slices, ...settings } = group!;
    expect(flat).toMatchObject({ ...settings, slices: { ...flat.slices, ...slices } });
  });

  it('shares the connect rate at the top by devices, beside a rate of a group itself', () => {
    const connect = { ratePerSecond: 100 };
    const own = { devices: 50, everySeconds: 1, connect: { ratePerSecond: 7 } };
    const { groups = [] } = parseLoadProfile({ ...fleet, connect, groups: { meters, trackers, own } });
    expect(groups.map((group) => group.connect.ratePerSecond)).toEqual([90, 10, 7]);
  });

  it('replaces a load at the top that is given in another way', () => {
    const stages = [{ duration: '10s', target: 5 }];
    const groups = { a: { devices: 10, stages }, b: { devices: 10 } };
    const profile = parseLoadProfile({ ratePerSecond: 3, duration: '1m', groups });
    expect(profile.groups?.map((group) => group.stages)).toEqual([
      [{ durationMs: 10_000, targetPerSecond: 5 }],
      [{ durationMs: 60_000, targetPerSecond: 3 }],
    ]);
  });

  it('names every error once, where the user wrote it', () => {
    const groups = {
      meters: { ...meters, publish: { qos: 3 } },
      trackers: { ...trackers, thresholds: {}, seed: 1 },
      '-': { devices: 1 },
    };
    expect(errorsOf({ ...fleet, groups })).toEqual([
      'groups.trackers.thresholds: is not a setting of a group',
      'groups.trackers.seed: is not a setting of a group',
      'groups.-: cannot be the name of a group',
    ]);
    const { '-': _, ...named } = { ...groups, trackers };
    expect(errorsOf({ ...fleet, drain: '20m', groups: named })).toEqual([
      'groups.meters.publish.qos: must be 0 or 1 or 2, not 3',
      'drain: must be 0s to 10m, not 20m',
    ]);
    // A key too many hides nothing else of the group.
    expect(errorsOf({ ...fleet, groups: { meters: { ...groups.meters, sed: 1 }, trackers } })).toEqual([
      'groups.meters.sed: is not a setting of a group',
      'groups.meters.publish.qos: must be 0 or 1 or 2, not 3',
    ]);
    expect(errorsOf({ ...fleet, groups: { meters: {} } })).toEqual([
      'groups.meters.devices: is missing',
      'groups.meters.stages: the load is missing',
    ]);
    expect(errorsOf({ groups: {} })).toEqual(['groups: has 0 groups']);
    expect(errorsOf({ groups: 7 })).toEqual(['groups: must be an object']);
  });

  it('has thresholds of one group', () => {
    const of = (name: string) => errorsOf({ ...fleet, thresholds: { [name]: ['count==0'] } });
    expect(of('lost_messages{group:meters}')).toEqual([]);
    expect(of('lost_messages{group:meter}')).toEqual([
      'thresholds.lost_messages{group:meter}: names no group of this profile: meter',
    ]);
    expect(of('cloudwatch.PublishIn.Throttle{group:meters}')).toEqual([
      'thresholds.cloudwatch.PublishIn.Throttle{group:meters}: is measured for the whole run, not by group',
    ]);
    expect(of('slices_died{group:meters}')).toEqual([
      'thresholds.slices_died{group:meters}: is measured for the whole run, not by group',
    ]);
  });

  it('counts devices that did not connect of those groups whose devices stay awake, unless the profile says otherwise', () => {
    const lifecycle = { awake: '5s', asleep: '1m' };
    const metrics = (groups: object, thresholds = {}) =>
      Object.keys(parseLoadProfile({ ...fleet, groups, thresholds }).thresholds).filter((name) =>
        name.startsWith('devices_not_connected'),
      );
    expect(metrics({ meters, trackers })).toEqual(['devices_not_connected']);
    expect(metrics({ meters, trackers: { ...trackers, lifecycle } })).toEqual([
      'devices_not_connected{group:meters}',
    ]);
    expect(metrics({ meters: { ...meters, lifecycle }, trackers: { ...trackers, lifecycle } })).toEqual([]);
    const own = { devices_not_connected: ['rate<0.5'] };
    expect(metrics({ meters, trackers: { ...trackers, lifecycle } }, own)).toEqual(['devices_not_connected']);
  });

  it('gives way to flags, but for those that speak of the whole load', () => {
    const { groups = [] } = parseLoadProfile(fleet, overridesFromFlags({ qos: '1' }));
    expect(groups.map(({ publish }) => publish.qos)).toEqual([1, 1]);
    expect(() => parseLoadProfile(fleet, overridesFromFlags({ rate: '5' }))).toThrow(/--rate/);
  });
});
