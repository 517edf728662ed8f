import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Rehearsal, startRehearsal } from '../../support/run/rehearsal.ts';
import { describeHolds, runSearch } from '../../support/search/stored-search.ts';

// Searches of quotas of embedded AWS, on a machine with nothing else to do. SEARCH_REPEATS=10: so often the same one, two at a time, some three
// minutes each; none is run again. Without it they are skipped.

const repeats = Number(process.env.SEARCH_REPEATS ?? 0);
const describeSearches = repeats > 0 ? describe : describe.skip;
jest.retryTimes(0);

/** A quota grants a burst of a second: a level above it by the precision uses it up in 1 / precision seconds, 20 s. */
const steps = { settle: '3s', hold: '20s', precision: 0.05 };

const load = {
  connect: { ratePerSecond: 400 },
  publish: { sizeBytes: 128, ackTimeout: '2s' },
  drain: '3s',
  limits: { enforce: false },
  thresholds: { throttled_messages: ['count==0'], lost_messages: ['count==0'] },
};

interface Case {
  readonly quota: number;
  readonly shards: number;
  readonly profile: object;
  readonly repeats: number;
  /** How many searches run at the same time, each in an embedded AWS of its own. */
  readonly atOnce: number;
  readonly withinMinutes: number;
}

const cases: readonly Case[] = [
  {
    quota: 3_137,
    shards: 6,
    profile: { devices: 200, search: { from: 2_000, to: 4_000, confirm: 1, ...steps } },
    repeats,
    atOnce: Math.min(2, repeats),
    withinMinutes: 4,
  },
  {
    quota: 20_000,
    shards: 25,
    profile: {
      devices: 1_000,
      slices: { devicesPerSlice: 500 },
      search: { from: 10_000, to: 22_000, confirm: 2, ...steps },
    },
    repeats: 1,
    atOnce: 1,
    withinMinutes: 5,
  },
];

describeSearches.each(cases)(
  'a quota of $quota messages a second',
  ({ quota, shards, profile, repeats, atOnce, withinMinutes }) => {
    const rehearsals: Rehearsal[] = [];
    beforeAll(async () => {
      for (let i = 0; i < atOnce; i++) {
        rehearsals.push(
          await startRehearsal({
            parameters: { subscriber: 'stream', streamShards: shards },
            limits: {
              publishInPerSecond: quota,
              publishOutPerSecond: 4 * quota,
              ruleEvaluationsPerSecond: 4 * quota,
            },
          }),
        );
      }
    }, 60_000);
    afterAll(() => Promise.all(rehearsals.map((each) => each.close())));

    async function findQuota(rehearsal: Rehearsal): Promise<void> {
      const startedAt = performance.now();
      const { answer, judged } = await runSearch(rehearsal, { ...load, ...profile });
      const minutes = (performance.now() - startedAt) / 60_000;
      console.info(`in ${minutes.toFixed(1)} min: ${JSON.stringify(answer)}\n${describeHolds(judged)}`);
      if (answer.ended !== 'found') throw new Error(`${answer.ended}:\n${describeHolds(judged)}`);
      expect(Math.abs(answer.holds! / quota - 1)).toBeLessThan(0.05);
      expect(answer.breaks).toBeGreaterThan(quota);
      for (const { broke } of judged.filter(({ outcome }) => outcome === 'failed'))
        expect(broke[0]).toMatchObject({ metric: 'throttled_messages', quota: 'publishInPerSecond' });
      expect(minutes).toBeLessThan(withinMinutes);
    }

    it.each(Array.from({ length: Math.ceil(repeats / atOnce) }, (_, i) => i + 1))(
      `is found within the precision, with its name, by ${atOnce} at a time: %d`,
      () => Promise.all(rehearsals.map(findQuota)).then(() => undefined),
      900_000,
    );
  },
);
