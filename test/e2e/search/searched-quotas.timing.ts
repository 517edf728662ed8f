import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Rehearsal, startRehearsal } from '../../support/run/rehearsal.ts';
import { describeHolds, runSearch } from '../../support/search/stored-search.ts';

// Searches of a quota of embedded AWS, on a machine with nothing else to do. SEARCH_REPEATS=10: so often the same one, two at a time, some
// three minutes each; none is run again. Without it they are skipped.

const repeats = Number(process.env.SEARCH_REPEATS ?? 0);
const atOnce = Math.min(2, repeats);
jest.retryTimes(0);

const quota = 3_137;
const profile = {
  devices: 200,
  connect: { ratePerSecond: 400 },
  publish: { sizeBytes: 128, ackTimeout: '2s' },
  drain: '3s',
  limits: { enforce: false },
  thresholds: { throttled_messages: ['count==0'], lost_messages: ['count==0'] },
  // A quota grants a burst of a second: a level above it by the precision uses it up in 1 / precision seconds, 20 s.
  search: { from: 2_000, to: 4_000, confirm: 1, settle: '3s', hold: '20s', precision: 0.05 },
};

(repeats > 0 ? describe : describe.skip)(`a quota of ${quota} messages a second`, () => {
  const rehearsals: Rehearsal[] = [];
  beforeAll(async () => {
    for (let i = 0; i < atOnce; i++) {
      rehearsals.push(
        await startRehearsal({
          parameters: { subscriber: 'stream', streamShards: 6 },
          limits: {
            publishInPerSecond: quota,
            publishOutPerSecond: 4 * quota,
            ruleEvaluationsPerSecond: 4 * quota,
          },
        }),
      );
    }
  });
  afterAll(() => Promise.all(rehearsals.map((each) => each.close())));

  async function findQuota(rehearsal: Rehearsal): Promise<void> {
    const startedAt = performance.now();
    const { answer, judged } = await runSearch(rehearsal, profile);
    const minutes = (performance.now() - startedAt) / 60_000;
    console.info(`in ${minutes.toFixed(1)} min: ${JSON.stringify(answer)}\n${describeHolds(judged)}`);
    if (answer.ended !== 'found') throw new Error(`${answer.ended}:\n${describeHolds(judged)}`);
    expect(Math.abs(answer.holds! / quota - 1)).toBeLessThan(0.05);
    expect(answer.breaks).toBeGreaterThan(quota);
    for (const { broke } of judged.filter(({ outcome }) => outcome === 'failed'))
      expect(broke[0]).toMatchObject({ metric: 'throttled_messages', quota: 'publishInPerSecond' });
  }

  it.each(Array.from({ length: Math.ceil(repeats / atOnce) }, (_, i) => i + 1))(
    `is found within the precision, with its name, by ${atOnce} at a time: %d`,
    () => Promise.all(rehearsals.map(findQuota)).then(() => undefined),
    900_000,
  );
});
