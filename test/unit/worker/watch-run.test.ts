import { describe, expect, it } from '@jest/globals';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { LiveAction, StoredAction } from '../../../src/plan/actions/action.ts';
import { stopAction } from '../../../src/plan/actions/stop.ts';
import { makeRunControl, type StopRequest } from '../../../src/worker/run-control.ts';
import { stopSlices, watchRun } from '../../../src/worker/watch-run.ts';
import type { WatchDeps } from '../../../src/worker/watcher.ts';
import { planOf, resultOf, windowOf } from '../../support/measure/run-fixture.ts';
import { makeMemoryRun } from '../../support/run/memory-run.ts';

const abort = (threshold: string, delayAbortEval = '0s') => ({
  threshold,
  abortOnFail: true,
  delayAbortEval,
});

/** Publishing begins 1.1 s after the plan was made and lasts a minute. */
const profile = {
  stages: [{ duration: '1m', target: 100 }],
  thresholds: { puback_round_trip: [abort('p(99)<5', '10s')] },
};

interface Scene {
  /** Seconds of publishing. */
  readonly at: number;
  readonly profile?: object;
  /** By slice: seconds of publishing at which its last checkpoint speaks; absent: none. */
  readonly checkpoints?: readonly (number | undefined)[];
  readonly outcome?: SliceResult['outcome'];
  readonly messages?: Partial<SliceResult['messages']>;
  /** Announced, and stored too or not. */
  readonly announced?: LiveAction;
  readonly stored?: LiveAction;
  readonly sums?: Readonly<Record<string, number>>;
}

const noSearch: Pick<WatchDeps, 'judgeHold'> = {
  judgeHold: () => Promise.reject(new Error('this run has no search')),
};

async function look(scene: Scene) {
  const plan = planOf({ ...profile, ...scene.profile });
  const { publishAt } = plan.timeline;
  const stops: StopRequest[] = [];
  const results = (scene.checkpoints ?? [scene.at, scene.at, scene.at, scene.at]).flatMap((second, slice) => {
    if (second === undefined) return [];
    const result = resultOf(plan, slice, Array(20).keys());
    const at = publishAt + second * 1_000;
    const messages = { ...result.messages, intended: 20, dropped: 0, ...scene.messages };
    return [
      {
        ...result,
        messages,
        droppedBy: { backlog: messages.dropped },
        at,
        outcome: scene.outcome ?? ('running' as const),
      },
    ];
  });
  const memory = makeMemoryRun();
  const deps: WatchDeps = {
    ...noSearch,
    store: {
      ...memory.store,
      async *sliceResults() {
        yield* results;
      },
      async *arrivalWindows() {
        yield windowOf(plan, [[0, 1]]);
      },
      async *actions(runId): AsyncGenerator<StoredAction> {
        if (scene.stored !== undefined) yield { version: 1, runId, k: 0, ...scene.stored };
      },
    },
    control: {
      ...makeRunControl(memory),
      read: async () => scene.announced,
      requestStop: async (_runId, request) => void stops.push(request),
    },
    metrics: {
      names: ['PublishIn.Throttle'],
      sums: async () => scene.sums ?? {},
    },
    now: () => publishAt + scene.at * 1_000,
  };
  return { isWatched: await watchRun(plan, deps), stops, plan };
}

describe('a look at a run', () => {
  it('stops it by a threshold that may, with what was measured', async () => {
    const { isWatched, stops, plan } = await look({ at: 15, checkpoints: [12, 13, 14, 12] });
    expect(isWatched).toBe(false);
    expect(stops).toEqual([
      {
        reason: expect.stringMatching(/^threshold puback_round_trip p\(99\)<5 failed: it is 8\.\d+$/),
        at: plan.timeline.publishAt + 15_000,
        by: 'run',
        threshold: {
          metric: 'puback_round_trip',
          expression: 'p(99)<5',
          actual: expect.closeTo(8.9, 1),
        },
      },
    ]);
  });

  it('lets a run of hours go on, whose files are folded, until it ends or is stopped', async () => {
    const hours = { stages: [{ duration: '2h', target: 2 }], thresholds: {} };
    const stop = { at: 1, action: stopAction({ reason: 'enough' }) };
    expect(await look({ at: 3_700, profile: hours })).toMatchObject({ isWatched: true, stops: [] });
    expect(await look({ at: 3_700, profile: hours, stored: stop })).toMatchObject({ isWatched: false });
    expect(await look({ at: 3_700, profile: hours, announced: stop })).toMatchObject({ isWatched: false });
    expect(await look({ at: 7_201, profile: hours })).toMatchObject({ isWatched: false, stops: [] });
  });

  it('lets it go on where the threshold holds, or may not end it', async () => {
    const thresholds = { puback_round_trip: ['p(99)<5', abort('p(99)<50')] };
    expect(await look({ at: 15, profile: { thresholds } })).toMatchObject({ isWatched: true, stops: [] });
  });

  it('is over at once where nothing may end the run', async () => {
    const thresholds = { puback_round_trip: ['p(99)<5'] };
    expect(await look({ at: 15, profile: { thresholds } })).toMatchObject({ isWatched: false, stops: [] });
  });

  it('waits for delayAbortEval, by the clock of what was measured', async () => {
    expect(await look({ at: 9 })).toMatchObject({ isWatched: true, stops: [] });
    // It is 12 s, and the last report of slice 2 is 9 s old.
    const late = await look({ at: 12, checkpoints: [11, 11, 9, 11] });
    expect(late).toMatchObject({ isWatched: true, stops: [] });
  });

  it('is not held up by a slice that died, or has reported nothing yet', async () => {
    expect((await look({ at: 40, checkpoints: [39, 39, 5, 39] })).stops).toHaveLength(1);
    expect((await look({ at: 12, checkpoints: [undefined, 11] })).stops).toHaveLength(1);
    expect(await look({ at: 12, checkpoints: [] })).toMatchObject({ isWatched: true, stops: [] });
  });

  it('ends when the slices have, when a user stopped them, and shortly before they would', async () => {
    expect(await look({ at: 15, outcome: 'completed' })).toMatchObject({ isWatched: false, stops: [] });
    const stop = { at: 0, action: stopAction({ reason: 'stopped by the user' }) };
    for (const how of [{ stored: stop }, { announced: stop }]) {
      expect(await look({ at: 15, ...how })).toMatchObject({ isWatched: false, stops: [] });
      expect(await look({ at: -0.5, ...how })).toMatchObject({ isWatched: false, stops: [] });
    }
    const other = { at: 0, action: { kind: 'rate', factor: 2 } };
    expect((await look({ at: 15, stored: other, announced: other })).stops).toHaveLength(1);
    const holds = { thresholds: { puback_round_trip: [abort('p(99)<50')] } };
    expect(await look({ at: 56, profile: holds })).toMatchObject({ isWatched: false, stops: [] });
    expect(await look({ at: 61 })).toMatchObject({ isWatched: false, stops: [] });
  });

  it('reads nothing before publishing begins', async () => {
    const { isWatched, stops } = await look({ at: -0.5, checkpoints: [-0.6, -0.6, -0.6, -0.6] });
    expect({ isWatched, stops }).toEqual({ isWatched: true, stops: [] });
  });

  it('takes messages still to come for neither dropped nor lost', async () => {
    const thresholds = { dropped_messages: [abort('count==0')], throughput: [abort('rate>10')] };
    expect(await look({ at: 2, profile: { thresholds } })).toMatchObject({ isWatched: true, stops: [] });
    const dropped = await look({ at: 2, profile: { thresholds }, messages: { intended: 23, dropped: 3 } });
    expect(dropped.stops[0]?.threshold).toMatchObject({ metric: 'dropped_messages', actual: 12 });
  });

  it('judges CloudWatch by what it shows, and by no silence', async () => {
    const thresholds = { 'cloudwatch.PublishIn.Throttle': [abort('count==0')] };
    expect((await look({ at: 15, profile: { thresholds } })).stops).toEqual([]);
    const shown = await look({ at: 15, profile: { thresholds }, sums: { 'PublishIn.Throttle': 7 } });
    expect(shown.stops[0]?.threshold).toMatchObject({ actual: 7 });
  });
});

describe('stopSlices', () => {
  it('says that the run stopped itself, and why', async () => {
    const stops: StopRequest[] = [];
    await stopSlices(planOf(), 'States.ExceedToleratedFailureThreshold', {
      control: {
        ...makeRunControl(makeMemoryRun()),
        read: async () => undefined,
        requestStop: async (_runId, request) => void stops.push(request),
      },
      now: () => 7,
    });
    expect(stops).toEqual([
      {
        reason: 'more than 5 % of the slices failed (States.ExceedToleratedFailureThreshold)',
        at: 7,
        by: 'run',
      },
    ]);
  });
});
