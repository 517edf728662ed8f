import { describe, expect, it } from '@jest/globals';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { enforceLimits } from '../../../src/plan/run-preflight.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { findLag, findLeftovers } from '../../../src/worker/leftovers.ts';

const url = 'https://sqs.us-east-1.amazonaws.com/123456789012/arrivals';
const planOf = (limits: object = {}) =>
  makePlan({
    runId: 'run',
    // Publishing begins 5 s for the cold start, 0.01 s for the slice, 0.25 s for connects and 1 s after the plan is made.
    profile: parseLoadProfile({ devices: 100, ratePerSecond: 100, duration: '30s', limits }),
    now: 0,
    coldStart: { leadMs: 5_000, environmentsPerSecond: 100 },
  });
const holding = (count: number) => ({
  url,
  source: { unread: async () => ({ count, longestPauseMs: 55_000 }) },
});

describe('findLeftovers', () => {
  // The default stack is sure to read 27,223 a second: 170,417 in those 6.26 s.
  it.each([0, 1, 170_000])('lets a run start before which %d messages can be read', async (count) => {
    expect(await findLeftovers(planOf(), holding(count))).toEqual([]);
  });

  it('says how many messages of other runs are in the way, for how long, and how to be rid of them', async () => {
    const plan = planOf();
    const found = await findLeftovers(plan, holding(6_600_000));
    expect(found).toEqual([
      {
        path: 'arrivals queue',
        message:
          '6,600,000 messages of other runs are not read yet, and reading them may take 4m3s: this run’s arrivals would be read after them',
        hint: `start it in 4m3s, or delete them, which those runs’ reports then miss: aws sqs purge-queue --queue-url ${url}`,
      },
    ]);
    expect(() => enforceLimits(plan, found)).toThrow(/6,600,000 messages[\s\S]*--force/);
  });

  it('does not keep a run from starting that was forced', async () => {
    const plan = planOf({ enforce: false });
    const found = await findLeftovers(plan, holding(6_600_000));
    expect(() => enforceLimits(plan, found)).not.toThrow();
  });

  it('refuses nothing where the queue cannot be read', async () => {
    const unread = async () => {
      throw new Error('AccessDenied');
    };
    expect(await findLeftovers(planOf(), { url, source: { unread } })).toEqual([]);
  });
});

describe('findLag', () => {
  const minuteAt = Date.UTC(2026, 8, 1, 12, 3);

  // Publishing begins 6.26 s after the plan is made.
  it.each([undefined, { ageMs: 1_300, minuteAt }, { ageMs: 6_260, minuteAt }])(
    'lets a run start before which the reader catches up: %j',
    async (age) => {
      expect(await findLag(planOf(), async () => age)).toEqual([]);
    },
  );

  it('says how far the reader was behind the stream, when, and what to wait for', async () => {
    const found = await findLag(planOf(), async () => ({ ageMs: 95_500, minuteAt }));
    expect(found).toEqual([
      {
        path: 'arrivals stream',
        message:
          'measure-latency was up to 1m36s behind the stream at 12:03 UTC (Lambda’s IteratorAge): each shard is read in order, so this run’s arrivals would be read after what other runs left',
        hint: 'start it once IteratorAge has fallen, which CloudWatch shows a minute or two later; what is older than 5m is given up',
      },
    ]);
  });

  it('refuses nothing where CloudWatch cannot be read', async () => {
    const denied = async () => {
      throw new Error('AccessDenied');
    };
    expect(await findLag(planOf(), denied)).toEqual([]);
  });
});
