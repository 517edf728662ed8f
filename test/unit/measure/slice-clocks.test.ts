import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { SliceClocks } from '../../../src/measure/slice-clocks.ts';
import type { QuickestEcho } from '../../../src/measure/slice-result.ts';
import { clockOffsetOf } from '../../../src/report/clock-offset.ts';
import { randomCases } from '../../support/effort.ts';

const start = 1_790_000_000_000;
/** Send instants and echoes are stored in whole microseconds. */
const roundingMs = 0.002;

/** A message on its way: to the rule, on to the queue, and back to its device after the rule has it. */
const ways = fc.record({
  sentAfterMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
  toRule: fc.double({ min: 0.001, max: 500, noNaN: true }),
  toQueue: fc.double({ min: 0, max: 100, noNaN: true }),
  back: fc.double({ min: 0, max: 500, noNaN: true }),
  echoes: fc.boolean(),
  arrives: fc.boolean(),
});
type Way = typeof ways extends fc.Arbitrary<infer T> ? T : never;

interface PlayedSlice {
  /** Of the service's clocks, ahead of the slice's. */
  readonly offsetMs: number;
  readonly messages: readonly Way[];
}

const slices = fc.array(
  fc.record({
    offsetMs: fc.oneof(
      fc.constantFrom(-50, 0, 50),
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.double({ min: -2_000, max: 2_000, noNaN: true }),
    ),
    messages: fc.array(ways, { minLength: 1, maxLength: 30 }),
  }),
  { minLength: 1, maxLength: 5 },
);

/** What slices and the subscriber store of it, in batches of a few messages. */
function play(played: readonly PlayedSlice[]) {
  const clocks = new SliceClocks();
  const received = played.map(() => new IntervalSet());
  for (const [slice, { offsetMs, messages }] of played.entries()) {
    let quickest: QuickestEcho | undefined;
    const Records = messages.flatMap((way, n) => {
      const sent = Math.round((start + way.sentAfterMs) * 1_000) / 1_000;
      const echo = { n, us: Math.round((way.toRule + way.back) * 1_000) };
      if (way.echoes && (quickest === undefined || echo.us < quickest.us)) quickest = echo;
      if (!way.arrives) return [];
      received[slice]!.add(n);
      const stampAfter = (ms: number) => Math.floor(sent + ms + offsetMs);
      return {
        messageId: `${slice}-${n}`,
        body: JSON.stringify({
          run: 'r1',
          slice,
          n,
          device: 0,
          at: sent,
          sent,
          rule: stampAfter(way.toRule),
        }),
        attributes: { SentTimestamp: String(stampAfter(way.toRule + way.toQueue)) },
      };
    });
    clocks.addSlice(slice, quickest);
    for (let from = 0; from < Records.length; from += 7) {
      const { windows } = measureArrivals({ Records: Records.slice(from, from + 7) }, start);
      for (const window of windows) clocks.addWindow(window);
    }
  }
  return clocks.bounds((slice, { n }) => received[slice]!.has(n));
}

describe('bounds of the clocks of slices', () => {
  it('hold the true offset of each, whatever the slices are apart from one another', () => {
    fc.assert(
      fc.property(slices, (played) => {
        for (const { slice, atLeastMs, atMostMs } of play(played)) {
          const { offsetMs } = played[slice]!;
          expect(offsetMs).toBeLessThan(atMostMs + roundingMs);
          if (atLeastMs !== null) expect(offsetMs).toBeGreaterThanOrEqual(atLeastMs - roundingMs);
        }
      }),
      randomCases(),
    );
  });

  it('never contradict each other, and lie a millisecond and the quickest echo apart', () => {
    fc.assert(
      fc.property(slices, (played) => {
        for (const { slice, atLeastMs, atMostMs } of play(played)) {
          if (atLeastMs === null) continue;
          const echoes = played[slice]!.messages.filter(({ echoes }) => echoes).map(
            ({ toRule, back }) => toRule + back,
          );
          expect(atMostMs - atLeastMs).toBeCloseTo(1 + Math.min(...echoes), 2);
        }
      }),
      randomCases(),
    );
  });

  it('are below only of the slices whose quickest echo is of a message that arrived', () => {
    const way: Way = { sentAfterMs: 0.5, toRule: 2, toQueue: 1, back: 1, echoes: true, arrives: true };
    const slow: Way = { ...way, toRule: 300, back: 0 };
    expect(play([{ offsetMs: 0, messages: [slow, way] }])).toEqual([
      // Stamped at 2 ms, sent at 0.5 ms, back after 3 ms.
      { slice: 0, atLeastMs: -1.5, atMostMs: 2.5 },
    ]);
    // Held against the slow message's stamp, the echo of the quick one would prove 296 ms that are not there.
    expect(play([{ offsetMs: 0, messages: [slow, { ...way, arrives: false }] }])).toEqual([
      { slice: 0, atLeastMs: null, atMostMs: 300.5 },
    ]);
    expect(play([{ offsetMs: 0, messages: [{ ...way, arrives: false }] }])).toEqual([]);
  });

  it('become bounds of the run that hold for every slice', () => {
    fc.assert(
      fc.property(slices, (played) => {
        const bounds = play(played);
        const offset = clockOffsetOf(bounds);
        const offsetsMs = bounds.map(({ slice }) => played[slice]!.offsetMs);
        for (const offsetMs of offsetsMs) {
          expect(offsetMs).toBeLessThan(offset.atMostMs! + roundingMs);
          if (offset.atLeastMs !== null)
            expect(offsetMs).toBeGreaterThanOrEqual(offset.atLeastMs - roundingMs);
        }
        if (offset.behind.slice !== null) {
          expect(played[offset.behind.slice]!.offsetMs).toBeLessThan(roundingMs - offset.behind.byAtLeastMs!);
        }
        if (offset.ahead.slice !== null) {
          expect(played[offset.ahead.slice]!.offsetMs).toBeGreaterThan(
            offset.ahead.byAtLeastMs! - roundingMs,
          );
        }
      }),
      randomCases(),
    );
  });

  it('prove nothing between equal clocks', () => {
    fc.assert(
      fc.property(slices, (played) => {
        const equal = played.map((slice) => ({ ...slice, offsetMs: 0 }));
        const { behind, ahead } = clockOffsetOf(play(equal));
        expect([behind.slices, ahead.slices]).toEqual([0, 0]);
      }),
      randomCases(),
    );
  });
});
