import { describe, expect, it } from '@jest/globals';
import type { SliceClock } from '../../../src/measure/slice-clocks.ts';
import { clockOffsetOf, describeClockOffset } from '../../../src/report/clock-offset.ts';
import type { Report } from '../../../src/report/report-model.ts';

const resolution =
  'end_to_end_latency, rule_latency and transit end at a stamp in whole milliseconds: a sample is right to ±1 ms.';

const clock = (slice: number, atLeastMs: number | null, atMostMs: number): SliceClock => ({
  slice,
  atLeastMs,
  atMostMs,
});

function sentences(clocks: readonly SliceClock[], clockBracketMs: number | null = 0.001): string[] {
  const generator = { clockBracketMs } as Report['generator'];
  return describeClockOffset({ clockOffset: clockOffsetOf(clocks), generator });
}

describe('the clocks of a run', () => {
  it('are bounded by the widest bounds of its slices, each with its slice', () => {
    expect(clockOffsetOf([clock(0, -3, 2), clock(1, -2, 7), clock(4, -5, 1.5)])).toEqual({
      stampResolutionMs: 1,
      atMostMs: 7,
      atMostSlice: 1,
      atLeastMs: -5,
      atLeastSlice: 4,
      slicesWithoutAtLeast: 0,
      behind: { slices: 0, byAtLeastMs: null, slice: null },
      ahead: { slices: 0, byAtLeastMs: null, slice: null },
    });
  });

  it('have no lower bound where a slice has none', () => {
    expect(clockOffsetOf([clock(0, -3, 2), clock(1, null, 7)])).toMatchObject({
      atMostMs: 7,
      atLeastMs: null,
      atLeastSlice: null,
      slicesWithoutAtLeast: 1,
    });
  });

  it('are unknown where nothing arrived', () => {
    expect(clockOffsetOf([])).toMatchObject({ atMostMs: null, atLeastMs: null, slicesWithoutAtLeast: 0 });
    expect(sentences([])).toEqual([]);
  });

  it('are not spoken of unless stamps prove that they are apart', () => {
    expect(sentences([clock(0, -3, 2), clock(1, 0, 0.001), clock(2, null, 50)])).toEqual([resolution]);
  });

  it('are spoken of where they are apart: which slices, by how much at least, and the bounds of all', () => {
    expect(sentences([clock(0, 48.5, 52), clock(1, -53, -49.25), clock(2, -51, -47)])).toEqual([
      resolution,
      'Stamps from before the message was sent prove that the service’s clocks are behind those of 2 slices, by at least 49.3 ms in slice 1: there these three read at least as much too low.',
      'Where a rule sees a message before a subscriber does, echoes prove that the service’s clocks are ahead of those of 1 slice, by at least 48.5 ms in slice 0: there these three read at least as much too high.',
      'Over all slices these three read at most 52 ms too high (slice 0); at most 53 ms too low (slice 1).',
    ]);
  });

  it.each([
    [
      [clock(0, null, -49)],
      'at least 49 ms too low; how much too low is not known without echoes of every slice',
    ],
    [[clock(0, -51, -49)], 'at least 49 ms too low; at most 51 ms too low (slice 0)'],
    [[clock(0, 49, 51)], 'at most 51 ms too high (slice 0); at least 49 ms too high'],
    [[clock(0, -1, 0)], 'at least 0 ms too low; at most 1 ms too low (slice 0)'],
  ])('read %j as bounds of latencies', (clocks, bounds) => {
    expect(sentences(clocks).at(-1)).toBe(`Over all slices these three read ${bounds}.`);
  });

  it('are not spoken of where a slice could not set its own closely: no stamp proves that', () => {
    expect(sentences([clock(0, -3, 2)], 0.4)).toEqual([
      `${resolution.slice(0, -1)}, or up to 0.4 ms more too high, because the send times of a slice on a busy machine are no more precise.`,
    ]);
    expect(sentences([clock(0, -3, 2)], 0.4).join()).not.toMatch(/clock/i);
  });
});
