import { describe, expect, it } from '@jest/globals';
import { makeSystemClock } from '../../src/device/clock.ts';

describe('the system clock', () => {
  it('is the wall clock, with fractions, and never goes back', () => {
    const clock = makeSystemClock();
    let before = clock.now();
    for (let i = 0; i < 1_000; i++) {
      const now = clock.now();
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
    expect(Math.abs(clock.now() - Date.now() - 0.5)).toBeLessThan(2);
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
