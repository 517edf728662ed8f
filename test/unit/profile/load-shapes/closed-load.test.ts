import { describe, expect, it } from '@jest/globals';

import { parseProfile as parseLoadProfile } from '../../../../src/targets/parse-profile.ts';
import { inputErrorsOf } from '../../../support/input-errors.ts';

const closed = { users: 500, thinkTime: '1s..2s', duration: '1m' };

function errorsOf(input: object): string[] {
  return inputErrorsOf(() => parseLoadProfile(input)).map(({ path, message }) => `${path}: ${message}`);
}

describe('a closed load', () => {
  it('has as many devices as users, and rates that are an estimate', () => {
    const { devices, users, startRatePerSecond, stages } = parseLoadProfile(closed);
    expect(devices).toBe(500);
    expect(users).toEqual({ startUsers: 500, thinkTime: { kind: 'uniform', minMs: 1_000, maxMs: 2_000 } });
    // 500 users ÷ (1.5 s + 10 ms).
    expect(startRatePerSecond).toBeCloseTo(331.126, 3);
    expect(stages).toEqual([{ durationMs: 60_000, targetUsers: 500, targetPerSecond: startRatePerSecond }]);
  });

  it('is spawned at its rate', () => {
    const { users, startRatePerSecond, stages } = parseLoadProfile({ ...closed, spawnPerSecond: 100 });
    expect(users?.startUsers).toBe(0);
    expect(startRatePerSecond).toBe(0);
    expect(stages.map(({ durationMs, targetUsers }) => [durationMs, targetUsers])).toEqual([
      [5_000, 500],
      [55_000, 500],
    ]);
  });

  it('has stages whose targets are users, the first one from users', () => {
    const { devices, users, stages } = parseLoadProfile({
      users: 10,
      throughputPerUser: 2,
      stages: [
        { duration: '30s', target: 200 },
        { duration: '1m', target: 50 },
      ],
    });
    expect(devices).toBe(200);
    expect(users).toMatchObject({ startUsers: 10, throughputPerUser: 2 });
    expect(stages).toEqual([
      { durationMs: 30_000, targetUsers: 200, targetPerSecond: 400 },
      { durationMs: 60_000, targetUsers: 50, targetPerSecond: 100 },
    ]);
  });

  it.each([
    ['2s', { kind: 'constant', ms: 2_000 }],
    ['100ms..1m30s', { kind: 'uniform', minMs: 100, maxMs: 90_000 }],
    [{ exponential: '1s' }, { kind: 'exponential', meanMs: 1_000 }],
    [{ normal: { mean: '2s', sd: '500ms' } }, { kind: 'normal', meanMs: 2_000, sdMs: 500 }],
  ])('thinks for %j', (thinkTime, resolved) => {
    expect(parseLoadProfile({ ...closed, thinkTime }).users?.thinkTime).toEqual(resolved);
  });

  it('stands beside open groups, and replaces their load at the top', () => {
    const { groups = [], devices } = parseLoadProfile({
      everySeconds: 10,
      duration: '1m',
      groups: { meters: { devices: 100 }, people: { users: 20, thinkTime: '1s' } },
    });
    expect(devices).toBe(120);
    expect(groups.map(({ name, users }) => [name, users?.startUsers])).toEqual([
      ['meters', undefined],
      ['people', 20],
    ]);
    expect(groups[1]?.stages).toMatchObject([{ durationMs: 60_000, targetUsers: 20 }]);
  });

  it('at the top is replaced by an open load of a group', () => {
    const { groups = [] } = parseLoadProfile({
      ...closed,
      groups: { meters: { devices: 100, everySeconds: 10 }, people: {} },
    });
    expect(groups.map(({ devices, users }) => [devices, users?.startUsers])).toEqual([
      [100, undefined],
      [500, 500],
    ]);
  });

  it.each<[string, object, string[]]>([
    ['no users', { thinkTime: '1s', duration: '1m' }, ['users: is missing']],
    ['no length', { users: 5 }, ['duration: is missing']],
    [
      'both models, and what only one has',
      { ...closed, ratePerSecond: 5, startRate: 1 },
      [
        'ratePerSecond: the load is given twice, by users too',
        'startRate: has no meaning for users, whose rate follows from the answers',
      ],
    ],
    [
      'two lengths',
      { ...closed, stages: [{ duration: '1m', target: 5 }] },
      ['duration: how long is given twice, by stages too'],
    ],
    [
      'a range that is turned around',
      { ...closed, thinkTime: '2s..1s' },
      ['thinkTime: "2s..1s" ends before it begins'],
    ],
    ['no time', { ...closed, duration: '0s' }, ['duration: the run lasts 0 seconds']],
    ['no user', { ...closed, users: 0 }, ['users: there is never a user: nothing would be sent']],
    [
      'half a user, and a stage without a target',
      { thinkTime: '1s', stages: [{ duration: '1m', target: 2.5 }, { duration: '1m' }] },
      ['stages[0].target: must be a whole number of users, not 2.5', 'stages[1].target: is missing'],
    ],
    [
      'fewer devices than users',
      { ...closed, devices: 100 },
      ['devices: 100 devices cannot be 500 users, because a user is a device'],
    ],
    [
      'QoS 0 without a pause',
      { users: 5, duration: '1m', publish: { qos: 0 } },
      ['thinkTime: QoS 0 has no answer to wait for, so that users who do not think would send without end'],
    ],
    [
      'more a user than a connection takes',
      { ...closed, thinkTime: '0s', throughputPerUser: 200 },
      [
        'throughputPerUser: 100000 messages a second are 200 a device, and AWS IoT Core discards what is above 100 on a connection',
      ],
    ],
  ])('is refused for %s', (_, input, errors) => {
    expect(errorsOf(input)).toEqual(errors);
  });

  it.each([5, '1 s', '1s..', ['1s'], { uniform: '1s' }, { normal: { mean: '1s' } }])(
    'is refused for the think time %j, and only for that',
    (thinkTime) => {
      const errors = inputErrorsOf(() => parseLoadProfile({ ...closed, thinkTime }));
      expect(errors.length).toBeGreaterThan(0);
      for (const { path, message } of errors) {
        expect(path).toMatch(/^thinkTime/);
        expect(message).not.toMatch(/invalid|unrecognized/);
      }
    },
  );
});
