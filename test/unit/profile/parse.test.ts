import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ProfileOverrides } from '../../../src/profile/overrides.ts';
import { settingPaths } from '../../../src/profile/shape.ts';
import { InvalidInputError } from '../../../src/shared/errors.ts';
import { parseProfile as parseLoadProfile } from '../../../src/targets/parse-profile.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const minimal = { devices: 100, ratePerSecond: 50, duration: '30s' };
const goldenFolder = join(import.meta.dirname, '../../golden/profile');

const byDefault = (expression: string) => ({
  expression,
  abortOnFail: false,
  delayAbortEvalMs: 0,
  isDefault: true,
});

function errorsOf(input: unknown, overrides: ProfileOverrides = []) {
  return inputErrorsOf(() => parseLoadProfile(input, overrides));
}

describe('parseLoadProfile', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, JSON.parse('-1e999')])('names %s as it is', (devices) => {
    expect(() => parseLoadProfile({ devices, ratePerSecond: 1, duration: '1s' })).toThrow(
      `devices: must be a number, not ${devices}`,
    );
  });

  it('lists a hundred errors, and how many more there are', () => {
    const unknown = Object.fromEntries(Array.from({ length: 103 }, (_, i) => [`q${i}`, 1]));
    const parse = () => parseLoadProfile({ devices: 1, ratePerSecond: 1, duration: '1s', ...unknown });
    expect(parse).toThrow(/^The load profile has 103 errors:\n.*q99: .*\n {2}and 3 more$/s);
    expect(parse).not.toThrow(/q100/);
  });

  it('needs the devices and the load, and has a default for everything else', () => {
    expect(parseLoadProfile(minimal)).toEqual({
      name: 'stampede',
      devices: 100,
      seed: 1,
      connect: {
        protocol: 'mqtt',
        client: 'dense',
        ratePerSecond: 400,
        keepAliveMs: 300_000,
        cleanStart: true,
        timeoutMs: 10_000,
      },
      publish: {
        topic: '{topicRoot}/{runId}/{deviceId}/telemetry',
        qos: 1,
        payload: { temperature: '{{gaussian(21, 2)}}', humidity: '{{random(30, 60)}}' },
        sizeBytes: 0,
        ackTimeoutMs: 5_000,
        maxUnacknowledged: 100,
      },
      startRatePerSecond: 50,
      stages: [{ durationMs: 30_000, targetPerSecond: 50 }],
      echo: { fraction: 0 },
      slices: { toleratedFailureShare: 0.05 },
      drainMs: 10_000,
      limits: { enforce: true, quotaShare: 0.8 },
      allowedHosts: [],
      thresholds: {
        lost_messages: [byDefault('count==0')],
        dropped_messages: [byDefault('count==0')],
        unacknowledged_messages: [byDefault('rate<0.01')],
        failed_messages: [byDefault('rate<0.01')],
        throttled_messages: [byDefault('rate<0.01')],
        devices_not_connected: [byDefault('rate<0.01')],
      },
    });
  });

  it('judges by a default what the profile says nothing of, and by nothing what it switches off', () => {
    const namesOf = (thresholds: object, publish: object = {}) =>
      Object.entries(parseLoadProfile({ ...minimal, publish, thresholds }).thresholds).map(
        ([metric, list]) =>
          `${metric} ${list.map(({ expression, isDefault }) => `${expression}${isDefault ? '*' : ''}`)}`,
      );
    // By its short name too.
    expect(namesOf({ lost: ['rate<0.1'], failed_messages: [], transit: ['max<9'] })).toEqual([
      'lost rate<0.1',
      'failed_messages ',
      'transit max<9',
      'dropped_messages count==0*',
      'unacknowledged_messages rate<0.01*',
      'throttled_messages rate<0.01*',
      'devices_not_connected rate<0.01*',
    ]);
    // Without PUBACKs none can be missing.
    expect(namesOf({}, { qos: 0 })).not.toContain('unacknowledged_messages rate<0.01*');
    expect(errorsOf({ ...minimal, thresholds: { transit: [] } })).toEqual([
      {
        path: 'thresholds.transit',
        message: 'is an empty list, which switches off a default, and this metric has none',
        hint: expect.stringContaining('unacknowledged_messages'),
      },
    ]);
  });

  it('takes a threshold as an expression, or as what k6 calls an object', () => {
    const abort = { threshold: 'rate<0.01', abortOnFail: true };
    const { thresholds } = parseLoadProfile({
      ...minimal,
      thresholds: {
        end_to_end_latency: ['p(99)<500', { threshold: 'max<5000' }],
        throttled: [abort, { ...abort, delayAbortEval: '1m30s' }],
        'cloudwatch.PublishIn.Throttle': [{ threshold: 'count==0', abortOnFail: true }],
      },
    });
    const judged = { abortOnFail: false, delayAbortEvalMs: 0 };
    expect(thresholds).toMatchObject({
      end_to_end_latency: [
        { expression: 'p(99)<500', ...judged },
        { expression: 'max<5000', ...judged },
      ],
      throttled: [
        { expression: 'rate<0.01', abortOnFail: true, delayAbortEvalMs: 0 },
        { expression: 'rate<0.01', abortOnFail: true, delayAbortEvalMs: 90_000 },
      ],
      'cloudwatch.PublishIn.Throttle': [{ expression: 'count==0', abortOnFail: true, delayAbortEvalMs: 0 }],
    });
  });

  it('takes the load any of four ways', () => {
    const loadOf = (load: object) => {
      const { startRatePerSecond, stages } = parseLoadProfile({ devices: 1_000, ...load });
      return [startRatePerSecond, ...stages.map((stage) => [stage.durationMs, stage.targetPerSecond])];
    };
    const ramp = [
      { duration: '10s', target: 100 },
      { duration: '1m', target: 0 },
    ];
    expect(loadOf({ ratePerSecond: 50, duration: '5s' })).toEqual([50, [5_000, 50]]);
    expect(loadOf({ everySeconds: 4, duration: '5s' })).toEqual([250, [5_000, 250]]);
    expect(loadOf({ everySeconds: 5, stages: [{ duration: '5s' }, { duration: '7s' }] })).toEqual([
      200,
      [5_000, 200],
      [7_000, 200],
    ]);
    expect(loadOf({ stages: ramp })).toEqual([0, [10_000, 100], [60_000, 0]]);
    expect(loadOf({ startRate: 20, stages: ramp })).toEqual([20, [10_000, 100], [60_000, 0]]);
  });

  it('reports every fault at once, each with a hint, in the order of the file', () => {
    const input: unknown = JSON.parse(readFileSync(join(goldenFolder, 'broken.json'), 'utf8'));
    const errors = errorsOf(input);
    const golden = readFileSync(join(goldenFolder, 'broken.txt'), 'utf8');
    expect(`${new InvalidInputError('The load profile', errors).message}\n`).toBe(golden);
    expect(errors.filter((error) => error.hint === undefined)).toEqual([]);
  });

  it.each([[null], [[]], ['text'], [42], [undefined]])('refuses %j, which is no profile at all', (input) => {
    expect(errorsOf(input).map((error) => error.path)).toEqual(['profile']);
  });

  it.each<[string, object, string | string[]]>([
    ['no load', { devices: 1 }, 'stages'],
    ['a duration alone', { devices: 1, duration: '5s' }, 'stages'],
    ['a rate alone', { devices: 1, ratePerSecond: 5 }, 'duration'],
    ['the load twice', { ...minimal, everySeconds: 5 }, 'everySeconds'],
    [
      'the load by rate and stages',
      { devices: 9, ratePerSecond: 5, stages: [{ duration: '5s', target: 5 }] },
      'ratePerSecond',
    ],
    [
      'how long twice',
      { devices: 9, everySeconds: 5, duration: '5s', stages: [{ duration: '5s' }] },
      'duration',
    ],
    ['a start rate of a constant load', { ...minimal, startRate: 5 }, 'startRate'],
    [
      'stages without targets',
      { devices: 9, stages: [{ duration: '5s' }, { duration: '5s', target: 1 }] },
      'stages[0].target',
    ],
    [
      'targets beside everySeconds',
      { devices: 9, everySeconds: 5, stages: [{ duration: '5s', target: 1 }] },
      'stages[0].target',
    ],
    ['no stage', { devices: 9, stages: [] }, 'stages'],
    ['a load of nothing', { devices: 9, stages: [{ duration: '5s', target: 0 }] }, 'stages'],
    ['a run of no length', { ...minimal, duration: '0s' }, 'duration'],
    ['more than 100 publishes a second a device', { ...minimal, ratePerSecond: 10_001 }, 'ratePerSecond'],
    ['the same by stages', { devices: 1, stages: [{ duration: '5s', target: 101 }] }, 'stages'],
    ['a topic with a wildcard', { ...minimal, publish: { topic: 'stampede/+/x' } }, 'publish.topic'],
    ['a reserved topic', { ...minimal, publish: { topic: '$aws/things/x' } }, 'publish.topic'],
    ['an unknown placeholder', { ...minimal, publish: { topic: 'stampede/{device}' } }, 'publish.topic'],
    ['an open brace', { ...minimal, publish: { topic: 'stampede/{deviceId' } }, 'publish.topic'],
    ['too many levels', { ...minimal, publish: { topic: 'a/b/c/d/e/f/g/h/i' } }, 'publish.topic'],
    [
      'a topic too long once expanded',
      { ...minimal, publish: { topic: `${'t'.repeat(170)}/{runId}/{deviceIndex}` } },
      [],
    ],
    [
      'a topic one byte longer',
      { ...minimal, publish: { topic: `${'t'.repeat(173)}/{runId}/{deviceIndex}` } },
      'publish.topic',
    ],
    ['a payload too large', { ...minimal, publish: { payload: 'x'.repeat(131_072) } }, 'publish.payload'],
    [
      'a field of the tester',
      { ...minimal, publish: { payload: { padding: '' } } },
      'publish.payload.padding',
    ],
    ['a keep-alive IoT Core would bend', { ...minimal, connect: { keepAlive: '21m' } }, 'connect.keepAlive'],
    [
      'a backoff out of its bounds',
      { ...minimal, connect: { backoff: { base: '1ms' } } },
      'connect.backoff.base',
    ],
    [
      'a backoff whose longest wait is shorter than its first',
      { ...minimal, connect: { backoff: { base: '10s', cap: '5s' } } },
      'connect.backoff.cap',
    ],
    [
      'an unknown jitter',
      { ...minimal, connect: { backoff: { jitter: 'fulll' } } },
      'connect.backoff.jitter',
    ],
    [
      'connections over https',
      { ...minimal, connect: { protocol: 'https', client: 'dense', keepAlive: '5m' } },
      ['connect.client', 'connect.keepAlive'],
    ],
    [
      'echo over https',
      { ...minimal, connect: { protocol: 'https' }, echo: { fraction: 0.1 } },
      'echo.fraction',
    ],
    [
      'echo on a topic that devices share',
      { ...minimal, publish: { topic: 'stampede/{slice}' }, echo: { fraction: 0.1 } },
      'echo.fraction',
    ],
    [
      'a threshold over no metric',
      { ...minimal, thresholds: { latency: ['p(99)<1'] } },
      'thresholds.latency',
    ],
    [
      'a threshold never measured',
      { ...minimal, thresholds: { echo_latency: ['p(99)<1'] } },
      'thresholds.echo_latency',
    ],
    [
      'a PUBACK at QoS 0',
      { ...minimal, publish: { qos: 0 }, thresholds: { puback_round_trip: ['max<9'] } },
      'thresholds.puback_round_trip',
    ],
    [
      'a PUBACK at QoS 2',
      {
        ...minimal,
        target: 'mqtt://127.0.0.1',
        publish: { qos: 2 },
        thresholds: { puback_round_trip: ['max<9'] },
      },
      'thresholds.puback_round_trip',
    ],
    [
      'a PUBCOMP at QoS 1',
      { ...minimal, thresholds: { pubcomp_round_trip: ['max<9'] } },
      'thresholds.pubcomp_round_trip',
    ],
    [
      'what device-sdk does not have',
      {
        ...minimal,
        target: 'mqtt://127.0.0.1',
        connect: { client: 'device-sdk', version: '3.1.1' },
        publish: { qos: 2 },
      },
      ['connect.version', 'publish.qos'],
    ],
    [
      'a version of MQTT over https',
      { ...minimal, connect: { protocol: 'https', version: '5' } },
      'connect.version',
    ],
  ])('judges %s', (_, input, expected) => {
    expect(errorsOf(input).map((error) => error.path)).toEqual([expected].flat());
  });

  it('goes on judging where another setting of the group is faulty', () => {
    const errors = errorsOf({ ...minimal, connect: { keepAlive: '1s', timeout: 5, typo: 1 } });
    expect(errors.map((error) => error.path)).toEqual([
      'connect.timeout',
      'connect.typo',
      'connect.keepAlive',
    ]);
  });

  it('names the nearest key for an unknown one, there or elsewhere', () => {
    const hintOf = (input: object) => errorsOf({ ...minimal, ...input }).at(-1)?.hint;
    expect(hintOf({ Seed: 1 })).toBe('did you mean "seed"?');
    expect(hintOf({ treshold: {} })).toBe('did you mean "thresholds"?');
    expect(hintOf({ connect: { rate: 5 } })).toBe('did you mean "ratePerSecond"?');
    expect(hintOf({ sizeBytes: 5 })).toBe('did you mean "publish.sizeBytes"?');
    expect(hintOf({ publish: { zzz: 5 } })).toMatch(/^the settings here are: topic, basicIngest, qos/);
  });

  it('has a setting of every group in its list', () => {
    expect(settingPaths()).toEqual(
      expect.arrayContaining(['devices', 'connect.protocol', 'publish.qos', 'drain']),
    );
  });

  it('refuses __proto__ as the name of a metric', () => {
    const thresholds: unknown = JSON.parse('{"__proto__": ["count==0"], "lost_messages": ["count==0"]}');
    expect(errorsOf({ ...minimal, thresholds })).toEqual([
      expect.objectContaining({
        path: 'thresholds.__proto__',
        message: 'cannot be the name of a field',
      }),
    ]);
  });

  it('refuses what JSON.parse lets through, wherever the input came from', () => {
    const payload = JSON.parse('{"__proto__": 1, "id": 9007199254740993, "s": "\\ud800"}');
    const errors = errorsOf({ ...minimal, devices: 0, publish: { payload } });
    expect(errors.map(({ path }) => path)).toEqual([
      'publish.payload.__proto__',
      'publish.payload.id',
      'publish.payload.s',
      'devices',
    ]);
    let nested: unknown = 1;
    for (let level = 0; level < 100_000; level++) nested = [nested];
    expect(errorsOf({ ...minimal, publish: { payload: nested } })).toEqual([
      expect.objectContaining({ path: 'publish', message: expect.stringContaining('nested') }),
    ]);
  });
});
