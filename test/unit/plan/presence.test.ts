import { describe, expect, it } from '@jest/globals';
import { accountOf } from '../../../src/plan/account.ts';
import { downlinksOf } from '../../../src/plan/downlinks.ts';
import { forecastUsage } from '../../../src/plan/forecast-usage.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import {
  isPresenceTopic,
  makeDeviceFinder,
  mostEventsPerSecond,
  observedConnectsFrom,
  parsePresenceTopic,
  presenceFiltersOf,
} from '../../../src/plan/presence.ts';
import { InvalidInputError } from '../../../src/shared/errors.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';

const watch = { devices: 1, idle: true, observe: 'presence' };
const meters = { devices: 200, everySeconds: 10 };

const planOf = (groups: object, more: object = {}): Plan =>
  makePlan({
    runId: 'r',
    now: 0,
    profile: parseProfile({ name: 'fleet', duration: '60s', groups, ...more }),
  });

function errorsOf(groups: object, more: object = {}): string[] {
  try {
    planOf(groups, more);
  } catch (error) {
    if (error instanceof InvalidInputError)
      return error.errors.map(({ path, message }) => `${path} ${message}`);
    throw error;
  }
  return [];
}

describe('a group that observes presence', () => {
  it('is connected before the others connect', () => {
    const plan = planOf({ watch, meters });
    const without = planOf({ meters });
    const connectMs = ({ timeline }: Plan) => timeline.publishAt - timeline.startAt;
    expect(connectMs(plan)).toBeGreaterThanOrEqual(connectMs(without) + 2_000);
    expect(observedConnectsFrom(plan) - plan.timeline.startAt).toBe(2_000);
  });

  it('subscribes to the events of all clients, and shares them where there are several', () => {
    const filtersOf = (devices: number) =>
      presenceFiltersOf(groupsOf(planOf({ watch: { ...watch, devices }, meters }))[0]!);
    const filters = ['$aws/events/presence/connected/+', '$aws/events/presence/disconnected/+'];
    expect(filtersOf(1)).toEqual(filters);
    expect(filtersOf(2)).toEqual(filters.map((filter) => `$share/stampede-r/${filter}`));
    for (const filter of [...filtersOf(1), ...filtersOf(2)]) expect(isPresenceTopic(filter)).toBe(true);
    expect(isPresenceTopic('stampede/dev/r/d0/telemetry')).toBe(false);
    expect(parsePresenceTopic('$aws/events/presence/connected/a')).toEqual({
      kind: 'connected',
      clientId: 'a',
    });
    expect(parsePresenceTopic('$aws/events/presence/other/a')).toBeUndefined();
  });

  it('finds the devices of the groups that it observes, and no other client', () => {
    const tags = { devices: 10, everySeconds: 10, connect: { identity: 'stable' } };
    const find = makeDeviceFinder(planOf({ watch, meters, tags }));
    expect(find('stampede-r-d1')).toEqual({ index: 1, place: 1 });
    expect(find('stampede-r-d200')).toEqual({ index: 200, place: 200 });
    expect(find('stampede-fleet-d201')).toEqual({ index: 201, place: 201 });
    for (const other of [
      'stampede-r-d0',
      'stampede-r-d201',
      'stampede-x-d1',
      'stampede-r-d01',
      'stampede-r-0',
    ])
      expect(find(other)).toBeUndefined();
  });

  it('is in the plan’s quotas and on the bill: an event for each connect and each disconnect', () => {
    const timeline = [{ at: '10s', group: 'meters', disconnect: { share: 0.5, how: 'drop' } }];
    const plan = planOf({ watch: { ...watch, devices: 4 }, meters }, { timeline });
    expect(mostEventsPerSecond(plan)).toBe(200);
    const { iot } = forecastUsage(plan);
    expect(iot.deviceAcks).toBe(600);
    expect(iot.messages.at(-1)).toMatchObject({ publishesIn: 0, publishesOut: 600 });
    const peakOf = (name: string, of: Plan) => preflight(of).quotas.find(({ quota }) => quota === name)?.peak;
    expect(peakOf('publishesPerSecondPerConnection', plan)).toBe(50);
    expect(peakOf('sharedSubscriptionsPerGroup', plan)).toBe(4);
    // All four connect in the first second, and each has two filters.
    expect(peakOf('subscribesPerSecond', plan)).toBe(2 * 4);
    expect(peakOf('subscriptionsPerConnection', plan)).toBe(2);
    expect(peakOf('publishOutPerSecond', plan)).toBeCloseTo(20 + 200);
  });

  it('counts connects and disconnects of lifecycles and storms in the busiest second', () => {
    const most = (group: object, more: object = {}) =>
      mostEventsPerSecond(planOf({ watch, meters: group }, more));
    const connect = { ratePerSecond: 10 };
    // 50 of 100 leave in a second, and 50 others take their places.
    const churn = { sharePerMinute: 30, replace: true };
    expect(most({ devices: 100, everySeconds: 10, connect, lifecycle: { churn } })).toBeCloseTo(
      2 * (50 + 3 * Math.sqrt(50)),
    );
    // Each message is a connect and a disconnect.
    const sending = { devices: 100, everySeconds: 4, connect, lifecycle: { connect: 'each-message' } };
    expect(most(sending)).toBeGreaterThanOrEqual(2 * 25);
    // 300 leave at once, 300 half a second later, and as many come back as the account lets connect.
    const timeline = [
      { at: '10s', group: 'meters', disconnect: { share: 0.5, how: 'drop' } },
      { at: '10.5s', group: 'meters', disconnect: { share: 0.5, how: 'drop' } },
    ];
    const steady = { devices: 600, everySeconds: 10, connect };
    const { connectsPerSecond } = accountOf(planOf({ watch, meters: steady })).limits;
    expect(most(steady, { timeline })).toBe(600 + Math.min(600, connectsPerSecond));
  });

  it('receives no commands, and is named where its connections are the limit', () => {
    const ops = { from: 'backend', command: { address: 'broadcast' }, ratePerSecond: 1 };
    const [downlink] = downlinksOf(planOf({ watch, meters, ops }));
    expect(downlink).toMatchObject({ devices: 200, fanOut: 200 });
    expect(errorsOf({ watch, meters, ops: { ...ops, command: { to: 'watch' } } })).toEqual([
      'groups.ops.command.to names no group of devices: watch',
    ]);
    const refusedBy = (groups: object) => preflight(planOf(groups)).refusals.map(({ path }) => path);
    expect(refusedBy({ watch, meters })).toEqual(['groups.watch.devices']);
    // Replies to a broadcast come to one client, which receives 100 a second.
    const replying = { ...meters, reply: { delay: '1s' }, connect: { ratePerSecond: 50 } };
    expect(refusedBy({ meters: replying, ops })).toEqual(['groups.ops.command']);
  });

  it('does nothing else, and needs devices to observe and a service with events', () => {
    const { idle: _, ...busy } = { ...watch, everySeconds: 5 };
    expect(errorsOf({ watch: busy, meters })).toEqual([
      'groups.watch.observe is for devices that do nothing else',
    ]);
    expect(errorsOf({ watch: { ...watch, devices: 101 }, meters })).toEqual([
      'groups.watch.devices is 101, and at most 100 share the events',
    ]);
    expect(errorsOf({ watch })).toEqual([
      'groups.watch.observe finds no other devices that connect over mqtt',
    ]);
    expect(errorsOf({ watch, again: watch, meters })).toEqual([
      'groups.again.observe is set of watch as well',
    ]);
    expect(errorsOf({ watch, meters }, { target: 'mqtt://broker:1883' })).toEqual([
      expect.stringMatching(/^groups\.watch\.observe is "presence", and .* publishes no events/),
    ]);
  });
});
