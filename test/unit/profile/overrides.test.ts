import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  applyOverrides,
  overridesFromEnvironment,
  overridesFromFlags,
  withoutEnforcement,
  withSearch,
} from '../../../src/profile/overrides.ts';
import { profileOptions, searchOptions } from '../../../src/profile/profile-options.ts';
import { settingPaths } from '../../../src/profile/shape.ts';
import { InvalidInputError } from '../../../src/shared/errors.ts';
import { parseProfile as parseLoadProfile } from '../../../src/targets/parse-profile.ts';
import { randomCases } from '../../support/effort.ts';

const file = {
  devices: 100,
  publish: { qos: 1 },
  stages: [
    { duration: '30s', target: 50 },
    { duration: '60s', target: 200 },
    { duration: '10s', target: 0 },
  ],
};

function errorsOf(input: unknown, flags: Record<string, string>, env: Record<string, string> = {}) {
  try {
    parseLoadProfile(input, [...overridesFromEnvironment(env), ...overridesFromFlags(flags)]);
  } catch (error) {
    if (error instanceof InvalidInputError) return error.errors;
    throw error;
  }
  return [];
}

describe('overrides', () => {
  it('rank flag over variable over file over default', () => {
    const env = { STAMPEDE_DEVICES: '200', STAMPEDE_SEED: '7', STAMPEDE_DRAIN: '' };
    const profile = parseLoadProfile(file, [
      ...overridesFromEnvironment(env),
      ...overridesFromFlags({ devices: '300', connectRate: '50', output: 'x' }),
    ]);
    expect(profile).toMatchObject({ devices: 300, seed: 7, drainMs: 10_000, publish: { qos: 1 } });
    expect(profile.connect.ratePerSecond).toBe(50);
  });

  it('reach every setting they name', () => {
    const flags = {
      target: 'mqtts://127.0.0.1',
      name: 'x',
      devices: '300',
      qos: '0',
      topic: 'stampede/{deviceId}',
      size: '64',
      client: 'dense',
      mqttVersion: '3.1.1',
      auth: 'password',
      username: 'u-{deviceId}',
      passwordFrom: 'variable:BROKER_PASSWORD',
      alpn: 'mqtt',
      serverName: 'broker.test',
      insecure: 'true',
      cert: '/c/device.pem',
      key: '/c/device.key',
      ca: '/c/ca.pem',
      connectRate: '50',
      devicesPerSlice: '10',
      drain: '1s',
      seed: '9',
      echo: '0.5',
      protocol: 'mqtt',
      rate: '20',
      duration: '10s',
      maxCost: '2.5',
      allowHost: 'iot.example.com, broker.test',
    };
    expect(parseLoadProfile(file, overridesFromFlags(flags))).toMatchObject({
      target: 'mqtts://127.0.0.1',
      name: 'x',
      devices: 300,
      seed: 9,
      connect: {
        protocol: 'mqtt',
        client: 'dense',
        version: '3.1.1',
        auth: 'password',
        username: 'u-{deviceId}',
        password: { variable: 'BROKER_PASSWORD' },
        ca: '/c/ca.pem',
        cert: '/c/device.pem',
        key: '/c/device.key',
        alpn: 'mqtt',
        serverName: 'broker.test',
        insecure: true,
        ratePerSecond: 50,
      },
      publish: { topic: 'stampede/{deviceId}', qos: 0, sizeBytes: 64 },
      stages: [
        { durationMs: 3_000, targetPerSecond: 5 },
        { durationMs: 6_000, targetPerSecond: 20 },
        { durationMs: 1_000, targetPerSecond: 0 },
      ],
      echo: { fraction: 0.5 },
      slices: { devicesPerSlice: 10 },
      drainMs: 1_000,
      limits: { quotaShare: 0.8, maxCostUsd: 2.5 },
      allowedHosts: ['iot.example.com', 'broker.test'],
    });
    const ofUsers = profileOptions.filter(({ onlyFor }) => onlyFor === 'closed');
    expect(Object.keys(flags)).toHaveLength(profileOptions.length - ofUsers.length);
  });

  it('make a search, or replace what the file says of it', () => {
    const flags = {
      of: 'rate',
      from: '100',
      to: '900',
      method: 'steps',
      settle: '2s',
      hold: '4s',
      precision: '0.2',
      confirm: '3',
    };
    const expected = {
      from: 100,
      to: 900,
      method: 'steps',
      settleMs: 2_000,
      holdMs: 4_000,
      precision: 0.2,
      confirm: 3,
    };
    const inFile = { ...file, search: { from: 1, to: 2, hold: '9s' } };
    for (const profile of [withSearch(file), inFile])
      expect(parseLoadProfile(profile, overridesFromFlags(flags)).search).toMatchObject(expected);
    expect(parseLoadProfile(inFile, overridesFromFlags({ to: '50' })).search).toMatchObject({
      from: 1,
      to: 50,
      holdMs: 9_000,
    });
    expect(errorsOf(inFile, { from: '7', to: '5' })).toMatchObject([{ path: '--to' }]);
    expect(errorsOf(withSearch(file), {}).map(({ path }) => path)).toEqual(['search.from', 'search.to']);
  });

  it('are recorded in the execution’s input, in the order of the settings, for the report', () => {
    const overrides = [
      ...overridesFromEnvironment({ STAMPEDE_QOS: '0', STAMPEDE_DRAIN: '1s' }),
      ...overridesFromFlags({ drain: '2s' }),
    ];
    const { input } = applyOverrides({ devices: 5, ratePerSecond: 5, duration: '5s' }, overrides);
    expect(input).toMatchObject({ overrides: ['STAMPEDE_QOS=0', '--drain 2s'] });
    expect(parseLoadProfile(input).overrides).toEqual(['STAMPEDE_QOS=0', '--drain 2s']);
  });

  it('take the force out of limits, and only that', () => {
    const input = { devices: 5, limits: { quotaShare: 0.5 } };
    const overrides = ['--force'];
    expect(withoutEnforcement(input)).toEqual({
      devices: 5,
      limits: { quotaShare: 0.5, enforce: false },
      overrides,
    });
    expect(withoutEnforcement({ devices: 5 })).toEqual({ devices: 5, limits: { enforce: false }, overrides });
    expect(input.limits).toEqual({ quotaShare: 0.5 });
    for (const strange of [7, null, [], { limits: 'all' }]) expect(withoutEnforcement(strange)).toBe(strange);
  });

  it('name settings that there are, each by one flag and its variable', () => {
    const known = settingPaths();
    for (const { path, flag, variable } of profileOptions) {
      expect(known).toContain(path);
      expect(variable).toBe(`STAMPEDE_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`);
    }
    for (const { path, variable } of searchOptions) {
      expect(known).toContain(path);
      expect(variable).toBeUndefined();
    }
    const all = [...profileOptions, ...searchOptions];
    expect(new Set(all.map((option) => option.flag)).size).toBe(all.length);
  });

  it('--users makes the most users what it says and keeps the shape; --spawn-per-second stands beside it', () => {
    const load = (profile: object, flags: object) => {
      const { users, stages, devices } = parseLoadProfile(
        { thinkTime: '1s', ...profile },
        overridesFromFlags(flags as Record<string, string>),
      );
      return [
        users?.startUsers,
        devices,
        ...stages.map(({ durationMs, targetUsers }) => [durationMs, targetUsers]),
      ];
    };
    expect(load({ users: 10, duration: '8s' }, { users: '40' })).toEqual([40, 40, [8_000, 40]]);
    expect(load({ users: 10, duration: '8s' }, { users: '40', spawnPerSecond: '20' })).toEqual([
      0,
      40,
      [2_000, 40],
      [6_000, 40],
    ]);
    const stages = [
      { duration: '10s', target: 30 },
      { duration: '5s', target: 15 },
    ];
    expect(load({ users: 3, stages }, { users: '101' })).toEqual([10, 101, [10_000, 101], [5_000, 51]]);
    expect(load({ stages, throughputPerUser: 1 }, { users: '60' })).toEqual([
      0,
      60,
      [10_000, 60],
      [5_000, 30],
    ]);
    // Of a profile without a load, as --rate.
    expect(load({}, { users: '5', duration: '3s' })).toEqual([5, 5, [3_000, 5]]);
  });

  it.each([
    [{ devices: 5, ratePerSecond: 5, duration: '5s' }],
    [{ devices: 5, everySeconds: 1, duration: '5s' }],
    [{ devices: 5, stages: [{ duration: '5s', target: 5 }] }],
  ])('--users and --spawn-per-second are refused for a load with a rate: %j', (open) => {
    expect(errorsOf(open, { users: '5', spawnPerSecond: '2' })).toEqual([
      expect.objectContaining({
        path: '--users',
        message: expect.stringContaining('no meaning for a load with a rate'),
      }),
      expect.objectContaining({ path: '--spawn-per-second' }),
    ]);
  });

  it('--users is refused beside groups, and --rate for users', () => {
    const groups = { meters: { users: 5, thinkTime: '1s', duration: '5s' } };
    expect(errorsOf({ groups }, { users: '5' })).toMatchObject([{ path: '--users' }]);
    expect(errorsOf({ users: 5, thinkTime: '1s', duration: '5s' }, { rate: '5' })).toMatchObject([
      { path: '--rate' },
    ]);
    expect(errorsOf({ users: 5, thinkTime: '1s', duration: '5s' }, { users: '2.5' })).toMatchObject([
      { path: '--users' },
    ]);
  });

  it('--rate makes the peak what it says and keeps the shape', () => {
    const stages = fc.array(fc.record({ duration: fc.constant('5s'), target: fc.nat({ max: 10_000 }) }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(
        stages,
        fc.nat({ max: 100 }),
        fc.integer({ min: 1, max: 50_000 }),
        (given, startRate, rate) => {
          fc.pre(Math.max(startRate, ...given.map(({ target }) => target)) > 0);
          const profile = parseLoadProfile(
            { devices: 1_000, startRate, stages: given },
            overridesFromFlags({ rate: String(rate) }),
          );
          const rates = [profile.startRatePerSecond, ...profile.stages.map((stage) => stage.targetPerSecond)];
          const before = [startRate, ...given.map(({ target }) => target)];
          expect(Math.max(...rates)).toBe(rate);
          rates.forEach((scaled, i) => {
            expect(scaled).toBeCloseTo((before[i]! / Math.max(...before)) * rate, 6);
          });
        },
      ),
      randomCases(),
    );
  });

  it('--rate and --duration bend a daily curve, and stages that are repeated', () => {
    const hours = Array.from({ length: 24 }, (_, hour) => (hour < 12 ? 10 : 20));
    const load = (profile: object) => {
      const { startRatePerSecond, stages } = parseLoadProfile(
        { devices: 100, ...profile },
        overridesFromFlags({ rate: '50', duration: '24s' }),
      );
      return [
        startRatePerSecond,
        ...stages.map(({ durationMs, targetPerSecond }) => [durationMs, targetPerSecond]),
      ];
    };
    const [start, jump, ...moves] = load({ stages: [{ hours, days: 2 }] });
    expect([start, jump]).toEqual([0, [0, 25]]);
    expect(moves).toHaveLength(48);
    expect(moves.slice(10, 13)).toEqual([
      [500, 25],
      [500, 50],
      [500, 50],
    ]);
    const day = { duration: '16h', target: 2_000 };
    const night = { duration: '8h', target: 500 };
    expect(load({ startRate: 500, stages: [{ repeat: 2, stages: [day, night] }] })).toEqual([
      12.5,
      [8_000, 50],
      [4_000, 12.5],
      [8_000, 50],
      [4_000, 12.5],
    ]);
  });

  it('--duration makes the publishing time exactly what it says', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 900_000 }), (lengthsMs, wholeMs) => {
        const stages = lengthsMs.map((ms) => ({ duration: `${ms}ms`, target: 5 }));
        const profile = parseLoadProfile(
          { devices: 1, stages },
          overridesFromFlags({ duration: `${wholeMs}ms` }),
        );
        expect(profile.stages.reduce((sum, stage) => sum + stage.durationMs, 0)).toBe(wholeMs);
        const totalMs = lengthsMs.reduce((sum, ms) => sum + ms, 0);
        profile.stages.forEach((stage, i) => {
          expect(Math.abs(stage.durationMs - (lengthsMs[i]! / totalMs) * wholeMs)).toBeLessThanOrEqual(1);
        });
      }),
      randomCases(),
    );
  });

  it('bend each way of giving the load', () => {
    const flags = overridesFromFlags({ rate: '20', duration: '10s' });
    const wanted = { startRatePerSecond: 20, stages: [{ durationMs: 10_000, targetPerSecond: 20 }] };
    expect(parseLoadProfile({ devices: 100, everySeconds: 9, duration: '5s' }, flags)).toMatchObject(wanted);
    expect(parseLoadProfile({ devices: 100, ratePerSecond: 9, duration: '5s' }, flags)).toMatchObject(wanted);
    expect(parseLoadProfile({ devices: 100 }, flags)).toMatchObject(wanted);
    const split = { devices: 100, everySeconds: 9, stages: [{ duration: '5s' }, { duration: '15s' }] };
    expect(parseLoadProfile(split, flags).stages).toEqual([
      { durationMs: 2_500, targetPerSecond: 20 },
      { durationMs: 7_500, targetPerSecond: 20 },
    ]);
  });

  it('report what is wrong at the flag or variable that said it', () => {
    const flags = { qos: '2', duration: '5', protocol: 'http', connectRate: '0', echo: ' ', maxCost: '0' };
    const errors = errorsOf(file, flags, { STAMPEDE_DEVICES: 'many', STAMPEDE_SEED: '-1' });
    expect(errors.map((error) => error.path).sort()).toEqual(
      [
        'STAMPEDE_DEVICES',
        '--duration',
        '--qos',
        '--protocol',
        '--connect-rate',
        '--echo',
        '--max-cost',
        'STAMPEDE_SEED',
      ].sort(),
    );
    expect(errorsOf(file, { rate: '10001' }).map((error) => error.path)).toEqual(['--rate']);
    expect(errorsOf(file, { rate: '0' }).map((error) => error.path)).toEqual(['--rate']);
    expect(errorsOf(file, { duration: '0s' }).map((error) => error.path)).toEqual(['--duration']);
    expect(errorsOf(file, { allowHost: 'https://mine.test' })).toEqual([
      {
        path: '--allow-host',
        message: 'cannot be "https://mine.test"',
        hint: 'Hosts that you own and may be loaded; for example ["iot.example.com"]',
      },
    ]);
  });

  it("leave a broken file's faults to the file", () => {
    const broken = { devices: 100, connect: 'mqtt', stages: [{ duration: 5, target: 'x' }] };
    const flags = { rate: '5', duration: '5s', client: 'dense' };
    expect(errorsOf(broken, flags).map((error) => error.path)).toEqual([
      'connect',
      'stages[0].duration',
      'stages[0].target',
    ]);
  });

  it('take a profile written for mqtt over https', () => {
    const mqtt = {
      ...file,
      connect: {
        client: 'dense',
        keepAlive: '1m',
        timeout: '5s',
        backoff: { base: '2s' },
        will: { topic: 'gone/{deviceId}' },
      },
      publish: { retain: true, contentType: 'text/plain' },
      echo: { fraction: 0.5 },
    };
    const profile = parseLoadProfile(mqtt, overridesFromFlags({ protocol: 'https' }));
    expect(profile.connect).toMatchObject({ protocol: 'https', timeoutMs: 5_000 });
    expect(profile.echo.fraction).toBe(0);
    expect(errorsOf(mqtt, { protocol: 'https', client: 'dense' }).map((error) => error.path)).toEqual([
      '--client',
    ]);
  });

  it("make an execution's input that parses to the same, and leave the file's alone", () => {
    const overrides = overridesFromFlags({ rate: '77', duration: '12345ms', devices: '9', qos: '0' });
    const before = structuredClone(file);
    const { input } = applyOverrides(file, overrides);
    expect(file).toEqual(before);
    expect(parseLoadProfile(JSON.parse(JSON.stringify(input)))).toEqual(parseLoadProfile(file, overrides));
  });
});
