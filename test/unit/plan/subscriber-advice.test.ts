import { describe, expect, it } from '@jest/globals';
import { type CostLine, priceUsage } from '../../../src/plan/cost.ts';
import { defaultDeployment } from '../../../src/plan/deployment.ts';
import { forecastUsage } from '../../../src/plan/forecast-usage.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import {
  forecastStreamReading,
  recordsPerShard,
  recordsTakenPerSecond,
  type StreamCapacity,
  shardsFor,
} from '../../../src/plan/stream-reading.ts';
import { adviseSubscriber, describeSubscriber } from '../../../src/plan/subscriber-advice.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';

const start = 1_790_000_000_000;

function planOf(profile: object): Plan {
  return makePlan({
    runId: 'run',
    profile: parseLoadProfile({ devices: 2_000, slices: { devicesPerSlice: 500 }, ...profile }),
    now: start,
    coldStart: { leadMs: 5_000, environmentsPerSecond: 100 },
  });
}

const stream = { ...defaultDeployment, subscriber: 'stream' } as const;
/** An hour in legs of ten minutes: a slice is no longer than a Lambda. */
const tenMinutes = planOf({ ratePerSecond: 20_000, duration: '10m', limits: { quotaShare: 1 } });

describe('a shard', () => {
  it('is sent 827 records a second at most: six standard deviations below what it takes', () => {
    expect(recordsPerShard).toBe(827);
    expect(recordsPerShard + 6 * Math.sqrt(recordsPerShard)).toBeLessThanOrEqual(1_000);
    expect(recordsPerShard + 1 + 6 * Math.sqrt(recordsPerShard + 1)).toBeGreaterThan(1_000);
  });

  it('of 25 leaves room for 20,000/s, and ten minutes of it make a batch a second each', () => {
    const capacity = { mode: 'provisioned', shards: 25 } as const;
    expect(shardsFor(20_000)).toBe(25);
    expect(defaultDeployment.stream).toEqual(capacity);
    expect(recordsTakenPerSecond(capacity)).toBe(20_675);
    const load = { messages: 12_000_000, peakPerSecond: 20_000, seconds: 600 };
    expect(forecastStreamReading(load, capacity)).toEqual({ readers: 25, batches: 15_000 });
  });

  it.each<[StreamCapacity, number]>([
    [{ mode: 'provisioned', shards: 1 }, 827],
    [{ mode: 'on-demand' }, 3_308],
  ])('of %j: its stream takes %d a second', (capacity, messagesPerSecond) => {
    expect(recordsTakenPerSecond(capacity)).toBe(messagesPerSecond);
  });
});

describe('20,000/s with the stream', () => {
  const { lines } = priceUsage(forecastUsage(tenMinutes, stream));
  const usdOf = (matches: (line: CostLine) => boolean): number =>
    lines.filter(matches).reduce((sum, { usd }) => sum + usd, 0);
  const usdOfLine = (name: string): number => usdOf(({ line }) => line === name);

  it('costs what the price list says', () => {
    // 10 min at 20,000/s are 12 M records: 12 × $0.014. From the plan to the end of the drain 25 shards.
    const { createdAt, drainEndAt } = tenMinutes.timeline;
    const hours = (drainEndAt - createdAt) / 3_600_000;
    expect(usdOfLine('kinesis-puts')).toBeCloseTo(0.168, 9);
    expect(usdOfLine('kinesis-shards')).toBeCloseTo(25 * hours * 0.015, 9);
    // 15,000 batches of 0.1 s and 12 M records of 20 µs, in 1 GB: 1,740 GB-s.
    expect(usdOfLine('lambda-measure-latency')).toBeCloseTo(1_740 * 0.0000133334, 6);
  });

  it('the test costs at most 15% of what AWS IoT Core does, the rule and its action not even counted there', () => {
    const iot = usdOf(({ line }) => line.startsWith('iot-'));
    const rule = usdOfLine('iot-rules') + usdOfLine('iot-actions');
    const rest = usdOf(({ line }) => !line.startsWith('iot-'));
    // $12.00 of messages and $3.60 of the rule; $0.17 + $0.06 + $0.02 + $0.08 of the subscriber; $0.09 of the devices’ Lambdas.
    expect(iot).toBeCloseTo(15.6, 1);
    expect(rest).toBeLessThan(0.5);
    expect(rest / (iot - rule)).toBeLessThan(0.15);
    expect(rest / iot).toBeLessThan(0.15);
  });

  it('and with the queue it does not', () => {
    const queue = priceUsage(forecastUsage(tenMinutes)).lines;
    const [iot, rest] = [true, false].map((isIot) =>
      queue.reduce((sum, { line, usd }) => sum + (line.startsWith('iot-') === isIot ? usd : 0), 0),
    );
    expect(rest! / iot!).toBeGreaterThan(0.3);
  });
});

describe('adviseSubscriber', () => {
  it('recommends the stream at 20,000/s, and says how long it may lie idle', () => {
    const advice = adviseSubscriber(tenMinutes, defaultDeployment);
    expect(advice).toMatchObject({
      deployed: 'queue',
      recommended: 'stream',
      queue: { idleUsdPerHour: 0, isEnough: true },
      stream: {
        idleUsdPerHour: expect.closeTo(0.375, 9),
        isEnough: true,
        capacity: { mode: 'provisioned', shards: 25 },
      },
    });
    expect(advice.idleHours).toBeCloseTo((advice.queue.usd - advice.stream.usd) / 0.375, 9);
    expect(describeSubscriber(advice)).toEqual([
      expect.stringMatching(
        /^The rule sends to a queue: \$5\.\d\d of this cost and \$0 an hour while nothing runs\.$/,
      ),
      expect.stringMatching(
        /^A stream suits this rate: \$0\.\d\d in place of it, and \$0\.3[78] an hour while nothing runs\.$/,
      ),
      expect.stringMatching(/^It saves money if it is removed within 1\d h after the run\.$/),
      'It is deployed with --param subscriber=stream --param streamShards=25.',
    ]);
  });

  it('recommends the queue for a small run, also where a stream is deployed', () => {
    const small = planOf({ devices: 10, ratePerSecond: 10, duration: '1m' });
    expect(adviseSubscriber(small, defaultDeployment)).toMatchObject({ recommended: 'queue' });
    const lines = describeSubscriber(adviseSubscriber(small, stream));
    expect(lines[0]).toMatch(/^The rule sends to a stream: .* \$0\.3[78] an hour while nothing runs\.$/);
    expect(lines[1]).toMatch(
      /^The queue suits this rate: .*and \$0 an hour.*\(--param subscriber=queue\)\.$/,
    );
  });

  it('recommends what keeps up, whatever it costs', () => {
    const slow = {
      ...defaultDeployment.arrivals,
      readers: { mode: 'standard', maximumConcurrency: 2 },
    } as const;
    const short = planOf({ ratePerSecond: 5_000, duration: '10s' });
    const advice = adviseSubscriber(short, { ...defaultDeployment, arrivals: slow });
    expect(advice).toMatchObject({ recommended: 'stream', queue: { isEnough: false } });
    expect(describeSubscriber(advice)[1]).toMatch(/^A stream is sure to keep up with this rate/);
    // What 300 readers of 100 messages a second take, and a little more.
    const rate = (ratePerSecond: number) =>
      adviseSubscriber(planOf({ ratePerSecond, duration: '10s' }), defaultDeployment);
    expect(rate(27_223)).toMatchObject({ recommended: 'queue', queue: { isEnough: true } });
    expect(rate(27_224)).toMatchObject({ recommended: 'stream', queue: { isEnough: false } });
    const fewShards = { ...stream, stream: { mode: 'provisioned', shards: 2 } } as const;
    expect(adviseSubscriber(tenMinutes, fewShards)).toMatchObject({
      recommended: 'queue',
      stream: { isEnough: false },
    });
  });
});

describe('the quota of the stream', () => {
  const quotaOf = (capacity: StreamCapacity) =>
    preflight({ ...tenMinutes, deployment: { ...stream, stream: capacity } });

  it('is what its shards take', () => {
    const { quotas, refusals } = quotaOf({ mode: 'provisioned', shards: 25 });
    expect(quotas.find(({ quota }) => quota === 'streamRecordsPerSecond')).toMatchObject({
      peak: 20_000,
      limit: 20_675,
      withinAllowed: true,
    });
    expect(quotas.map(({ quota }) => quota)).not.toContain('queueReadsPerSecond');
    expect(refusals).toEqual([]);
  });

  it('refuses what they would not, and says which parameter to raise', () => {
    const { refusals } = quotaOf({ mode: 'provisioned', shards: 20 });
    expect(refusals).toEqual([
      {
        path: 'stages',
        message:
          'arrivals put into the stream per second: 20,000/s planned, and 100% of 16,540/s is 16,540/s',
        hint: expect.stringContaining('--param streamShards=…'),
      },
    ]);
    expect(quotaOf({ mode: 'on-demand' }).refusals).toMatchObject([{ path: 'stages' }]);
  });
});
