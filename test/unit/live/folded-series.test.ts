import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { drawnStepSeconds, FoldedSeries } from '../../../src/live/folded-series.ts';
import { RunInProgress } from '../../../src/live/run-in-progress.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { sizeOf } from '../../support/effort.ts';

const start = 1_790_000_000;
const hour = 3_600;

function countingSeries() {
  return new FoldedSeries<{ count: number }>(
    () => ({ count: 0 }),
    (into, { count }) => {
      into.count += count;
    },
  );
}

describe('a folded series', () => {
  it('keeps the last hour in seconds and what is older in whole minutes', () => {
    const series = countingSeries();
    for (let second = start; second < start + 3 * hour; second++) series.at(second).count++;
    const slots = [...series.slots()];
    const seconds = slots.filter((slot) => slot.seconds === 1);
    const minutes = slots.filter((slot) => slot.seconds === 60);
    expect(seconds.length + minutes.length).toBe(slots.length);
    expect(Math.min(...seconds.map((slot) => slot.start))).toBeLessThanOrEqual(start + 2 * hour);
    expect(seconds.length).toBeLessThanOrEqual(hour + 60);
    expect(minutes.every((slot) => slot.start % 60 === 0)).toBe(true);
    expect(minutes.slice(1).every(({ value }) => value.count === 60)).toBe(true);
    expect(slots.reduce((sum, { value }) => sum + value.count, 0)).toBe(3 * hour);
  });

  it('is bounded for a run of 30 days, and loses nothing', () => {
    const series = countingSeries();
    const days = 30 * 24 * hour;
    let most = 0;
    for (let second = 0; second < days; second++) {
      series.at(start + second).count++;
      if (second % hour === 0) most = Math.max(most, [...series.slots()].length);
    }
    const slots = [...series.slots()];
    // Steps of 32 minutes, in the end.
    expect(Math.max(...slots.map(({ seconds }) => seconds))).toBe(1_920);
    expect(most).toBeLessThan(hour + 1_920 + 1_441);
    expect(slots.reduce((sum, { value }) => sum + value.count, 0)).toBe(days);
  });

  it('counts what comes late once, whatever the order', () => {
    const property = fc.property(
      fc.array(fc.nat(3 * hour), { maxLength: 200 }),
      fc.nat(3 * hour),
      (late, from) => {
        const series = countingSeries();
        for (let second = from; second < from + 2 * hour; second++) series.at(start + second).count++;
        for (const second of late) series.at(start + second).count++;
        const covered = new Set<number>();
        let sum = 0;
        let length = 0;
        for (const { start: first, seconds, value } of series.slots()) {
          sum += value.count;
          for (let i = 0; i < seconds; i++) covered.add(first + i);
          length += seconds;
        }
        expect(covered.size).toBe(length);
        expect(sum).toBe(2 * hour + late.length);
      },
    );
    fc.assert(property, { numRuns: sizeOf(20, 10) });
  });

  it('is drawn in steps that a fold does not cut through', () => {
    expect([10, 300, 301, hour].map(drawnStepSeconds)).toEqual([1, 1, 2, 12]);
    expect([hour + 1, 5 * hour, 12 * hour, 72 * hour].map(drawnStepSeconds)).toEqual([60, 60, 240, 960]);
  });
});

describe('a run in progress for ten hours', () => {
  const seconds = 10 * hour;
  const secondsPerStep = drawnStepSeconds(seconds);
  const histogramOf = (ms: number) => {
    const histogram = new LatencyHistogram();
    histogram.record(ms);
    return histogram.encode().positive;
  };
  const [fast, slow] = [histogramOf(5), histogramOf(80)];

  it('is all there at the end, in bounded memory', () => {
    const run = new RunInProgress();
    for (let second = 0; second < seconds; second++) {
      const sent = second === 1_000 ? 500 : 20;
      run.takeSlice({
        slice: 0,
        second: start + second,
        phase: 'publishing',
        connected: 10,
        connects: second === 0 ? 10 : 0,
        connectFailed: 0,
        intended: sent,
        sent,
        acked: sent,
        dropped: 0,
        throttled: 0,
        failed: 0,
        unacknowledged: 0,
      });
      run.takeArrivals(start + second, sent);
      if (second % 10 === 0)
        run.takeLatency('end_to_end_latency', start + second, second < hour ? slow : fast, '');
    }
    const view = run.view({ since: 0, secondsPerStep }, start + seconds);
    expect(view.seconds.length).toBeLessThan(hour + 120 + seconds / 60);
    const sum = (counter: 'sent' | 'arrivals' | 'connects') =>
      view.seconds.reduce((total, slot) => total + slot[counter], 0);
    expect([sum('sent'), sum('arrivals'), sum('connects')]).toEqual([
      20 * seconds + 480,
      20 * seconds + 480,
      10,
    ]);
    // The busiest second is known, though it is part of a minute now.
    expect(Math.max(...view.seconds.map(({ peaks }) => peaks?.published ?? 0))).toBe(500);
    expect(run.complete(start + seconds)).toMatchObject({
      sent: 20 * seconds + 480,
      arrivals: 20 * seconds + 480,
    });
    const steps = view.latency.end_to_end_latency;
    expect(steps.length).toBeLessThanOrEqual(302);
    const samples = steps.flatMap(({ step }) => step.heat.filter((_, i) => i % 2 === 1));
    expect(samples.reduce((total, count) => total + count, 0)).toBe(seconds / 10);
    const early = steps.filter(({ second }) => second < start + hour - secondsPerStep);
    expect(early.length).toBeGreaterThan(20);
    expect(early.every(({ step }) => Math.abs(step.p50! - 80) < 2)).toBe(true);
  });
});
