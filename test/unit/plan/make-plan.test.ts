import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defaultDeployment } from '../../../src/plan/deployment.ts';
import { fanOutOf } from '../../../src/plan/fan-out.ts';
import { draftPlan, makePlan } from '../../../src/plan/make-plan.ts';
import { RefusedByPreflightError } from '../../../src/plan/refusals.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { InvalidInputError } from '../../../src/shared/errors.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import type { Target } from '../../../src/targets/target.ts';
import { randomCases } from '../../support/effort.ts';
import { loads, profileOf } from '../../support/plan/arbitraries.ts';

const coldStart = { leadMs: 2_000, environmentsPerSecond: 100 };
const minimal = { devices: 100, ratePerSecond: 100, duration: '30s' };

function planOf(input: object, runId = 'run-1', topicFilter?: string) {
  const profile = parseLoadProfile(input);
  return makePlan({
    runId,
    profile,
    now: 1_000_000,
    coldStart,
    ...(topicFilter === undefined ? {} : { topicFilter }),
  });
}

function errorsOf(act: () => unknown) {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidInputError || error instanceof RefusedByPreflightError) return error.errors;
    throw error;
  }
  return [];
}

describe('makePlan', () => {
  it('puts one after the other: cold starts, connects, publishing, drain, deadline', () => {
    // 4 slices at 100 environments a second; 800 devices at 400 connects a second, and a second to settle.
    const plan = planOf({
      devices: 800,
      stages: [
        { duration: '10s', target: 100 },
        { duration: '5s', target: 0 },
      ],
      slices: { devicesPerSlice: 200 },
      drain: '3s',
    });
    expect(plan.timeline).toEqual({
      createdAt: 1_000_000,
      startAt: 1_002_040,
      publishAt: 1_005_040,
      publishEndAt: 1_020_040,
      drainEndAt: 1_023_040,
      // The last publish may wait 5 s for its PUBACK; then the margin.
      deadlineAt: 1_040_040,
    });
    expect(plan.load).toEqual({ messages: 750, peakPerSecond: 100 });
  });

  it('refuses faults of the service where it is not the embedded one', () => {
    const faults = { faults: { dropAcks: 0.5 } };
    const draftAt = (isCharged: boolean, target: object) =>
      draftPlan({
        runId: 'r',
        profile: parseLoadProfile({ ...minimal, timeline: [{ at: '1s', ...faults }] }),
        now: 0,
        account: { limits: accountLimitsOf('default'), live: [], isCharged },
        target: target as Target,
      }).errors.map(({ path }) => path);
    const iotCore = { kind: 'aws-iot', endpoints: [], dataUrl: 'https://x' };
    expect(draftAt(false, iotCore)).toEqual([]);
    expect(draftAt(true, iotCore)).toEqual(['timeline[0].faults']);
  });

  it('refuses a network of the Device SDK where its endpoint has no TLS', () => {
    const endpoints = [
      { scheme: 'mqtt', host: '127.0.0.1', port: 1883, auth: 'none' },
      { scheme: 'mqtts', host: '127.0.0.1', port: 8883, auth: 'x509' },
    ];
    const errorsOf = (connect: object, network?: string) =>
      draftPlan({
        runId: 'r',
        profile: parseLoadProfile({ ...minimal, connect, ...(network && { network }) }),
        now: 0,
        account: { limits: accountLimitsOf('default'), live: [], isCharged: false },
        target: { kind: 'aws-iot', endpoints, dataUrl: 'https://x' } as Target,
      }).errors.map(({ path }) => path);
    expect(errorsOf({ client: 'device-sdk' }, 'lte')).toEqual(['connect.client']);
    expect(errorsOf({ client: 'device-sdk', auth: 'x509' }, 'lte')).toEqual([]);
    expect(errorsOf({ client: 'device-sdk' })).toEqual([]);
    expect(errorsOf({ client: 'dense' }, 'lte')).toEqual([]);
  });

  it('has nothing to connect over https', () => {
    const { timeline } = planOf({ ...minimal, connect: { protocol: 'https' } });
    expect(timeline.publishAt).toBe(timeline.startAt);
  });

  it('counts whole messages, however the stages divide', () => {
    fc.assert(
      fc.property(loads, (load) => {
        const { plan } = draftPlan({
          runId: 'r',
          profile: profileOf({ devices: 10, ...load }),
          now: 0,
          coldStart,
        });
        expect(Number.isSafeInteger(plan.load.messages)).toBe(true);
      }),
      randomCases(),
    );
    expect(planOf({ devices: 3, stages: [{ duration: '60s', target: 20 / 3 }] }).load.messages).toBe(200);
  });

  it('survives JSON, which is how the functions get it', () => {
    const plan = planOf(minimal);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it.each([
    [
      '14 minutes of publishing with echoes',
      { ...minimal, duration: '14m50s', echo: { fraction: 0.1 } },
      'echo.fraction',
      /shorten the run/,
    ],
    [
      '10,000 devices at 10 connects a second',
      { ...minimal, devices: 10_000, connect: { ratePerSecond: 10 } },
      'connect.ratePerSecond',
      /raise connect\.ratePerSecond above 10/,
    ],
    [
      'more slices than children',
      { ...minimal, devices: 10_001, slices: { devicesPerSlice: 1 }, connect: { ratePerSecond: 5_000 } },
      'slices.devicesPerSlice',
      /at least 2 devices/,
    ],
  ])('refuses %s', (_, input, path, hint) => {
    const errors = errorsOf(() => planOf(input));
    expect(errors).toEqual([{ path, message: expect.any(String), hint: expect.stringMatching(hint) }]);
  });

  it('distinguishes a limit that nothing lifts from an error of the input', () => {
    expect(() => planOf({ ...minimal, duration: '20m', echo: { fraction: 0.1 } })).toThrow(
      RefusedByPreflightError,
    );
    const empty = { devices: 1, ratePerSecond: 0.01, duration: '10s' };
    expect(() => planOf(empty)).toThrow(InvalidInputError);
    expect(errorsOf(() => planOf(empty))).toEqual([
      { path: 'stages', message: expect.any(String), hint: expect.stringMatching(/raise the rate/) },
    ]);
  });

  it('refuses a topic that the rule does not read, and a run id that no execution has', () => {
    const input = { ...minimal, publish: { topic: 'fleet/{deviceId}' } };
    const errors = errorsOf(() => planOf(input, 'run 1', 'stampede/prod/#'));
    expect(errors.map((error) => error.path)).toEqual(['runId', 'publish.topic']);
    expect(errors[1]).toMatchObject({
      message: expect.stringContaining('"fleet/d0" is outside stampede/prod/#'),
      hint: 'begin the topic with {topicRoot}/, which is stampede/prod/ in this stack, or deploy with another topicFilter',
    });
    expect(errorsOf(() => planOf(minimal, 'x'.repeat(81)))).toHaveLength(1);
    expect(errorsOf(() => planOf(minimal, 'x'.repeat(80), 'stampede/prod/#'))).toEqual([]);
  });

  it.each([
    [{ identity: 'stable', cleanStart: false, sessionExpiry: '1h' }, '{topicRoot}/{runId}/{deviceId}', 1],
    [{ identity: 'stable', cleanStart: false, sessionExpiry: '1h' }, '{topicRoot}/fleet/{deviceId}', 0],
    [{ identity: 'stable' }, '{topicRoot}/{runId}/{deviceId}', 0],
    [{ cleanStart: false, sessionExpiry: '1h' }, '{topicRoot}/{runId}/{deviceId}', 0],
  ])('refuses echoes that add a subscription to sessions with each run: %j, %s', (connect, topic, errors) => {
    const input = { ...minimal, connect, echo: { fraction: 0.1 }, publish: { topic } };
    expect(errorsOf(() => planOf(input)).map(({ path }) => path)).toEqual(
      Array(errors).fill('publish.topic'),
    );
  });

  it('refuses payloads that the rule of the stack does not read', () => {
    const messages = { a: { encoding: 'cbor' }, b: {} };
    const profile = parseLoadProfile({ ...minimal, messages });
    const planFor = (payloads: 'json' | 'any') => () =>
      makePlan({ runId: 'run-1', profile, now: 0, deployment: { ...defaultDeployment, payloads } });
    expect(errorsOf(planFor('any'))).toEqual([]);
    expect(errorsOf(planFor('json'))).toEqual([
      {
        path: 'messages.a.encoding',
        message: expect.stringContaining('is cbor, and the rule of this stack reads JSON objects alone'),
        hint: 'deploy with --param payloads=any; a rehearsal takes --payloads any',
      },
    ]);
  });

  it.each([
    ['{topicRoot}', 'stampede/prod/#', /"stampede\/prod" is outside/],
    ['stampede/prod2/{deviceId}', 'stampede/prod/#', /is outside/],
    // The default topic has three levels under the root, and this filter wants the second of them to be telemetry.
    [undefined, 'fleet/+/telemetry/#', /"fleet\/run-1\/d0\/telemetry" is outside/],
  ])('refuses topic %s under filter %s', (topic, filter, message) => {
    const errors = errorsOf(() => planOf({ ...minimal, publish: { topic } }, 'run-1', filter));
    expect(errors).toEqual([
      expect.objectContaining({ path: 'publish.topic', message: expect.stringMatching(message) }),
    ]);
  });

  it('judges the length of a topic with the root that the stack gives it', () => {
    const deep = { ...minimal, publish: { topic: '{topicRoot}/b/c/d/e/f/g/{deviceId}' } };
    expect(errorsOf(() => planOf(deep, 'run-1', 'a/#'))).toEqual([]);
    expect(errorsOf(() => planOf(deep, 'run-1', 'stampede/prod/#'))).toEqual([
      { path: 'publish.topic', message: expect.stringMatching(/^8 slashes/), hint: 'drop 1 level' },
    ]);
    const long = { ...minimal, publish: { topic: `{topicRoot}/${'t'.repeat(251)}/{deviceIndex}` } };
    expect(errorsOf(() => planOf(long, 'run-1', 'a/#'))).toEqual([]);
    expect(errorsOf(() => planOf(long, 'run-1', 'ab/#'))).toEqual([
      expect.objectContaining({ message: expect.stringContaining('257 bytes') }),
    ]);
  });

  it('draws a plan that must not run for those who want to see it', () => {
    const profile = parseLoadProfile({ ...minimal, duration: '20m', echo: { fraction: 0.1 } });
    const { plan, errors, walls } = draftPlan({ runId: 'r', profile, now: 0, coldStart });
    expect(plan.load.messages).toBe(120_000);
    expect([errors.length, walls.length]).toEqual([0, 1]);
  });
});

describe('fanOutOf', () => {
  it('passes slice numbers only: 10,000 of them stay far under 256 KiB', () => {
    const profile = parseLoadProfile({
      devices: 9_000_000,
      ratePerSecond: 20_000,
      duration: '60s',
      connect: { ratePerSecond: 100_000 },
    });
    const plan = makePlan({ runId: 'r'.repeat(80), profile, now: 0, coldStart });
    const fanOut = fanOutOf(plan);
    expect(fanOut.slices).toHaveLength(10_000);
    expect(fanOut.slices.at(-1)).toBe(9_999);
    expect(JSON.stringify(fanOut).length).toBeLessThan(64_000);
  });

  it('waits in whole seconds, and tolerates in percent', () => {
    const plan = planOf({ ...minimal, drain: '2500ms', slices: { toleratedFailureShare: 0.1 } });
    expect(fanOutOf(plan)).toMatchObject({ drainSeconds: 3, toleratedFailurePercentage: 10, slices: [0] });
  });
});
