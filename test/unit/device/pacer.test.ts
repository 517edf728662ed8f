import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Pacer } from '../../../src/device/pacer.ts';
import { VirtualClock } from '../../support/device/virtual-clock.ts';
import { randomCases } from '../../support/effort.ts';

interface Done {
  readonly i: number;
  readonly dueAtMs: number;
  readonly atMs: number;
}

function pace(
  clock: VirtualClock,
  instants: readonly number[],
  everyTick: (done: readonly Done[]) => void = () => {},
) {
  const done: Done[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const pacer = new Pacer(clock, {
    count: instants.length,
    dueAt: (i) => instants[i]!,
    due: (i, dueAtMs) => {
      done.push({ i, dueAtMs, atMs: clock.now() });
    },
    tickEnd: () => {
      everyTick(done);
      if (done.length === instants.length) resolve();
    },
  });
  pacer.start();
  return { pacer, done, finished: promise };
}

describe('the pacer', () => {
  it('does each thing once, in order, at its instant or within the millisecond after it', async () => {
    const offsets = fc.array(fc.double({ min: 0, max: 1_000, noNaN: true }), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(offsets, async (list) => {
        const clock = new VirtualClock(1_000);
        const instants = list.toSorted((a, b) => a - b).map((offset) => 1_000 + offset);
        const { done, finished } = pace(clock, instants);
        await clock.runUntil(finished);
        expect(done.map(({ i }) => i)).toEqual(instants.map((_, i) => i));
        for (const { dueAtMs, atMs } of done) {
          expect(atMs).toBeGreaterThanOrEqual(dueAtMs);
          expect(atMs - dueAtMs).toBeLessThanOrEqual(1 + 1e-6);
        }
      }),
      randomCases(),
    );
  });

  it('wakes up once for what comes within a millisecond, and not at all while there is nothing', async () => {
    const clock = new VirtualClock(0);
    const ticks: number[] = [];
    const { finished } = pace(clock, [10, 20, 20.2, 20.6, 20.9, 40], () => ticks.push(clock.now()));
    await clock.runUntil(finished);
    expect(ticks).toEqual([10, 20, 21, 40]);
  });

  it('sends what is due at a poke, unless it has ticked just now, and sleeps as it would have', async () => {
    const clock = new VirtualClock(0);
    const ticks: number[] = [];
    const { pacer, finished } = pace(clock, [10, 10.1, 10.2, 11.5, 30], () => ticks.push(clock.now()));
    for (const atMs of [5, 10.3, 10.8, 11.6, 12, 29]) clock.setTimer(atMs, () => pacer.poke(clock.now()));
    await clock.runUntil(finished);
    expect(ticks).toEqual([10, 10.8, 11.6, 30]);
  });

  it('catches up after a stall, without drifting and without doing everything in one breath', async () => {
    const clock = new VirtualClock(0);
    const instants = Array.from({ length: 20_000 }, (_, i) => i / 10);
    const doneByTick: number[] = [];
    const { done, finished } = pace(clock, instants, ({ length }) => {
      doneByTick.push(length);
      if (doneByTick.length === 5) clock.stall(1_000);
    });
    await clock.runUntil(finished);
    expect(done.length).toBe(20_000);
    const latestMs = Math.max(...done.map(({ dueAtMs, atMs }) => atMs - dueAtMs));
    expect(latestMs).toBeGreaterThanOrEqual(1_000);
    expect(latestMs).toBeLessThan(1_001.001);
    // Long after the stall, things are on time again.
    expect(done.slice(-5_000).every(({ dueAtMs, atMs }) => atMs - dueAtMs < 1.001)).toBe(true);
    const inOneTick = doneByTick.map((length, i) => length - (doneByTick[i - 1] ?? 0));
    expect(Math.max(...inOneTick)).toBe(4_096);
  });

  it('does nothing any more once stopped', async () => {
    const clock = new VirtualClock(0);
    const { pacer, done } = pace(clock, [10, 20, 30]);
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.setTimer(15, () => pacer.stop());
    clock.setTimer(100, resolve);
    await clock.runUntil(promise);
    expect(done.map(({ i }) => i)).toEqual([0]);
    expect(pacer.done).toBe(true);
  });
});
