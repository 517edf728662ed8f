import { describe, expect, it } from '@jest/globals';
import type { DeadLetterQueue } from '../../../src/aws/arrivals-backlog.ts';
import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { MessageSets } from '../../../src/measure/message-sets.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { JudgedHold, SearchStep } from '../../../src/plan/search/judged-hold.ts';
import { makeHoldJudge } from '../../../src/worker/judge-so-far.ts';
import { rememberRecord } from '../../../src/worker/remember-record.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { type Failure, makeMemoryRun } from '../../support/run/memory-run.ts';
import { withSearch } from '../../support/search/search-plan.ts';
import {
  runSearched,
  type SearchedRun,
  type SentMessage,
  stepOf,
} from '../../support/search/searched-run.ts';

// A run of two slices and 20 holds in virtual time, replayed second by second into a run store in memory.

const holds = 20;
const plan = planOf();
const steps = Array.from({ length: holds }, (_, i) => stepOf(plan, 5 * i + 1, 5 * i + 3, i, 8));

function planOf(): Plan {
  const made = withSearch(
    makeTestPlan({ devices: 4, slices: 2, ratePerSecond: 8, seconds: 5 * holds + 1, drainMs: 1_000 }),
  );
  const judged = { expression: 'count==0', abortOnFail: false, delayAbortEvalMs: 0 };
  return { ...made, profile: { ...made.profile, thresholds: { lost_messages: [judged] } } };
}

/** What the reader stores: a window each second. @returns with the instant at which it is stored */
function windowsOf({ messages }: SearchedRun): [storedAt: number, windows: readonly ArrivalWindow[]][] {
  const arrived = messages.filter(({ arrivedAt }) => arrivedAt !== undefined);
  const bySecond = Map.groupBy(arrived, ({ arrivedAt }) => Math.floor(arrivedAt! / 1_000) + 1);
  return [...bySecond].map(([second, ofSecond]) => {
    const Records = ofSecond.map(({ arrivedAt, ...message }) => ({
      messageId: `${message.slice}-${message.n}`,
      body: JSON.stringify({ ...message, rule: arrivedAt }),
      attributes: { SentTimestamp: String(arrivedAt) },
    }));
    return [second * 1_000, measureArrivals({ Records }, second * 1_000).windows];
  });
}

interface Look {
  readonly step: number;
  /** Whether the hold was over. */
  readonly isOver: boolean;
  readonly requests: number;
  readonly windowsRead: number;
}

interface ReplayOptions {
  /** How many of the holds are judged; by default all. */
  readonly count?: number;
  readonly failureOf?: (request: number) => Failure | undefined;
  readonly deadLetterQueue?: DeadLetterQueue;
  /** A judge that has read nothing, for each look. */
  readonly isForgetful?: boolean;
}

/** Looks at the run once a second until all holds are judged. */
async function replay(
  run: SearchedRun,
  { count = holds, failureOf, deadLetterQueue, isForgetful }: ReplayOptions = {},
) {
  let now = plan.timeline.publishAt;
  let isLooking = false;
  let request = 0;
  const { store, requests, reads } = makeMemoryRun(
    () => (isLooking ? failureOf?.(++request) : undefined),
    () => now,
  );
  const deps = {
    store,
    metrics: { names: [], sums: async () => ({}) },
    backlog: { deadLetterQueues: deadLetterQueue === undefined ? [] : [deadLetterQueue] },
  };
  let judge = makeHoldJudge(deps);
  const judged: JudgedHold[] = [];
  const looks: Look[] = [];
  const windows = windowsOf(run).toSorted(([a], [b]) => a - b);
  let failed = 0;
  const endsAt = plan.timeline.deadlineAt;
  while (judged.length < count && now < endsAt) {
    for (const { checkpoints } of run.runs) {
      const last = checkpoints.findLast(({ at }) => at <= now);
      if (last !== undefined) await store.putSliceResult(last);
    }
    now += 400;
    while (windows[0] !== undefined && windows[0][0] <= now)
      for (const window of windows.shift()![1]) await store.putArrivalWindow(window);
    const step = steps[judged.length]!;
    const before = { requests: requests(), reads: reads.length };
    if (isForgetful) judge = makeHoldJudge(deps);
    isLooking = true;
    const hold = await judge({ plan, actions: [], now, isLast: false, readSlices }, step).catch(
      (error: unknown) => {
        if (failureOf === undefined) throw error;
        failed++;
        return undefined;
      },
    );
    isLooking = false;
    const read = reads.slice(before.reads);
    looks.push({
      step: step.step,
      isOver: now >= step.holdUntil,
      requests: requests() - before.requests,
      windowsRead: read.filter((key) => key.includes('/arrivals/')).length,
    });
    if (hold !== undefined) judged.push(hold);
    now += 600;
  }
  return { judged, looks, failed };
}

const readSlices = () => Promise.reject(new Error('no hold is judged by that'));
const run = runSearched(plan, { checkpointEveryMs: 1_000 });
const outcomesOf = (judged: readonly JudgedHold[]) =>
  judged.map(({ outcome, figures: { received, lost } }) => [outcome, received, lost]);
const few = 7;
const allPassed = steps.map(() => ['passed', 16, 0]);

describe('looks at the holds of a search', () => {
  it('make as many requests for the twentieth hold as for the first, and read no window twice', async () => {
    const searched = await run;
    const { judged, looks } = await replay(searched);
    expect(outcomesOf(judged)).toEqual(allPassed);
    // Before a hold is over nothing is read.
    expect(looks.filter(({ isOver, requests }) => !isOver && requests > 0)).toEqual([]);
    const windows = looks.map(({ windowsRead }) => windowsRead);
    expect(windows.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(windowsOf(searched).length);
    const mostOf = (from: number, until: number) =>
      Math.max(...looks.filter(({ step }) => step >= from && step < until).map(({ requests }) => requests));
    expect(mostOf(15, 20)).toBeLessThanOrEqual(mostOf(1, 6) + 1);
    // Lists of slices, deaths and, twice, of windows; two slices, and the windows of six seconds.
    expect(mostOf(0, holds)).toBeLessThanOrEqual(4 + 2 + 6);
  });

  it('read no slice while the last record of one that lives is from before the end of the hold', async () => {
    const [first] = steps;
    const { runs } = await run;
    const readAt = async (storedAt: readonly [number, number], now: number) => {
      let clock = 0;
      const { store, reads } = makeMemoryRun(undefined, () => clock);
      for (const [slice, { checkpoints }] of runs.entries()) {
        clock = storedAt[slice]!;
        await store.putSliceResult(checkpoints.findLast(({ at }) => at <= clock)!);
      }
      const metrics = { names: [], sums: async () => ({}) };
      const judge = makeHoldJudge({ store, metrics, backlog: { deadLetterQueues: [] } });
      await judge({ plan, actions: [], now, isLast: false, readSlices }, first!);
      return reads.length;
    };
    const { holdUntil } = first!;
    expect(await readAt([holdUntil + 100, holdUntil - 100], holdUntil + 400)).toBe(0);
    expect(await readAt([holdUntil + 100, holdUntil], holdUntil + 400)).toBe(2);
    // One has died.
    expect(await readAt([holdUntil + 100, holdUntil - 100], holdUntil + 14_000)).toBe(0);
    expect(await readAt([holdUntil + 100, holdUntil - 100], holdUntil + 15_000)).toBe(2);
  });

  it('judge alike where nothing is remembered, and where requests fail', async () => {
    const searched = await run;
    expect(outcomesOf((await replay(searched, { count: few, isForgetful: true })).judged)).toEqual(
      allPassed.slice(0, few),
    );
    const { judged, failed } = await replay(searched, {
      count: few,
      failureOf: (n) => (n % 13 === 0 ? (n % 2 === 0 ? 'before' : 'after') : undefined),
    });
    expect(failed).toBeGreaterThan(3);
    expect(outcomesOf(judged)).toEqual(allPassed.slice(0, few));
  });

  it('read what was given up only where messages are missing, and do not call that lost', async () => {
    const isDueIn = ({ holdFrom, holdUntil }: SearchStep, { at }: Pick<SentMessage, 'at'>) =>
      at >= holdFrom && at < holdUntil;
    const [, , , third, , fifth] = steps;
    const lossy = await runSearched(plan, { checkpointEveryMs: 1_000 }, (message) =>
      isDueIn(third!, message) || (isDueIn(fifth!, message) && message.n % 2 === 0) ? undefined : 20,
    );
    const messages = new MessageSets();
    for (const message of lossy.messages) if (isDueIn(third!, message)) messages.add(message, message.n);
    let readings = 0;
    const { judged } = await replay(lossy, {
      count: few,
      deadLetterQueue: {
        name: 'dead-letter queue',
        async read() {
          readings++;
          return { deadLetters: [{ reason: 'given up', messages }], left: 0 };
        },
      },
    });
    expect(readings).toBe(2);
    expect(judged[3]).toMatchObject({ outcome: 'passed', figures: { lost: 0, deadLettered: 16 } });
    expect(judged[5]).toMatchObject({ outcome: 'failed', figures: { lost: 8, received: 8 } });
  });
});

describe('a remembered record', () => {
  const rateAction = { at: 0, action: { kind: 'rate', factor: 2 } };

  it('has each action and each hold read once, and those of another run not at all', async () => {
    const { store, reads } = makeMemoryRun();
    const remembered = rememberRecord(store);
    const actionsOf = async (runId: string, from?: number) => {
      const found: number[] = [];
      for await (const { k } of remembered.actions(runId, from)) found.push(k);
      return found;
    };
    for (let k = 0; k < 5; k++) await store.putAction('a', rateAction);
    const before = reads.length;
    expect(await actionsOf('a')).toEqual([0, 1, 2, 3, 4]);
    expect(reads.length - before).toBe(6);
    await store.putActionAt('a', 5, rateAction);
    expect(await Promise.all([actionsOf('a'), actionsOf('a', 4)])).toEqual([
      [0, 1, 2, 3, 4, 5],
      [4, 5],
    ]);
    expect(await actionsOf('a', 5)).toEqual([5]);
    expect(reads.slice(before + 6).every((key) => /actions\/[56]\.json$/.test(key))).toBe(true);
    expect(await actionsOf('b')).toEqual([]);
    expect(await actionsOf('a', 3)).toEqual([3, 4, 5]);
    expect(await actionsOf('a')).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('has no gap where another look reads new items in the meantime', async () => {
    const { store } = makeMemoryRun();
    const remembered = rememberRecord(store);
    const found: number[] = [];
    for (let k = 0; k < 2; k++) await store.putAction('a', rateAction);
    for await (const { k } of remembered.actions('a')) found.push(k);
    for await (const { k } of remembered.actions('a')) {
      found.push(k);
      if (k > 0) continue;
      await store.putAction('a', rateAction);
      for await (const each of remembered.actions('a', 2)) found.push(each.k);
    }
    expect(found).toEqual([0, 1, 0, 2, 1, 2]);
  });
});
