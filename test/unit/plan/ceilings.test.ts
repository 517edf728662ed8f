import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { olderThan } from '../../../src/aws/executions.ts';
import {
  type Ceilings,
  defaultCeilings,
  describeCeilings,
  liftedCeilings,
  parseCeilings,
  refuseConcurrency,
} from '../../../src/plan/ceilings.ts';
import { priceUsage } from '../../../src/plan/cost.ts';
import { defaultDeployment, deploymentOf } from '../../../src/plan/deployment.ts';
import { forecastUsage } from '../../../src/plan/forecast-usage.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { RefusedByPreflightError } from '../../../src/plan/refusals.ts';
import { enforceLimits } from '../../../src/plan/run-preflight.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { InvalidInputError } from '../../../src/shared/errors.ts';
import { randomCases, sizeOf } from '../../support/effort.ts';
import { onlyGroupOf } from '../../support/plan/only-group.ts';

const { subscriber, arrivals, stream } = defaultDeployment;

/** What the plan function does with an execution's input, on a stack with these ceilings. */
function accept(input: unknown, ceilings: Ceilings): Plan {
  const plan = makePlan({
    runId: 'run',
    profile: parseLoadProfile(input),
    now: 0,
    coldStart: defaultDeployment.coldStart,
    topicFilter: '#',
    deployment: { subscriber, arrivals, stream, ceilings },
  });
  enforceLimits(plan);
  return plan;
}

function refusalOf(input: unknown, ceilings: Ceilings): string {
  try {
    accept(input, ceilings);
  } catch (error) {
    if (error instanceof RefusedByPreflightError) return error.message;
    throw error;
  }
  return '';
}

const load = { devices: 100, ratePerSecond: 10, duration: '10s' };

describe('the ceilings of a stack', () => {
  it('refuse nine million devices whose profile switches preflight off, and name each parameter', () => {
    const input = {
      devices: 9_000_000,
      ratePerSecond: 200_000,
      duration: '5m',
      connect: { ratePerSecond: 500_000 },
      publish: { sizeBytes: 100_000 },
      limits: { enforce: false, quotaShare: 1 },
    };
    const refusal = refusalOf(input, defaultCeilings);
    expect(refusal).toContain(
      'devices: 9,000,000 devices planned, and this stack allows 500,000 devices (its parameter maxDevices)',
    );
    expect(refusal).toContain('--param maxDevices=9000000');
    expect(refusal).toContain('allows 20,000 messages/s (its parameter maxMessagesPerSecond)');
    expect(refusal).toContain('--param maxMessagesPerSecond=200000');
    expect(refusal).toMatch(/\$1,\d{3}\S* a run planned, and this stack allows \$100 a run/);
    expect(refusal).toContain('limits.enforce: is false, and this stack does not allow');
    expect(refusal).toContain('--param allowForce=true');
    // Forcing it is no remedy.
    expect(refusal).not.toContain('run it all the same');
  });

  it('let through what is at them', () => {
    const ceilings = { ...defaultCeilings, maxDevices: 100, maxMessagesPerSecond: 10 };
    expect(accept(load, ceilings).profile.devices).toBe(100);
    expect(refusalOf({ ...load, devices: 101 }, ceilings)).toContain('101 devices planned');
    expect(refusalOf({ ...load, ratePerSecond: 10.5 }, ceilings)).toContain('10.5 messages/s planned');
  });

  it('name a cost below a cent as it is', () => {
    const refusal = refusalOf(load, { ...defaultCeilings, maxCostUsd: 0.001 });
    expect(refusal).toMatch(/\$0\.0\d+ a run planned, and this stack allows \$0\.001 a run/);
  });

  it('allow to switch preflight off where the stack allows it, and hold all the same', () => {
    const forced = { ...load, limits: { enforce: false, quotaShare: 0.001 } };
    expect(refusalOf(forced, defaultCeilings)).toContain('allowForce is false');
    const allowing = { ...defaultCeilings, allowForce: true };
    expect(accept(forced, allowing).profile.limits.enforce).toBe(false);
    expect(refusalOf({ ...forced, devices: 500_001 }, allowing)).toContain('maxDevices');
  });

  it('are no part of the input: a profile that names one is in error', () => {
    for (const name of Object.keys(defaultCeilings)) {
      if (name === 'maxCostUsd') continue; // the profile's own, under limits
      for (const input of [
        { ...load, [name]: 1e9 },
        { ...load, limits: { [name]: 1e9 } },
      ]) {
        expect(() => accept(input, defaultCeilings)).toThrow(InvalidInputError);
      }
    }
    // The profile's own ceiling lowers the stack's and never lifts it.
    const costly = { ...load, limits: { maxCostUsd: 1e9 } };
    expect(refusalOf(costly, { ...defaultCeilings, maxCostUsd: 0.000_1 })).toContain(
      'its parameter maxCostUsd',
    );
  });

  it('hold against every input', () => {
    const accepted = { at: 0 };
    fc.assert(
      fc.property(hostileInputs, someCeilings, (input, ceilings) => {
        let plan: Plan;
        try {
          plan = accept(input, ceilings);
        } catch (error) {
          if (error instanceof RefusedByPreflightError || error instanceof InvalidInputError) return;
          throw error;
        }
        accepted.at++;
        const { load } = plan;
        const { profile } = onlyGroupOf(plan);
        const { totalUsd } = priceUsage(forecastUsage(plan, deploymentOf(plan)));
        const rates = [profile.startRatePerSecond, ...profile.stages.map((each) => each.targetPerSecond)];
        expect(profile.devices).toBeLessThanOrEqual(ceilings.maxDevices!);
        expect(Math.max(load.peakPerSecond, ...rates)).toBeLessThanOrEqual(ceilings.maxMessagesPerSecond!);
        expect(totalUsd).toBeLessThanOrEqual(ceilings.maxCostUsd!);
        // By the cheapest tier of nothing but its publishes.
        expect(load.messages * 0.7e-6).toBeLessThanOrEqual(ceilings.maxCostUsd!);
        expect(profile.limits.enforce || ceilings.allowForce).toBe(true);
      }),
      randomCases(400),
    );
    expect(accepted.at).toBeGreaterThan(sizeOf(10, 2));
  });
});

describe('concurrent executions', () => {
  const at = (runId: string, startedAt: number) => ({ runId, startedAt });

  it('refuse the younger, and name those that run', () => {
    expect(refuseConcurrency(defaultCeilings, [])).toEqual([]);
    expect(refuseConcurrency(defaultCeilings, ['first'])).toMatchObject([
      {
        message:
          '1 of this stack’s runs has not ended (first), and it allows 1 run at once (its parameter maxConcurrentExecutions)',
        hint: expect.stringContaining('--param maxConcurrentExecutions=2'),
      },
    ]);
    expect(refuseConcurrency({ ...defaultCeilings, maxConcurrentExecutions: 3 }, ['a', 'b'])).toEqual([]);
  });

  it('of one instant are ordered by their ids, and one that is not listed yet is the youngest', () => {
    const running = [at('c', 2), at('b', 1), at('a', 1)];
    expect(['a', 'b', 'c', 'unlisted'].map((runId) => olderThan(runId, running))).toEqual([
      [],
      ['a'],
      ['a', 'b'],
      ['a', 'b', 'c'],
    ]);
  });

  it('never let more begin than are allowed, in whatever order they look', () => {
    const starts = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 2 }), { maxLength: 8 });
    fc.assert(
      fc.property(
        starts,
        fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        (ids, times, most) => {
          const running = ids.map((runId, i) => at(runId, times[i] as number));
          const begun = ids.filter(
            (runId) =>
              refuseConcurrency(
                { ...defaultCeilings, maxConcurrentExecutions: most },
                olderThan(runId, running),
              ).length === 0,
          );
          expect(begun).toHaveLength(Math.min(most, ids.length));
        },
      ),
      randomCases(),
    );
  });
});

describe('describeCeilings', () => {
  it('puts them in a line', () => {
    expect(describeCeilings(defaultCeilings)).toBe(
      '$100 a run, 500,000 devices, 20,000 messages/s, 1 run at once, no --force',
    );
    expect(describeCeilings(parseCeilings(liftedCeilings) as Ceilings)).toBe('none');
  });
});

const someCeilings: fc.Arbitrary<Ceilings> = fc.record({
  maxCostUsd: fc.constantFrom(0.03, 1, 100),
  maxDevices: fc.constantFrom(10, 5_000, 500_000),
  maxMessagesPerSecond: fc.constantFrom(5, 2_000, 20_000),
  maxConcurrentExecutions: fc.constant(1),
  allowForce: fc.boolean(),
});

/** A setting: mostly what it should be, at times anything at all. */
function setting<T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  const wrong = fc.oneof(
    fc.constantFrom(-1, 0, 1e308, '1e9', 'Infinity', '0x10', null, true, [], {}, Number.MAX_SAFE_INTEGER),
    fc.jsonValue({ maxDepth: 2 }),
  );
  return fc.oneof({ weight: 60, arbitrary: right }, { weight: 1, arbitrary: wrong });
}

const count = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 50 }) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
  { weight: 1, arbitrary: fc.nat(10_000_000) },
);
const rate = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 10 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 30_000 }) },
  { weight: 1, arbitrary: fc.double({ min: 0.01, max: 1e6, noNaN: true }) },
);
const duration = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 300 }).map((s) => `${s}s`) },
  { weight: 1, arbitrary: fc.constantFrom('1ms', '10m', '9h') },
);
const optional = { requiredKeys: [] as [] };

/** Execution inputs that try to get past a ceiling: nested limits, settings of the stack, and wrong types. */
const hostileInputs: fc.Arbitrary<unknown> = fc
  .tuple(
    fc.record({ devices: setting(count) }),
    fc.oneof(
      fc.record({ ratePerSecond: setting(rate), duration: setting(duration) }),
      fc.record({
        startRate: setting(rate),
        stages: setting(
          fc.array(fc.record({ duration: setting(duration), target: setting(rate) }), {
            minLength: 1,
            maxLength: 4,
          }),
        ),
      }),
    ),
    fc.record(
      {
        limits: setting(
          fc.record(
            {
              enforce: setting(fc.constantFrom(true, false)),
              quotaShare: setting(fc.constantFrom(0.01, 0.8, 1)),
              maxCostUsd: setting(fc.constantFrom(0.01, 1e9)),
            },
            optional,
          ),
        ),
        connect: setting(
          fc.oneof(
            fc.constant({ protocol: 'https' }),
            fc.record(
              {
                protocol: setting(fc.constant('mqtt')),
                client: setting(fc.constantFrom('dense', 'device-sdk')),
                ratePerSecond: setting(fc.oneof(fc.integer({ min: 50, max: 400 }), fc.nat(1_000_000))),
              },
              optional,
            ),
          ),
        ),
        publish: setting(
          fc.record({ sizeBytes: setting(fc.nat(131_072)), qos: setting(fc.nat(1)) }, optional),
        ),
        echo: setting(fc.record({ fraction: setting(fc.double({ min: 0, max: 1, noNaN: true })) }, optional)),
        slices: setting(fc.record({ devicesPerSlice: setting(fc.integer({ min: 1, max: 900 })) }, optional)),
        seed: setting(fc.nat()),
        drain: setting(fc.constantFrom('1s', '30s')),
      },
      optional,
    ),
    fc.oneof(
      { weight: 20, arbitrary: fc.constant({}) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          { maxDevices: 1e9 },
          { deployment: { ceilings: liftedCeilings } },
          { ceilings: liftedCeilings },
          JSON.parse('{"__proto__": {"ceilings": null, "allowForce": true}}') as object,
        ),
      },
    ),
  )
  .map((parts) => Object.assign({}, ...parts) as unknown);
