import { describe, expect, it } from '@jest/globals';
import type { LoadProfile } from '../../../src/profile/load-profile.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const range = { from: 1_000, to: 8_000 };

function searchOf(profile: object): LoadProfile['search'] {
  return parseProfile({ devices: 100, search: range, ...profile }).search;
}

function errorsOf(profile: object): string[] {
  return inputErrorsOf(() => parseProfile({ devices: 100, search: range, ...profile })).map(
    ({ path, message, hint }) => `${path}: ${message} → ${hint}`,
  );
}

describe('a search', () => {
  it('has defaults for all but its range', () => {
    expect(searchOf({})).toEqual({
      kind: 'capacity',
      of: 'rate',
      from: 1_000,
      to: 8_000,
      method: 'ramp-then-bisect',
      settleMs: 15_000,
      holdMs: 60_000,
      precision: 0.05,
      confirm: 2,
    });
  });

  it('takes them as the profile says', () => {
    const search = { ...range, method: 'steps', settle: '0s', hold: '1s', precision: 1, confirm: 1 };
    expect(searchOf({ search })).toMatchObject({
      method: 'steps',
      settleMs: 0,
      holdMs: 1_000,
      precision: 1,
      confirm: 1,
    });
  });

  it.each([
    [{ ratePerSecond: 500 }, 500],
    [{ ratePerSecond: 500, duration: '5m', arrivals: 'poisson' }, 500],
    [{ everySeconds: 10 }, 10],
    [
      {
        stages: [
          { duration: '1m', target: 700 },
          { duration: '1m', target: 300 },
        ],
      },
      700,
    ],
    [{ ratePerSecond: 400, messages: { reading: { weight: 3 }, status: { weight: 1 } } }, 400],
    [{ groups: { a: { devices: 100, ratePerSecond: 30 }, b: { devices: 10, ratePerSecond: 12 } } }, 42],
    [
      {
        groups: { a: { devices: 100, ratePerSecond: 30 }, b: { devices: 10, ratePerSecond: 12 } },
        search: { ...range, to: 1_001, group: 'a' },
      },
      30,
    ],
    [{ groups: { a: { ratePerSecond: 30 }, b: { idle: true } } }, 30],
  ])('takes the load of the profile for what is planned: %j', (profile, planned) => {
    expect(searchOf({ search: { ...range, to: 1_001 }, ...profile })).toMatchObject({ planned });
  });

  it('takes the most users for what is planned of users, and makes devices and users where the profile has none', () => {
    const search = { ...range, of: 'users' };
    const parse = (profile: object) => parseProfile({ search, thinkTime: '1s', ...profile });
    const bare = parse({});
    expect(bare).toMatchObject({ devices: 8_000, users: { startUsers: 1_000 } });
    expect(bare.search).not.toHaveProperty('planned');
    const planned = parse({ devices: 8_000, stages: [{ duration: '1m', target: 3_000 }] });
    expect(planned.search).toMatchObject({ of: 'users', planned: 3_000 });
    const groups = {
      people: { users: 20, devices: 8_000 },
      meters: { devices: 10, ratePerSecond: 1, thinkTime: undefined },
    };
    expect(parse({ groups, thinkTime: undefined, duration: '1m' }).search).toMatchObject({ planned: 20 });
  });

  it('of connects makes devices that send nothing, and judges whether connects fail', () => {
    const search = { ...range, of: 'connects' };
    const profile = parseProfile({ search });
    expect(profile).toMatchObject({
      devices: 16_000,
      connect: { ratePerSecond: 1_000 },
      startRatePerSecond: 0,
    });
    expect(profile.search).not.toHaveProperty('planned');
    expect(profile.thresholds.connects_failed).toMatchObject([{ expression: 'count==0', isDefault: true }]);
    const own = parseProfile({
      devices: 16_000,
      ratePerSecond: 5,
      connect: { ratePerSecond: 300 },
      thresholds: { connects_failed: ['rate<0.1'] },
      search,
    });
    expect(own.search).toMatchObject({ planned: 300 });
    expect(own.thresholds.connects_failed).toMatchObject([{ expression: 'rate<0.1' }]);
  });

  it('has nothing planned without a load', () => {
    expect(searchOf({})).not.toHaveProperty('planned');
    expect(searchOf({ arrivals: 'poisson' })).not.toHaveProperty('planned');
  });

  it('lets the default of connects that fail be switched off', () => {
    const connects = { search: { of: 'connects', from: 1, to: 5 } };
    expect(parseProfile(connects).thresholds.connects_failed).toHaveLength(1);
    for (const quantity of ['connects', 'devices']) {
      const thresholds = { connects_failed: [], event_loop_delay: ['value<500'] };
      const { thresholds: judged } = parseProfile({ search: { of: quantity, from: 1, to: 5 }, thresholds });
      expect(judged.connects_failed).toEqual([]);
    }
  });

  it('leaves a group that says nothing of its load with that one error', () => {
    const groups = { a: { devices: 10 }, b: { devices: 10, users: 5 } };
    expect(errorsOf({ groups, search: { of: 'users', from: 1, to: 5 } })).toEqual([
      expect.stringMatching(/^groups\.a\.stages: the load is missing/),
    ]);
  });

  it('names every error at once', () => {
    const search = { of: 'speed', from: 0, precision: 2, confirm: 0, method: 'ramp', hold: '1.5s', x: 1 };
    expect(errorsOf({ search }).map((error) => error.split(':')[0])).toEqual([
      'search.of',
      'search.from',
      'search.to',
      'search.method',
      'search.precision',
      'search.confirm',
      'search.x',
      'search.hold',
    ]);
  });

  it('names what does not fit together, every error at once', () => {
    const errors = errorsOf({
      devices: 10,
      ratePerSecond: 500,
      timeline: [{ at: '1s', rate: 3 }],
      thresholds: { end_to_end_latency: [{ threshold: 'p(99)<400', abortOnFail: true }] },
      search: { from: 9_000, to: 9_000, hold: '1.5s', settle: '20m', group: 'meters' },
    });
    expect(errors).toEqual([
      'search.to: must be above from (9,000), not 9,000 → give from a level that surely holds, and to one that surely breaks',
      'search.settle: must be at most 15m, not 20m → give 0s to 15m: a Lambda runs no longer',
      'search.hold: must be whole seconds from 1s to 15m, not 1s500ms → series are by second; give a hold such as "60s"',
      'search.group: no group is called meters → remove it: the profile has no groups',
      'timeline[0].rate: changes the rate that the search changes → remove it, or remove search',
      'thresholds.end_to_end_latency: would end the whole run with the first level that breaks it (abortOnFail) → remove abortOnFail: a search judges each level by itself, and goes on',
    ]);
  });

  it('refuses metrics that no hold has a value of its own of, and takes the others', () => {
    const errors = errorsOf({
      ratePerSecond: 10,
      search: { from: 10, to: 100 },
      thresholds: {
        'cloudwatch.PublishIn.Throttle': ['count==0'],
        connect: ['p(99)<400'],
        start_lag: ['value<100'],
        end_to_end_latency: ['p(99)<400'],
        event_loop_delay: ['value<10'],
        throughput: ['rate>5'],
      },
    });
    expect(errors.map((error) => error.replace(/ → .*/, ''))).toEqual([
      'thresholds.cloudwatch.PublishIn.Throttle: cannot be judged by hold: CloudWatch counts whole minutes, and a hold is only a part of them',
      'thresholds.connect: cannot be judged by hold: devices connect before a hold begins',
      'thresholds.start_lag: cannot be judged by hold: it is known of the whole run only',
    ]);
  });

  it.each([
    [
      { users: 10, duration: '1m', devices: undefined },
      'search.of: rate cannot be searched: The devices are users who decide when they send: their load has no rate to change. → search a group of devices that send at a rate (search.group), or give the devices a rate',
    ],
    [
      { idle: true, duration: '1m' },
      'search.of: rate cannot be searched: The devices are idle: they send nothing. → search a group of devices that send at a rate (search.group), or give the devices a rate',
    ],
    [
      { burst: { count: 10, spacing: '100ms', everySeconds: 60 }, duration: '5m' },
      'search.of: rate cannot be searched: messages come in bursts, all at once or after gaps, and not at a rate → remove burst, together and the distribution of everySeconds; arrivals "poisson" and jitter can stay',
    ],
    [
      { everySeconds: '5..15', duration: '5m' },
      'search.of: rate cannot be searched: messages come in bursts, all at once or after gaps, and not at a rate → remove burst, together and the distribution of everySeconds; arrivals "poisson" and jitter can stay',
    ],
    [
      { devices: 10 },
      'devices: are 10, and send 800 messages a second each at the highest level of the search; AWS IoT Core discards what is above 100 on a connection → use at least 80 devices, or lower search.to to 1,000',
    ],
    [
      { groups: { a: { devices: 10, ratePerSecond: 30 }, b: { devices: 100, ratePerSecond: 10 } } },
      'groups.a.devices: are 10, and send 600 messages a second each at the highest level of the search; AWS IoT Core discards what is above 100 on a connection → use at least 60 devices, or lower search.to to 1,333',
    ],
    [
      { groups: { meters: { ratePerSecond: 30 } }, search: { ...range, group: 'meter' } },
      'search.group: no group is called meter → did you mean "meters"?',
    ],
    [
      {
        thresholds: Object.fromEntries(
          [
            'lost_messages',
            'dropped_messages',
            'unacknowledged_messages',
            'failed_messages',
            'throttled_messages',
            'devices_not_connected',
          ].map((metric) => [metric, []]),
        ),
      },
      'thresholds: has none, so no level could break one → give the objectives that a level is to hold, such as {"end_to_end_latency": ["p(99)<500"]}',
    ],
    [
      { search: { ...range, of: 'users' }, ratePerSecond: 10 },
      'search.of: users cannot be searched: The devices send by a schedule: they are no users. → give a load of users, such as "thinkTime": "1s" in place of a rate, or search of rate',
    ],
    [
      {
        search: { ...range, of: 'users' },
        devices: undefined,
        duration: '1m',
        groups: { a: { users: 10 }, b: { users: 5 } },
      },
      'search.of: users cannot be searched: Several groups have users: a, b. → name one of them: search.group',
    ],
    [
      { search: { ...range, of: 'users' }, thinkTime: '1s' },
      'devices: are 100, and the highest level of the search is 8,000 users: a user is a device → use 8,000 devices, or lower search.to to 100',
    ],
    [
      { search: { from: 10, to: 50, of: 'users' }, thinkTime: '1s', timeline: [{ at: '1s', users: 20 }] },
      'timeline[0].users: changes the users that the search changes → remove it, or remove search',
    ],
    [
      { search: { ...range, of: 'connects' }, devices: 100 },
      'devices: are too few: 100 devices make at most 50 connects a second: a device needs 2 s from one to the next. → use 16,000 devices, or lower search.to',
    ],
    [
      { search: { ...range, of: 'connects' }, devices: 1 },
      'devices: are too few: 1 device makes at most 0 connects a second: a device needs 2 s from one to the next. → use 16,000 devices, or lower search.to',
    ],
    [
      {
        search: { ...range, of: 'connects' },
        devices: 16_000,
        ratePerSecond: 5,
        connect: { protocol: 'https' },
      },
      'search.of: connects cannot be searched: No devices stay connected by themselves: over HTTP, with a lifecycle and in a backend they do not. → search a group of devices that stay connected over MQTT (search.group)',
    ],
    [
      {
        search: { ...range, of: 'connects' },
        devices: 16_000,
        thresholds: { end_to_end_latency: ['p(99)<500'] },
      },
      'thresholds.end_to_end_latency: cannot be judged by hold: a search of connects sends no messages → remove it; a hold is judged by connect (latency), connects_failed, reconnect and attempts_per_connect',
    ],
    [
      { search: true },
      'search: must be an object, not true → Searches for the highest load at which the thresholds hold: one level after the other is held and judged, in one run, until the knee is known; for example {"of":"rate","from":1000,"to":20000}',
    ],
  ])('refuses what it cannot search: %j', (profile, error) => {
    expect(errorsOf(profile)).toEqual([error]);
  });

  describe('for an objective', () => {
    const held = { ...range, hold: { metric: 'end_to_end_latency p(99)', at: 500 }, for: '5m' };
    const refusals = (search: object, profile: object = {}) =>
      errorsOf({ search: { ...held, ...search }, ...profile });

    it('has defaults for all but its range, its objective and its time', () => {
      expect(searchOf({ search: held })).toEqual({
        kind: 'objective',
        of: 'rate',
        ...range,
        metric: 'end_to_end_latency',
        aggregation: 'p',
        percentile: 99,
        at: 500,
        forMs: 300_000,
        settleMs: 1_000,
        holdMs: 3_000,
        precision: 0.25,
      });
      const given = {
        settle: '0s',
        interval: '10s',
        precision: 0.1,
        hold: { metric: 'puback_round_trip avg', at: 20 },
      };
      expect(searchOf({ search: { ...held, ...given }, ratePerSecond: 700 })).toMatchObject({
        metric: 'puback_round_trip',
        aggregation: 'avg',
        at: 20,
        settleMs: 0,
        holdMs: 10_000,
        precision: 0.1,
        planned: 700,
      });
    });

    it('takes the latency of a group', () => {
      const groups = { meters: { ratePerSecond: 30 }, trackers: { ratePerSecond: 30 } };
      const search = {
        ...held,
        to: 1_001,
        hold: { metric: 'end_to_end_latency{group:meters} p(95)', at: 50 },
      };
      expect(searchOf({ groups, search })).toMatchObject({
        metric: 'end_to_end_latency{group:meters}',
        percentile: 95,
      });
    });

    it.each([
      [
        { hold: { metric: 'lost_messages count', at: 5 } },
        /^search\.hold\.metric: is no latency: lost_messages → give a latency/,
      ],
      [
        { hold: { metric: 'end_to_end_latenzy p(99)', at: 5 } },
        /^search\.hold\.metric: is no metric: end_to_end_latenzy → did you mean/,
      ],
      [
        { hold: { metric: 'end_to_end_latency', at: 5 } },
        /^search\.hold\.metric: does not say what of the latency is held → /,
      ],
      [
        { hold: { metric: 'end_to_end_latency p(101)', at: 5 } },
        /^search\.hold\.metric: p\(101\) is no percentile → /,
      ],
      [
        { hold: { metric: 'end_to_end_latency count', at: 5 } },
        /^search\.hold\.metric: is a count, not a latency → /,
      ],
      [
        { hold: { metric: 'connect p(99)', at: 5 } },
        /^search\.hold\.metric: cannot be held: devices connect before/,
      ],
      [
        { hold: { metric: 'end_to_end_latency p(99)', at: 4_000 } },
        /^search\.interval: must be no shorter than the latency to keep, 4s: .* → give at least 4s/,
      ],
      [{ for: undefined }, /^search\.for: is missing → say how long/],
      [{ for: '20s' }, /^search\.for: must be 40s \(10 intervals\) to 15m, not 20s → /],
      [{ for: '1h' }, /^search\.for: must be 40s/],
      [{ interval: '1.5s' }, /^search\.interval: must be whole seconds from 1s to 1m, not 1s500ms → /],
      [{ settle: '2m', for: '15m' }, /^search\.settle: must be at most 1m, not 2m → /],
      [{ method: 'steps' }, /^search\.method: has no meaning where an objective is held → /],
      [{ confirm: 1 }, /^search\.confirm: has no meaning where an objective is held → /],
      [{ hold: '60s', for: '5m' }, /^search\.for: has no meaning where no objective is held → /],
    ])('refuses %j', (search, error) => {
      expect(refusals(search).length).toBeGreaterThan(0);
      expect(refusals(search)[0]).toMatch(error);
    });

    it('says what is wrong with the name and with the aggregation, and lists what can be held, the nearest first', () => {
      const [name, aggregation, ...others] = refusals({ hold: { metric: 'zzz q(99)', at: 5 } });
      expect(name).toMatch(/is no metric: zzz → the latencies that can be held are: /);
      expect(name).not.toMatch(/lost_messages|connect,|handover/);
      expect(aggregation).toMatch(/is no aggregation: q\(99\) → give p\(N\)/);
      expect(others).toEqual([]);
    });

    it.each([
      ['users', 'users wait for their answers', '{"end_to_end_latency": ["p(99)<500"]}'],
      ['connects', 'devices that only connect send none', '{"connect": ["p(99)<500"]}'],
      ['devices', 'devices connect one after the other', '{"end_to_end_latency": ["p(99)<500"]}'],
    ])('refuses levels that are no rate, and says why and what to do: %s', (of, why, threshold) => {
      const hold = { metric: 'end_to_end_latency p(99)', at: 500 };
      const [error = '', ...others] = refusals({ of, hold }).filter((each) => each.startsWith('search.'));
      expect(error).toContain(`search.of: must be rate where an objective is held, not ${of}: `);
      expect(error).toContain(why);
      expect(error).toContain(`"hold": "60s", and thresholds ${threshold}`);
      expect(others.filter((each) => !each.startsWith('search.of'))).toEqual([]);
      const ofMean = refusals({ of, hold: { metric: 'end_to_end_latency avg', at: 500 } });
      expect(ofMean.join('\n')).toContain(threshold.replace('p(99)', 'avg'));
    });

    it('names every error at once', () => {
      const search = { hold: { metric: 'cost value', at: 5 }, interval: '0s', for: '1s', confirm: 3 };
      expect(refusals(search).map((error) => error.split(':')[0])).toEqual([
        'search.confirm',
        'search.hold.metric',
        'search.interval',
        'search.for',
      ]);
    });

    it.each([
      [
        { end_to_end_latency: ['p(95)<100'] },
        /^thresholds\.end_to_end_latency: is the metric that the search keeps at a value → /,
      ],
      [{ connect: ['p(95)<100'] }, /^thresholds\.connect: cannot be judged by interval: /],
      [{ lost_messages: [{ threshold: 'count==0', abortOnFail: true }] }, /abortOnFail/],
    ])('refuses thresholds that contradict it: %j', (thresholds, error) => {
      expect(refusals({}, { thresholds }).join('\n')).toMatch(error);
    });

    it('needs no thresholds', () => {
      const thresholds = Object.fromEntries(
        ['lost_messages', 'dropped_messages'].map((metric) => [metric, []]),
      );
      expect(refusals({}, { thresholds })).toEqual([]);
    });
  });

  it('says only once that a level is of no number', () => {
    expect(errorsOf({ search: { from: 'low', to: 8_000 } })).toEqual([
      'search.from: must be a number, not "low" → The lowest level, a whole number from 1; for example 1000',
    ]);
  });

  it('is of the whole run, and not of a group', () => {
    expect(errorsOf({ groups: { meters: { ratePerSecond: 30, search: range } } })[0]).toMatch(
      /^groups\.meters\.search: is not a setting of a group/,
    );
  });
});
