import { describe, expect, it } from '@jest/globals';
import type { ActionKind, Announcement, LiveAction, StoredAction } from '../../../src/plan/actions/action.ts';
import { actionKinds } from '../../../src/plan/actions/action-kinds.ts';
import { stopAction } from '../../../src/plan/actions/stop.ts';
import { followActions } from '../../../src/worker/follow-actions.ts';
import { VirtualClock } from '../../support/device/virtual-clock.ts';

const startedAt = 1_700_000_000_000;

/** A slice that records what it did and when, in virtual time; `stored` grows as a test says. */
function follow(group?: string, planned: readonly LiveAction[] = []) {
  const clock = new VirtualClock(startedAt);
  const done: { what: string; afterMs: number }[] = [];
  const stored: StoredAction[] = [];
  const reads: number[] = [];
  const prepared: string[] = [];
  const note = (what: string): undefined => {
    done.push({ what, afterMs: clock.now() - startedAt });
  };
  const rate: ActionKind<number> = {
    kind: 'scale',
    takesEffect: 'at its instant',
    isAnnouncedUnstored: false,
    parse: ({ factor }) => (typeof factor === 'number' ? factor : undefined),
    prepare: (_slice, factor) => () => note(`rate ${factor}`),
  };
  let fault: Error | undefined;
  const followed = followActions({
    runId: 'run',
    group,
    kinds: [...actionKinds, rate],
    controls: {
      stop: ({ reason }) => note(reason),
      changeLoad: ({ at }) => at,
      prepareDisconnect: ({ share, how }, at) => {
        prepared.push(`${how} ${share} of ${at - startedAt}`);
        return () => note(`${how} ${share} of ${at - startedAt}`);
      },
      prepareFailover:
        ({ from, to }, at) =>
        () =>
          note(`${from} to ${to} of ${at - startedAt}`),
      prepareNetwork: (network, at) => () => note(`${JSON.stringify(network)} of ${at - startedAt}`),
    },
    planned,
    clock,
    store: {
      async *actions(_runId, from = 0) {
        reads.push(from);
        if (fault !== undefined) throw fault;
        for (let k = from; k < stored.length; k++) yield stored[k]!;
      },
    },
  });
  return {
    ...followed,
    clock,
    done,
    stored,
    reads,
    prepared,
    failsWith: (error: Error) => {
      fault = error;
    },
    after: (ms: number) => clock.runUntil(new Promise<void>((resolve) => clock.setTimer(ms, resolve))),
  };
}

function rateAt(k: number, afterMs: number, factor = 2, group?: string): StoredAction {
  return {
    version: 1,
    runId: 'run',
    k,
    at: startedAt + afterMs,
    ...(group === undefined ? {} : { group }),
    action: { kind: 'scale', factor },
  };
}

describe('the actions of a run, in a slice', () => {
  it('take effect at their instants, once each, whether stored, announced or both', async () => {
    const slice = follow();
    slice.stored.push(rateAt(0, 500, 2), rateAt(1, 900, 3));
    await slice.readStored();
    slice.received(rateAt(1, 900, 3));
    slice.received(rateAt(1, 900, 3));
    await slice.after(2_000);
    expect(slice.done).toEqual([
      { what: 'rate 2', afterMs: 500 },
      { what: 'rate 3', afterMs: 900 },
    ]);
  });

  it('are read from the store where an announcement shows a gap', async () => {
    const slice = follow();
    slice.stored.push(rateAt(0, 500, 2), rateAt(1, 600, 3), rateAt(2, 900, 4));
    slice.received(slice.stored[2]!);
    // The reading that the gap has begun.
    await slice.readStored();
    await slice.after(2_000);
    expect(slice.done.map(({ what }) => what)).toEqual(['rate 2', 'rate 3', 'rate 4']);
    expect(slice.reads).toEqual([0]);
  });

  it('are read again where the gap shows while they are read', async () => {
    const slice = follow();
    slice.stored.push(rateAt(0, 500, 2));
    const reading = slice.readStored();
    slice.stored.push(rateAt(1, 600, 3), rateAt(2, 700, 4));
    slice.received(slice.stored[2]!);
    await reading;
    await slice.after(2_000);
    expect(slice.done.map(({ what }) => what)).toEqual(['rate 2', 'rate 3', 'rate 4']);
  });

  it('take effect at once where their instant has passed, or where they are immediate', async () => {
    const slice = follow();
    slice.received(rateAt(0, -5));
    slice.received({ k: 1, at: startedAt + 500, action: stopAction({ reason: 'enough' }) });
    expect(slice.done).toEqual([
      { what: 'rate 2', afterMs: 0 },
      { what: 'enough', afterMs: 0 },
    ]);
    expect(slice.applied()).toMatchObject([{ k: 0, isLate: true }]);
  });

  it('are for the groups that they name', async () => {
    const slice = follow('meters');
    for (const [k, group] of [undefined, 'meters', 'trackers'].entries())
      slice.received(rateAt(k, 0, k, group));
    expect(slice.done.map(({ what }) => what)).toEqual(['rate 0', 'rate 1']);
  });

  it('do nothing where they are of no kind, or after the slice has ended', async () => {
    const slice = follow();
    const strays: Announcement[] = [
      { at: startedAt, action: { kind: 'dance' } },
      { at: startedAt, action: { kind: 'scale', factor: 'fast' } },
    ];
    for (const stray of strays) slice.received(stray);
    slice.received(rateAt(0, 500));
    slice.close();
    slice.received(rateAt(1, 0));
    await slice.after(2_000);
    expect(slice.done).toEqual([]);
  });

  it('still come by announcement where the run store cannot be read', async () => {
    const slice = follow();
    slice.failsWith(new Error('AccessDenied'));
    await slice.readStored();
    slice.received({ at: startedAt, action: stopAction({ reason: 'not stored' }) });
    slice.received(rateAt(3, 100));
    await slice.after(2_000);
    expect(slice.done.map(({ what }) => what)).toEqual(['not stored', 'rate 2']);
  });

  it('carries out what the plan has, at its instant and for its group, though it is not announced', async () => {
    const drop = (afterMs: number, group?: string): LiveAction => ({
      at: startedAt + afterMs,
      ...(group === undefined ? {} : { group }),
      action: { kind: 'disconnect', share: 0.5 },
    });
    const slice = follow('meters', [drop(700), drop(300, 'trackers'), drop(900, 'meters'), drop(1_900)]);
    expect(slice.prepared).toEqual(['drop 0.5 of 700', 'drop 0.5 of 900', 'drop 0.5 of 1900']);
    expect(slice.done).toEqual([]);
    await slice.after(1_000);
    expect(slice.done).toEqual([
      { what: 'drop 0.5 of 700', afterMs: 700 },
      { what: 'drop 0.5 of 900', afterMs: 900 },
    ]);
    slice.close();
    await slice.after(1_000);
    expect(slice.done).toHaveLength(2);
  });

  it('has not applied changes of rate whose instants come after the end of the slice', async () => {
    const change = (afterMs: number): LiveAction => ({
      at: startedAt + afterMs,
      action: { kind: 'rate', factor: 2 },
    });
    const slice = follow('meters', [change(300), change(1_900)]);
    slice.received({ ...change(1_500), k: 0 });
    await slice.after(1_000);
    expect(slice.applied()).toHaveLength(3);
    slice.close();
    expect(slice.applied()).toEqual([{ planned: 0, at: startedAt + 300 }]);
  });

  it('carries out no disconnect that makes no sense', async () => {
    const slice = follow();
    for (const action of [
      { kind: 'disconnect', share: 0 },
      { kind: 'disconnect', share: 1.5 },
      { kind: 'disconnect', how: 'gently' },
    ]) {
      slice.received({ at: startedAt, action });
    }
    await slice.after(1_000);
    expect(slice.done).toEqual([]);
  });
});
