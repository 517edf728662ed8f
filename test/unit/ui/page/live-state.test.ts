import { describe, expect, it } from '@jest/globals';
import { drawnStepSeconds } from '../../../../src/live/folded-series.ts';
import type { LiveSecond } from '../../../../src/live/run-in-progress.ts';
import { LiveState } from '../../../../src/ui/page/live-state.ts';
import { plan, second, start, step, viewOf } from '../../../support/ui/page/live-run.ts';

const endOf = ({ second, seconds = 1 }: LiveSecond) => second + seconds;

describe('what the page has of a run', () => {
  it('is all views together, the newer word for a second over the older', () => {
    const state = new LiveState(plan);
    state.take(viewOf({ reportedUntil: start + 5, seconds: [second(2, 10), second(3, 5)] }));
    state.take(viewOf({ reportedUntil: start + 6, seconds: [second(3, 20), second(4, 30)] }));
    expect(state.rates()).toMatchObject({ startSecond: start + 2, sent: [10, 20, 30] });
  });

  it('leaves out seconds that not every slice has reported, and those before the start', () => {
    const state = new LiveState(plan);
    state.take(viewOf({ reportedUntil: start + 5, seconds: [second(-3, 1), second(3, 20), second(4, 7)] }));
    expect(state.rates()).toMatchObject({ startSecond: start + 3, sent: [20, 7], arrivals: [20] });
    expect(state.useOf(plan.quotas[0]!)).toEqual({ now: 7, peak: 20 });
  });

  it('takes a minute in place of its seconds, and keeps the busiest of them', () => {
    const minute = start - (start % 60) + 60;
    const at = minute - start;
    const until = at + 64;
    const state = new LiveState(plan);
    const singles = Array.from({ length: 63 }, (_, i) => second(at + i, i === 7 ? 50 : 2));
    state.take(viewOf({ reportedUntil: start + until, seconds: singles }));
    const before = state.rates();
    expect(before.sent).toHaveLength(63);
    const folded = {
      ...second(at, 60 * 2 + 48),
      connected: 60 * 20,
      seconds: 60,
      peaks: { published: 50, connects: 0, connected: 20, intended: 50, sent: 50, arrivals: 50 },
    };
    state.take(viewOf({ reportedUntil: start + until, seconds: [folded] }));
    const after = state.rates();
    expect(after.startSecond).toBe(before.startSecond);
    expect(after.sent).toHaveLength(63);
    expect(after.sent.reduce((sum, rate) => sum + rate)).toBeCloseTo(
      before.sent.reduce((sum, rate) => sum + rate),
    );
    expect(after.sent[0]).toBeCloseTo(2.8);
    expect(state.useOf(plan.quotas[0]!)).toEqual({ now: 2, peak: 50 });
  });

  it.each([72, 720])(
    'has rates of %i hours in at most 300 steps, with the busiest second of each',
    (hours) => {
      const secondsPerStep = drawnStepSeconds(hours * 3_600);
      const until = hours * 3_600 - 1_234;
      const slots: LiveSecond[] = [];
      let total = 0;
      for (let at = 0; at < until; ) {
        // All but the last hour is folded, into steps of the length that so long a run has.
        const seconds = at < until - 3_600 ? secondsPerStep / 4 : 1;
        const sent = seconds * (10 + (at % 7));
        const peak = at === secondsPerStep * 40 ? 999 : 30;
        const peaks = {
          published: peak,
          connects: 0,
          connected: 20,
          intended: peak,
          sent: peak,
          arrivals: peak,
        };
        slots.push({ ...second(at, sent), ...(seconds > 1 && { seconds, peaks }) });
        total += sent;
        at += seconds;
      }
      const end = endOf(slots.at(-1)!) - start;
      const state = new LiveState({ ...plan, secondsPerStep });
      state.take(viewOf({ reportedUntil: start + end, seconds: slots }));
      const { sent, peaks, ...rates } = state.rates();
      expect(rates).toMatchObject({ startSecond: start, secondsPerStep });
      expect(sent.length).toBeLessThanOrEqual(300);
      expect(rates.arrivals).toHaveLength(sent.length - 1);
      // Of the last step, only a part is over.
      const over = end - (sent.length - 1) * secondsPerStep;
      const sums = sent.map((sum, step) => (step < sent.length - 1 ? sum : (sum * over) / secondsPerStep));
      expect(sums.reduce((a, b) => a + b)).toBeCloseTo(total, 3);
      expect(peaks?.sent.indexOf(999)).toBe(40);
      expect(peaks?.sent.filter((peak) => peak > 30)).toEqual([999]);
      expect(state.lastSecond().sent).toBe(slots.at(-1)!.sent);
    },
  );

  it('keeps the place of steps without samples', () => {
    const state = new LiveState(plan);
    const latency = {
      end_to_end_latency: [
        { second: start + 2, step },
        { second: start + 8, step },
      ],
      puback_round_trip: [],
      pubcomp_round_trip: [],
      response_time: [],
    };
    state.take(viewOf({ latency }));
    const { startSecond, secondsPerStep, steps } = state.latencyOverTime('end_to_end_latency');
    expect([startSecond, secondsPerStep, steps.map(({ p50 }) => p50)]).toEqual([
      start + 2,
      2,
      [3, null, null, 3],
    ]);
  });
});

describe('the time that is shown', () => {
  it('grows with the run, up to its end', () => {
    const long = { ...plan, frame: { ...plan.frame, endAt: (start + 600) * 1_000 } };
    const state = new LiveState(long);
    const shownAt = (second: number) => {
      state.take(viewOf({ reportedUntil: start + second }));
      return (state.frameSoFar().endAt - long.frame.startAt) / 1_000;
    };
    expect([3, 25, 26, 300].map(shownAt)).toEqual([30, 30, 60, 360]);
    expect(shownAt(599)).toBeCloseTo(599.6);
  });
});
