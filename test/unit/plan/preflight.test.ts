import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AccountView } from '../../../src/plan/account.ts';
import { defaultDeployment, deploymentOf } from '../../../src/plan/deployment.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import type { ArrivalsReading } from '../../../src/plan/queue-readers.ts';
import { connectionMinutes } from '../../../src/plan/usage.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { type AccountLimits, accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { randomCases } from '../../support/effort.ts';

const coldStart = { leadMs: 2_000, environmentsPerSecond: 100 };

function preflightOf(
  input: object,
  limits: AccountLimits = accountLimitsOf('default'),
  view: Partial<AccountView> = {},
) {
  return preflight(planOf(input, { limits, live: [], isCharged: true, ...view }));
}

function planOf(
  input: object,
  account: AccountView = { limits: accountLimitsOf('default'), live: [], isCharged: true },
) {
  return makePlan({ runId: 'run', profile: parseLoadProfile(input), now: 0, coldStart, account });
}

const fleet = {
  devices: 1_000,
  stages: [
    { duration: '30s', target: 2_000 },
    { duration: '60s', target: 2_000 },
  ],
  publish: { sizeBytes: 1_024 },
  echo: { fraction: 0.1 },
};

describe('preflight', () => {
  it('names the quota that is reached first', () => {
    const { binding, refusals } = preflightOf(fleet);
    expect(binding).toMatchObject({
      quota: 'connectsPerSecond',
      limit: 500,
      allowed: 400,
      withinAllowed: true,
    });
    expect(binding.headroom).toBeCloseTo(0.2);
    expect(refusals).toEqual([]);
  });

  it('refuses what is past the share that the profile allows, and says what to change', () => {
    const load = { devices: 2_000, ratePerSecond: 20_000, duration: '60s' };
    const { refusals } = preflightOf(load);
    expect(refusals.map(({ message }) => message)).toEqual([
      'inbound publishes per second (PublishIn): 20,000/s planned, and 80% of the quota of 20,000/s is 16,000/s',
      'outbound publishes per second (PublishOut): 20,000/s planned, and 80% of the quota of 20,000/s is 16,000/s',
      'rule evaluations per second: 20,000/s planned, and 80% of the quota of 20,000/s is 16,000/s',
    ]);
    expect(refusals[0]?.hint).toMatch(/16,000\/s.*L-4B33E451.*limits\.quotaShare/);
    expect(refusals.map(({ path }) => path)).toEqual(['stages', 'stages', 'stages']);
    expect(preflightOf({ ...load, limits: { quotaShare: 1 } }).refusals).toEqual([]);
    // The rule's match is one outbound publish, an echo is another.
    const echoing = { ...load, ratePerSecond: 15_000, echo: { fraction: 0.1 } };
    expect(preflightOf(echoing).refusals).toMatchObject([
      { path: 'echo.fraction', message: expect.stringContaining('(PublishOut): 16,500/s planned') },
    ]);
  });

  it('holds no share back of what AWS never raises', () => {
    const { quotas } = preflightOf({
      devices: 10,
      ratePerSecond: 1_000,
      duration: '10s',
      limits: { quotaShare: 0.5 },
      connect: { ratePerSecond: 100 },
    });
    expect(quotas.find(({ quota }) => quota === 'publishesPerSecondPerConnection')).toMatchObject({
      peak: 100,
      allowed: 100,
      withinAllowed: true,
    });
  });

  describe('of a stack with reserved concurrency', () => {
    const wide = { devices: 2_000, ratePerSecond: 100, duration: '30s', slices: { devicesPerSlice: 10 } };
    const reserved = (publishConcurrency: number, input: object = wide, view: Partial<AccountView> = {}) => {
      const account = { limits: accountLimitsOf('default'), live: [], isCharged: true, ...view };
      const { subscriber, arrivals, stream } = defaultDeployment;
      const deployment = { subscriber, arrivals, stream, publishConcurrency };
      return preflight(
        makePlan({ runId: 'run', profile: parseLoadProfile(input), now: 0, coldStart, account, deployment }),
      );
    };
    const rowOf = ({ quotas }: ReturnType<typeof preflight>, name: string) =>
      quotas.find(({ quota }) => quota === name);

    it('lets as many slices run as are reserved, and not one more', () => {
      expect(reserved(200).refusals).toEqual([]);
      expect(rowOf(reserved(200), 'publishConcurrency')).toMatchObject({
        peak: 200,
        limit: 200,
        allowed: 200,
        isLive: true,
      });
      expect(reserved(199).refusals).toEqual([
        {
          path: 'slices.devicesPerSlice',
          message: 'slices at once (reserved concurrency): 200 planned, and the limit is 199',
          hint: 'bring it to 199 with more devices in a slice, or deploy the stack with a larger --param publishConcurrency=…, or without it (docs/deploy.md)',
        },
      ]);
    });

    it('does not count slices against what the account leaves unreserved', () => {
      const fromThePool = preflightOf(wide);
      const concurrency = (of: ReturnType<typeof preflight>) => rowOf(of, 'lambdaConcurrency');
      const { peak = 0 } = concurrency(fromThePool) ?? {};
      // Not read from the account: 1,000 less twice 200.
      expect(concurrency(reserved(200))).toMatchObject({ peak: peak - 200, limit: 600 });
      // Read from it, the reservations are off it already; and AWS leaves at least 100.
      expect(concurrency(reserved(200, wide, { live: ['lambdaConcurrency'] }))).toMatchObject({
        limit: 1_000,
      });
      expect(concurrency(reserved(900))).toMatchObject({ limit: 100 });
      expect(rowOf(fromThePool, 'publishConcurrency')).toBeUndefined();
    });

    it('makes slices larger to fit', () => {
      const { refusals, lambda } = reserved(7, { devices: 5_000, ratePerSecond: 100, duration: '30s' });
      expect([lambda.slices, refusals]).toEqual([7, []]);
    });
  });

  it('has the limits of the smaller Regions', () => {
    const small = preflightOf(fleet, accountLimitsOf('small'));
    const refused = small.quotas.filter(({ withinAllowed }) => !withinAllowed).map(({ quota }) => quota);
    expect(refused).toEqual([
      'publishInPerSecond',
      'publishOutPerSecond',
      'connectsPerSecond',
      'ruleEvaluationsPerSecond',
    ]);
  });

  it('shows what Stampede keeps to by itself, and is not bound by it', () => {
    // Each device may have 100 in flight, and at 20/s with 5 s to answer it well may.
    const { quotas, binding, refusals } = preflightOf({ devices: 25, ratePerSecond: 500, duration: '10s' });
    expect(quotas.filter(({ isKept }) => isKept).map(({ quota, headroom }) => [quota, headroom])).toEqual([
      ['connectsPerSecondPerClientId', 0],
      ['subscriptionsPerConnection', 0.98],
      ['unacknowledgedPerClient', 0],
      ['fileDescriptors', 1 - 89 / 1_024],
    ]);
    expect(binding.quota).toBe('publishesPerSecondPerConnection');
    expect(refusals).toEqual([]);
  });

  it('says which limits were read, and which are taken on trust', () => {
    const limits = accountLimitsOf('default', { connectsPerSecond: 3_000 });
    const { quotas } = preflightOf(fleet, limits, { live: ['connectsPerSecond'] });
    expect(quotas.filter(({ isLive }) => isLive)).toMatchObject([
      { quota: 'connectsPerSecond', limit: 3_000 },
      // What the stack's own parameters set is known.
      { quota: 'queueReadsPerSecond' },
    ]);
  });

  it('forecasts time, Lambdas and the payloads of the states', () => {
    const { time, lambda, statePayloads } = preflightOf(fleet);
    expect(time).toEqual({
      startSeconds: 2.02,
      connectSeconds: 2.5,
      publishSeconds: 90,
      drainSeconds: 10,
      // A second more than the connects take, to settle.
      wholeSeconds: 105.52,
    });
    // 96.52 s of each slice; 150,000/350 = 429 batches of 0.1 s and 150,000 messages of 20 µs; 180.431 s.
    expect(lambda).toEqual({
      slices: 2,
      memoryMbPerSlice: 1_769,
      // 2 × 2,000/90.74 − 5 = 39.1 readers, should each take only 100 messages a second.
      concurrency: 42,
      invocations: 2 + 429 + 1 + 1,
      gbSeconds: expect.closeTo((2 * 96.52 + 180.431) * (1_769 / 1_024) + 42.9 + 3 + 1, 6),
    });
    expect(statePayloads.map(({ payload }) => payload)).toEqual([
      'input of the execution',
      'input of Plan',
      'output of Plan: the slices',
      'input of a slice',
      'outputs of all slices',
    ]);
    expect(statePayloads.at(-2)?.bytes).toBe(
      '{"runId":"run","mqttSlices":2,"hosts":[],"timeoutSeconds":121,"legs":1,"slice":1,"next":{"leg":0,"hasFailed":false}}'
        .length,
    );
    expect(statePayloads.at(-1)?.bytes).toBe('[{"slice":0},{"slice":1}]'.length);
  });

  it('has no connections to count over https', () => {
    const { quotas, time } = preflightOf({
      devices: 10,
      ratePerSecond: 1_000,
      duration: '10s',
      connect: { protocol: 'https' },
    });
    expect(time.connectSeconds).toBe(0);
    expect(quotas.map(({ quota }) => quota)).toEqual([
      'publishInPerSecond',
      'publishOutPerSecond',
      'ruleEvaluationsPerSecond',
      'lambdaConcurrency',
      'lambdaSeconds',
      'fileDescriptors',
      'mapChildren',
      'statePayloadBytes',
      'queueReadsPerSecond',
    ]);
  });
});

describe('the readers of the queue', () => {
  const readers = (maximumConcurrency: number) => ({ mode: 'standard', maximumConcurrency }) as const;
  const at20000 = {
    devices: 2_000,
    ratePerSecond: 20_000,
    duration: '10m',
    limits: { quotaShare: 1 },
  };
  const reading = (arrivals: ArrivalsReading) => {
    const plan = planOf(at20000);
    return preflight({ ...plan, deployment: { ...deploymentOf(plan), arrivals } });
  };

  it('hold 20,000/s with the defaults of the stack, with a third more than that to spare', () => {
    const { quotas, refusals } = preflight(planOf(at20000));
    expect(quotas.find(({ quota }) => quota === 'queueReadsPerSecond')).toMatchObject({
      name: 'arrivals read from the queue per second',
      peak: 20_000,
      // 300 × 100/(1 + 0.1 + 0.002)
      limit: expect.closeTo(27_223.23, 3),
      isLive: true,
      withinAllowed: true,
    });
    expect(refusals).toEqual([]);
  });

  it('refuse it with ten of them, and say which parameter to raise', () => {
    const { refusals } = reading({ batchSize: 10_000, batchWindowSeconds: 1, readers: readers(10) });
    expect(refusals).toEqual([
      {
        path: 'stages',
        message: 'arrivals read from the queue per second: 20,000/s planned, and 100% of 907/s is 907/s',
        hint: 'bring it to 907/s, deploy the stack with more readers (--param measureConcurrency=…; docs/deploy.md, "Readers of the queue"), or allow a larger limits.quotaShare',
      },
    ]);
  });

  it('say what is assumed of them, but for provisioned ones, which AWS documents', () => {
    const assumption = expect.stringMatching(
      /^AWS does not publish .* Quotas are held with 100, .*; costs are forecast with 1,000\.$/,
    );
    const { arrivals } = deploymentOf(planOf(at20000));
    expect(reading(arrivals).quotaAssumptions).toContainEqual(assumption);
    const pollers = { mode: 'provisioned', minimumPollers: 200, maximumPollers: 250 } as const;
    expect(reading({ ...arrivals, readers: pollers }).quotaAssumptions).not.toContainEqual(assumption);
  });

  it('are not asked for where there is no queue', () => {
    const plan = planOf(at20000);
    const { quotas, quotaAssumptions } = preflight({
      ...plan,
      deployment: { ...deploymentOf(plan), subscriber: 'direct' },
    });
    expect(quotaAssumptions.join()).not.toContain('reader of the queue');
    expect(quotas.map(({ quota }) => quota)).not.toContain('queueReadsPerSecond');
  });
});

describe('the forecast of the cost', () => {
  const input = { devices: 1_000, ratePerSecond: 1_000, duration: '2m', connect: { protocol: 'https' } };
  const profile = parseLoadProfile({
    ...input,
    thresholds: { failed: [{ threshold: 'count==0', abortOnFail: true }] },
  });
  const forecastOf = (leadMs: number, isCharged: boolean) => {
    const account = { limits: accountLimitsOf('default'), live: [], isCharged };
    const cold = { leadMs, environmentsPerSecond: 100 };
    return preflight(makePlan({ runId: 'run', profile, now: 1_000, coldStart: cold, account })).cost;
  };

  it('is the same before a rehearsal and after it, however soon its slices start', () => {
    const { isCharged, ...planned } = forecastOf(5_000, true);
    // What embedded AWS leaves for cold starts, and the draft of the form and of the run's header.
    for (const leadMs of [0, 3_000, 5_000]) expect(forecastOf(leadMs, false)).toMatchObject(planned);
    expect(isCharged).toBe(true);
  });

  it('follows the room for cold starts that a stack has', () => {
    expect(forecastOf(20_000, true).totalUsd).toBeGreaterThan(forecastOf(5_000, true).totalUsd);
  });

  it('meters connections by whole minutes, each rounded up', () => {
    expect(connectionMinutes(0, 0)).toBe(0);
    expect(connectionMinutes(404, 404 * 15_000)).toBe(404);
    expect(connectionMinutes(404, 404 * 61_000)).toBe(808);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1 }), (lengthsMs) => {
        const totalMs = lengthsMs.reduce((sum, each) => sum + each, 0);
        const metered = connectionMinutes(lengthsMs.length, totalMs);
        expect(metered).toBeGreaterThanOrEqual(totalMs / 60_000);
        expect(metered).toBeLessThan(totalMs / 60_000 + lengthsMs.length * (1 + 1e-9));
        const same = lengthsMs.every((each) => each === lengthsMs[0]);
        if (same) expect(metered).toBe(lengthsMs.length * Math.ceil(lengthsMs[0]! / 60_000));
      }),
      randomCases(),
    );
  });
});

describe('the ceiling of the cost', () => {
  const load = { devices: 1_000, ratePerSecond: 1_000, duration: '10m' };
  const { cost } = preflightOf(load);

  it('refuses a run above it, and says how much of the load would fit', () => {
    const maxCostUsd = cost.totalUsd / 2;
    const [refusal, ...others] = preflightOf({ ...load, limits: { maxCostUsd } }).refusals;
    expect(others).toEqual([]);
    expect(refusal).toEqual({
      path: 'limits.maxCostUsd',
      message: expect.stringMatching(
        /^\$1\.\d\d forecast \(of it \$0\.60 for IoT PUBLISH in\), and the ceiling is \$0\.\d\d$/,
      ),
      hint: expect.stringMatching(
        /to about [\d,]+ messages from 600,000; or allow more \(--max-cost 1\.\d\d?\)$/,
      ),
    });
    const messages = Number(/about ([\d,]+)/.exec(refusal?.hint ?? '')?.[1]?.replaceAll(',', ''));
    const lowered = { ...load, ratePerSecond: messages / 600 };
    const fitting = preflightOf({ ...lowered, limits: { maxCostUsd } });
    expect(fitting.refusals).toEqual([]);
    expect(fitting.cost.totalUsd).toBeGreaterThan(maxCostUsd * 0.98);
  });

  it('refuses no run below it, and applies in a rehearsal as on AWS', () => {
    expect(preflightOf({ ...load, limits: { maxCostUsd: cost.totalUsd } }).refusals).toEqual([]);
    const dear = { ...load, limits: { maxCostUsd: 0.01 } };
    expect(preflightOf(dear, accountLimitsOf('default'), { isCharged: false }).refusals).toMatchObject([
      { path: 'limits.maxCostUsd' },
    ]);
  });

  it('says when fewer messages are not enough', () => {
    const [refusal] = preflightOf({ ...load, limits: { maxCostUsd: 0.0001 } }).refusals;
    expect(refusal?.hint).toMatch(
      /fewer devices, or shorten the run: without a single message it costs \$0\.0\d+/,
    );
  });
});
