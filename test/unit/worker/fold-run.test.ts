import { describe, expect, it } from '@jest/globals';
import type { RunStore } from '../../../src/aws/run-store.ts';
import { fanOutOf } from '../../../src/plan/fan-out.ts';
import { isFolded } from '../../../src/plan/folds.ts';
import { legsOf } from '../../../src/plan/legs.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { foldRun } from '../../../src/worker/fold-run.ts';
import { planOfLongRun, resultOfLeg, windowOfPart } from '../../support/measure/folded-run.ts';
import { planOf } from '../../support/measure/run-fixture.ts';
import { type Failure, makeMemoryRun } from '../../support/run/memory-run.ts';

const plan = planOfLongRun({
  devices: 4,
  ratePerSecond: 2,
  duration: '3h',
  windows: { seconds: 60, count: 1 },
});
const { runId } = plan;
const { publishAt } = plan.timeline;
const minute = 60_000;

interface Counted {
  readonly arrivals: number;
  readonly sent: number;
  readonly results: number;
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function countAll(store: RunStore, known = new Set<string>()): Promise<Counted> {
  const results = await all(store.sliceResults(runId));
  return {
    arrivals: sumBy(await all(store.arrivalWindows(runId, known)), ({ arrivals }) => arrivals),
    sent: sumBy(results, ({ messages }) => messages.sent),
    results: results.length,
  };
}

/** Two hours of a run: a window a minute, the legs that have ended, one that failed and one that runs. */
async function storedRun(failureOf?: (request: number) => Failure | undefined) {
  let now = publishAt;
  const memory = makeMemoryRun(failureOf, () => now);
  const { store } = memory;
  await store.putPlan(plan);
  for (let k = 0; k < 120; k++) {
    now = publishAt + (k + 1) * minute;
    await store.putArrivalWindow(windowOfPart(plan, { from: now - minute, until: now, k: 0, count: 1 }));
    for (const [leg, { until }] of legsOf(plan, 0).entries())
      if (until > now - minute && until <= now)
        await store.putSliceResult({
          ...resultOfLeg(plan, 0, leg),
          outcome: leg === 2 ? 'failed' : 'completed',
        });
  }
  await store.putSliceResult({ ...resultOfLeg(plan, 0, 10), outcome: 'running' });
  const clock = {
    now: () => now,
    pass(ms: number): void {
      now += ms;
    },
  };
  return { ...memory, clock, fold: () => foldRun(plan, { store, now: clock.now }) };
}

describe('folding the files of a run', () => {
  it('stores sums of those that are some minutes old, and deletes them a quarter of an hour later', async () => {
    const run = await storedRun();
    const whole = await countAll(run.store);
    expect(await run.fold()).toEqual({ windows: 115, slices: whole.results - 2 });
    expect(await countAll(run.store)).toEqual(whole);
    expect((await all(run.store.storedSlices(runId))).length).toBe(whole.results);
    expect(await run.fold()).toEqual({ windows: 0, slices: 0 });
    run.clock.pass(60 * minute);
    expect(await run.fold()).toEqual({ windows: 5, slices: 0 });
    expect(await countAll(run.store)).toEqual(whole);
    // The failed leg and the running one.
    expect((await all(run.store.storedSlices(runId))).length).toBe(2);
    const { files } = await run.store.folds.windows.unfolded(runId, run.clock.now());
    expect(files).toEqual([]);
  });

  it('may fail at any request, and everything is still counted once', async () => {
    const whole = await countAll((await storedRun()).store);
    for (const failure of ['before', 'after'] as const) {
      for (let failing = 1; ; failing += failing < 8 ? 1 : 23) {
        let failsAt = Number.POSITIVE_INFINITY;
        const run = await storedRun((request) => (request === failsAt ? failure : undefined));
        failsAt = run.requests() + failing;
        const hasFailed = await run.fold().then(
          () => false,
          () => true,
        );
        failsAt = Number.POSITIVE_INFINITY;
        expect(await countAll(run.store)).toEqual(whole);
        run.clock.pass(61 * minute);
        const known = new Set<string>();
        expect(await countAll(run.store, known)).toEqual(whole);
        await run.fold();
        run.clock.pass(61 * minute);
        await run.fold();
        expect(await countAll(run.store)).toEqual(whole);
        expect((await countAll(run.store, known)).arrivals).toBe(0);
        if (!hasFailed) break;
      }
    }
  });

  it('counts once for a reader that goes on, and refuses one that has missed the rest of a sum', async () => {
    const run = await storedRun();
    const early = new Set<string>();
    const { arrivals } = await countAll(run.store, early);
    const [first] = [...early];
    const late = new Set([first!]);
    await run.fold();
    expect((await countAll(run.store, early)).arrivals).toBe(0);
    expect((await countAll(run.store, new Set(late))).arrivals).toBe(arrivals - arrivals / 120);
    run.clock.pass(61 * minute);
    await run.fold();
    expect((await countAll(run.store, early)).arrivals).toBe(0);
    await expect(countAll(run.store, late)).rejects.toMatchObject({ code: 'UnreadableFile' });
  });

  it('takes two that fold at the same time for one', async () => {
    const run = await storedRun();
    const whole = await countAll(run.store);
    const folded = await Promise.all([run.fold(), run.fold()]);
    expect(sumBy(folded, ({ windows }) => windows)).toBe(115);
    expect(await countAll(run.store)).toEqual(whole);
  });

  it('leaves a run of minutes alone', async () => {
    const short = planOf();
    const memory = makeMemoryRun();
    expect(isFolded(short)).toBe(false);
    expect(fanOutOf(short)).toMatchObject({ isWatched: false });
    expect(await foldRun(short, { store: memory.store, now: () => short.timeline.drainEndAt })).toEqual({
      windows: 0,
      slices: 0,
    });
    expect(memory.requests()).toBe(0);
    expect(fanOutOf(plan)).toMatchObject({ isWatched: true, watchSeconds: 120 });
  });
});
