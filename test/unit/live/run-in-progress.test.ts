import { describe, expect, it } from '@jest/globals';
import { summedOfCommands } from '../../../src/live/live-fleet.ts';
import { RunInProgress, type SliceProgress } from '../../../src/live/run-in-progress.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { ofEach } from '../../../src/shared/counts.ts';

const start = 1_790_000_000;
const progressOf = (slice: number, second: number, more: Partial<SliceProgress> = {}): SliceProgress => ({
  slice,
  second: start + second,
  phase: 'publishing',
  connected: 10,
  connects: 0,
  connectFailed: 0,
  intended: 5,
  sent: 5,
  acked: 4,
  dropped: 0,
  throttled: 0,
  failed: 1,
  unacknowledged: 0,
  ...more,
});

const viewOf = (run: RunInProgress, since: number, nowSecond: number, secondsPerStep = 1) =>
  run.view({ since, secondsPerStep }, nowSecond);

describe('RunInProgress', () => {
  it('adds up what slices report of a second, in whatever order', () => {
    const run = new RunInProgress();
    run.takeSlice(progressOf(1, 7));
    run.takeSlice(progressOf(0, 7, { sent: 3, connects: 1, reconnects: 2 }));
    run.takeArrivals(start + 7, 6);
    expect(viewOf(run, 0, start + 8).seconds).toEqual([
      {
        second: start + 7,
        intended: 10,
        sent: 8,
        acked: 8,
        connects: 3,
        arrivals: 6,
        connected: 20,
        published: 8,
      },
    ]);
  });

  it('has the state of the newest leg of a slice that runs, whichever reports last', () => {
    const run = new RunInProgress();
    const report = (leg: number, second: number, phase: string) => {
      run.takeSlice(progressOf(0, second, { leg, phase }));
      return viewOf(run, 0, start + second + 1).slices;
    };
    expect(report(0, 7, 'publishing')).toBe('p');
    expect([report(1, 8, 'waiting'), report(0, 8, 'publishing')]).toEqual(['p', 'p']);
    expect([report(1, 9, 'connecting'), report(0, 9, 'publishing'), report(1, 10, 'connecting')]).toEqual([
      'c',
      'c',
      'c',
    ]);
    // A second is reported when both legs have.
    expect(viewOf(run, 0, start + 11).reportedUntil).toBe(start + 10);
    expect([report(0, 10, 'done'), report(1, 11, 'publishing')]).toEqual(['c', 'p']);
    expect(viewOf(run, 0, start + 12).reportedUntil).toBe(start + 12);
    expect([report(2, 30, 'publishing'), report(1, 30, 'done'), report(0, 31, 'publishing')]).toEqual([
      'p',
      'p',
      'p',
    ]);
    expect(report(2, 32, 'done')).toBe('o');
  });

  it('shows the leg that still runs of two of which the newer one died', () => {
    const run = new RunInProgress();
    run.takeSlice(progressOf(0, 7, { leg: 1, phase: 'connecting' }));
    for (let second = 7; second < 40; second++) run.takeSlice(progressOf(0, second));
    expect(viewOf(run, 0, start + 20).slices).toBe('c');
    expect(viewOf(run, 0, start + 39).slices).toBe('p');
  });

  it('has commands apart from messages: in their group, in the publishes of a second, and in no rate', () => {
    const run = new RunInProgress();
    const noCommands = ofEach(summedOfCommands, () => 0);
    run.takeSlice(progressOf(0, 7, { group: 'meters' }));
    run.takeCommands({ group: 'operator', second: start + 7, ...noCommands, sent: 9, acked: 8 });
    run.takeCommands({ group: 'meters', second: start + 7, ...noCommands, delivered: 6, offline: 2 });
    run.takeCommands({ group: 'meters', second: start + 8, ...noCommands, delivered: 1, offline: -1 });
    expect(run.fleet()).toEqual({
      commands: { ...noCommands, sent: 9, acked: 8, delivered: 7, offline: 1 },
    });
    const { seconds, groups } = viewOf(run, 0, start + 8);
    expect(seconds[0]).toMatchObject({ sent: 5, published: 14 });
    expect(groups).toMatchObject([
      { group: 'meters', sent: 5 },
      { group: 'operator', sent: 9, acked: 8 },
    ]);
    expect(run.complete(start + 8)).toMatchObject({ sent: 5 });
  });

  it('adds up each device group by itself', () => {
    const run = new RunInProgress();
    run.takeSlice(progressOf(0, 7, { group: 'meters', connects: 3 }));
    run.takeSlice(progressOf(1, 7, { group: 'gateways' }));
    run.takeSlice(progressOf(0, 8, { group: 'meters', dropped: 2 }));
    const { groups } = viewOf(run, 0, start + 9);
    expect(groups.map(({ group, sent, connects, dropped }) => [group, sent, connects, dropped])).toEqual([
      ['meters', 10, 3, 2],
      ['gateways', 5, 0, 0],
    ]);
  });

  it('has no groups where no slice names one', () => {
    const run = new RunInProgress();
    run.takeSlice(progressOf(0, 7));
    expect(viewOf(run, 0, start + 8).groups).toEqual([]);
  });

  it('gives just what changed since the last view', () => {
    const run = new RunInProgress();
    run.takeSlice(progressOf(0, 1));
    run.takeSlice(progressOf(0, 2));
    const { revision } = viewOf(run, 0, start + 2);
    expect(viewOf(run, revision, start + 2).seconds).toEqual([]);
    run.takeArrivals(start + 1, 1);
    expect(viewOf(run, revision, start + 2).seconds.map(({ second }) => second - start)).toEqual([1]);
  });

  it('says up to which second every slice has reported', () => {
    const run = new RunInProgress();
    expect(viewOf(run, 0, start).reportedUntil).toBe(0);
    run.takeSlice(progressOf(0, 5));
    run.takeSlice(progressOf(1, 3));
    run.takeSlice(progressOf(2, 1, { phase: 'done' }));
    expect(viewOf(run, 0, start + 6).reportedUntil).toBe(start + 4);
    run.takeSlice(progressOf(1, 4, { phase: 'done' }));
    run.takeSlice(progressOf(0, 6, { phase: 'done' }));
    expect(viewOf(run, 0, start + 8).reportedUntil).toBe(start + 7);
  });

  it('sums what every slice has reported, from the first second', () => {
    const run = new RunInProgress();
    expect(run.complete(start)).toBeUndefined();
    for (const second of [1, 2, 3]) run.takeSlice(progressOf(0, second));
    run.takeSlice(progressOf(1, 1));
    run.takeArrivals(start + 1, 7);
    run.takeArrivals(start + 3, 5);
    expect(run.complete(start + 4)).toEqual({
      untilSecond: start + 2,
      users: 0,
      intended: 10,
      sent: 10,
      dropped: 0,
      acked: 8,
      throttled: 0,
      failed: 2,
      unacknowledged: 0,
      connects: 0,
      connectFailed: 0,
      arrivals: 7,
    });
    run.takeSlice(progressOf(1, 2, { phase: 'done' }));
    run.takeSlice(progressOf(0, 4, { phase: 'done' }));
    // What arrives after the last slice has ended counts too.
    run.takeArrivals(start + 6, 13);
    expect(run.complete(start + 7)).toMatchObject({
      untilSecond: start + 5,
      sent: 30,
      acked: 24,
      failed: 6,
      arrivals: 25,
    });
  });

  it('has the users at the end of the last complete second', () => {
    const run = new RunInProgress();
    run.takeSlice(progressOf(0, 1, { users: 3 }));
    run.takeSlice(progressOf(1, 1, { users: 4 }));
    run.takeSlice(progressOf(0, 2, { users: 6 }));
    expect(run.complete(start + 3)?.users).toBe(7);
    run.takeSlice(progressOf(1, 2, { users: 6 }));
    expect(run.complete(start + 3)?.users).toBe(12);
    for (const slice of [0, 1]) run.takeSlice(progressOf(slice, 3, { users: 6, phase: 'done' }));
    expect(run.complete(start + 4)?.users).toBe(0);
  });

  it('shows each slice in its state, and one that has gone silent as failed', () => {
    const run = new RunInProgress();
    for (const [slice, phase] of ['waiting', 'connecting', 'publishing', 'draining', 'done'].entries()) {
      run.takeSlice(progressOf(slice, 0, { phase }));
    }
    run.takeSlice(progressOf(6, 0));
    expect(viewOf(run, 0, start + 1).slices).toBe('.cpdo.p');
    run.takeSlice(progressOf(6, 30));
    expect(viewOf(run, 0, start + 31).slices).toBe('xxxxo.p');
  });

  it('shows a slice whose devices all stayed without a connection as failed', () => {
    const run = new RunInProgress();
    run.takeSlice(progressOf(0, 1, { connectFailed: 5 }));
    run.takeSlice(progressOf(0, 2, { phase: 'done' }));
    run.takeSlice(progressOf(1, 1, { connectFailed: 5, connects: 1 }));
    run.takeSlice(progressOf(1, 2, { phase: 'done' }));
    run.takeSlice(progressOf(2, 2, { phase: 'done' }));
    expect(viewOf(run, 0, start + 3).slices).toBe('xoo');
  });

  it('keeps to the newest report of a slice', () => {
    const run = new RunInProgress();
    run.takeSlice(progressOf(0, 9, { phase: 'done' }));
    run.takeSlice(progressOf(0, 8));
    expect(viewOf(run, 0, start + 10).slices).toBe('o');
  });

  it('makes percentiles and heat of histograms, those below zero with them', () => {
    const run = new RunInProgress();
    const histogram = new LatencyHistogram();
    for (const ms of [-2, 10, 10, 10]) histogram.record(ms);
    const { positive, negative } = histogram.encode();
    run.takeLatency('end_to_end_latency', start, positive, negative);
    run.takeLatency('end_to_end_latency', start, positive, '');
    const step = viewOf(run, 0, start).latency.end_to_end_latency[0]!.step;
    expect(step.p50! / 10).toBeCloseTo(1, 1);
    expect(step.heat[1]).toBe(1);
    expect(step.heat.filter((_, i) => i % 2 === 1).reduce((a, b) => a + b)).toBe(7);
  });

  it('joins seconds to steps, counts and not percentiles', () => {
    const run = new RunInProgress();
    const first = start - (start % 3);
    const histogramOf = (...samples: number[]) => {
      const histogram = new LatencyHistogram();
      for (const ms of samples) histogram.record(ms);
      return histogram.encode().positive;
    };
    run.takeLatency('puback_round_trip', first, histogramOf(1, 1, 1), '');
    run.takeLatency('puback_round_trip', first + 2, histogramOf(500), '');
    run.takeLatency('puback_round_trip', first + 3, histogramOf(7), '');
    const { revision, latency } = viewOf(run, 0, first, 3);
    expect(latency.puback_round_trip.map(({ second }) => second)).toEqual([first, first + 3]);
    expect(latency.puback_round_trip[0]!.step.p50! / 1).toBeCloseTo(1, 1);
    expect(latency.puback_round_trip[0]!.step.max! / 500).toBeCloseTo(1, 1);
    run.takeArrivals(first + 1, 1);
    expect(viewOf(run, revision, first, 3).latency.puback_round_trip).toHaveLength(1);
  });
});
