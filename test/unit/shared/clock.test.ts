import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { CalibratedEpoch, makeSystemClock, setLongTimer } from '../../../src/shared/clock.ts';
import { randomCases } from '../../support/effort.ts';

describe('the system clock', () => {
  it('is the wall clock, with fractions, and never goes back', () => {
    const clock = makeSystemClock();
    let before = clock.now();
    for (let i = 0; i < 1_000; i++) {
      const now = clock.now();
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
    // The process may be preempted between two readings: the closest of many counts.
    const apartMs = Array.from({ length: 100 }, () => Math.abs(clock.now() - Date.now() - 0.5));
    expect(Math.min(...apartMs)).toBeLessThan(2);
    expect(Array.from({ length: 5 }, () => clock.now()).some((ms) => !Number.isInteger(ms))).toBe(true);
  });

  it('sets timers, and cancels them', async () => {
    const clock = makeSystemClock();
    const called: string[] = [];
    clock.setTimer(0, () => called.push('never'))();
    clock.setTimer(1, () => called.push('never'))();
    await new Promise<void>((resolve) => {
      clock.setTimer(0, () => called.push('at once'));
      clock.setTimer(3, () => {
        called.push('later');
        resolve();
      });
    });
    expect(called).toEqual(['at once', 'later']);
  });
});

describe('a timer longer than Node’s longest', () => {
  const day = 86_400_000;

  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is called once, at its instant', () => {
    const called: string[] = [];
    setLongTimer(60 * day, () => called.push('after 60 days'));
    jest.advanceTimersByTime(60 * day - 1);
    expect(called).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(called).toEqual(['after 60 days']);
    jest.advanceTimersByTime(60 * day);
    expect(called).toHaveLength(1);
  });

  it('can be cancelled whenever', () => {
    const called: string[] = [];
    setLongTimer(60 * day, () => called.push('cancelled at once'))();
    const cancel = setLongTimer(60 * day, () => called.push('cancelled after 50 days'));
    jest.advanceTimersByTime(50 * day);
    cancel();
    jest.advanceTimersByTime(50 * day);
    expect(called).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

const epoch = 1_790_000_000_000.337;

/**
 * A machine whose process runs `stepsMs` between one reading of a clock and the next, in turns: long steps are
 * preemptions. Some time on, its wall clock is set.
 */
function machine(stepsMs: readonly number[], set: { readonly atMs: number; readonly byMs: number }) {
  let nowMs = 0;
  let reading = 0;
  const pass = (): number => {
    nowMs += stepsMs[reading++ % stepsMs.length]!;
    return nowMs;
  };
  const epochNow = () => epoch + (nowMs >= set.atMs ? set.byMs : 0);
  return {
    readings: {
      monotonic: pass,
      wall: () => {
        const at = pass();
        return Math.floor(at + epochNow());
      },
    },
    epochNow,
    elapsedMs: () => nowMs,
  };
}

const never = { atMs: Number.POSITIVE_INFINITY, byMs: 0 };
const shortSteps = fc.double({ min: 0.000_05, max: 0.003, noNaN: true });

describe('CalibratedEpoch', () => {
  it('holds the true epoch within the bracket that it states, whenever the process is preempted', () => {
    const steps = fc.oneof(
      { weight: 20, arbitrary: shortSteps },
      { weight: 1, arbitrary: fc.double({ min: 0.5, max: 30, noNaN: true }) },
    );
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 200 }), (stepsMs) => {
        const { readings, elapsedMs } = machine(stepsMs, never);
        const { epochMs, bracketMs } = new CalibratedEpoch(readings);
        expect(epochMs).toBeLessThanOrEqual(epoch + 0.001);
        expect(epochMs + bracketMs).toBeGreaterThanOrEqual(epoch - 0.001);
        // Bounded: the limit, and what the last three readings took.
        expect(elapsedMs()).toBeLessThan(200 + 3 * 30 + 1);
        if (bracketMs > 0.01) expect(elapsedMs()).toBeGreaterThan(200);
      }),
      randomCases(),
    );
  });

  it('goes on to the next tick where the process was preempted around the first', () => {
    // 600 steps of a microsecond and one of 1.7 ms: a tick in the midst of the first preemption, and then undisturbed ones.
    const stepsMs = [...Array.from({ length: 600 }, () => 0.001), 1.7];
    const { readings, elapsedMs } = machine(stepsMs, never);
    const { epochMs, bracketMs } = new CalibratedEpoch(readings);
    expect(bracketMs).toBeLessThanOrEqual(0.01);
    expect(Math.abs(epochMs - epoch)).toBeLessThanOrEqual(0.01);
    expect(elapsedMs()).toBeGreaterThan(1.7);
  });

  it('starts anew where the wall clock is set meanwhile', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.6, noNaN: true }),
        fc.oneof(
          fc.double({ min: -500, max: -2, noNaN: true }),
          fc.double({ min: 2, max: 500, noNaN: true }),
        ),
        (atMs, byMs) => {
          const { readings, epochNow } = machine([0.001], { atMs, byMs });
          const { epochMs, bracketMs } = new CalibratedEpoch(readings);
          expect(epochMs).toBeLessThanOrEqual(epochNow() + 0.001);
          expect(epochMs + bracketMs).toBeGreaterThanOrEqual(epochNow() - 0.001);
        },
      ),
      randomCases(),
    );
  });

  it('goes on to narrow it later, never backwards, where every tick of the first 200 ms was missed', () => {
    // Between two readings the process is preempted for most of a millisecond, until the machine is quiet.
    let isBusy = true;
    let nowMs = 0;
    const pass = (): number => {
      nowMs += isBusy ? 0.83 : 0.001;
      return nowMs;
    };
    const epochOfMachine = new CalibratedEpoch({
      monotonic: pass,
      wall: () => Math.floor(pass() + epoch),
    });
    const first = { epochMs: epochOfMachine.epochMs, bracketMs: epochOfMachine.bracketMs };
    expect(epochOfMachine.isSettled).toBe(false);
    epochOfMachine.narrow(2);
    expect(epochOfMachine.bracketMs).toBeLessThanOrEqual(first.bracketMs);
    isBusy = false;
    epochOfMachine.narrow(2);
    expect(epochOfMachine.isSettled).toBe(true);
    expect(epochOfMachine.epochMs).toBeGreaterThanOrEqual(first.epochMs);
    expect(Math.abs(epochOfMachine.epochMs - epoch)).toBeLessThanOrEqual(0.011);
  });

  it('does not follow a wall clock that is set later: time never goes back', () => {
    const { readings } = machine([0.83], never);
    let backMs = 0;
    const epochOfMachine = new CalibratedEpoch({ ...readings, wall: () => readings.wall() - backMs });
    const before = epochOfMachine.epochMs;
    backMs = 500;
    epochOfMachine.narrow(50);
    expect(epochOfMachine.epochMs).toBe(before);
  });

  it('states the bracket of this machine, and keeps to it', () => {
    const clock = makeSystemClock();
    expect(clock.bracketMs).toBeGreaterThanOrEqual(0);
    expect(clock.bracketMs).toBeLessThanOrEqual(1);
    // Never ahead of the wall clock, which is read after it: a whole millisecond, so compare with its end.
    for (let i = 0; i < 1_000; i++) expect(clock.now()).toBeLessThan(Date.now() + 1);
  });
});
