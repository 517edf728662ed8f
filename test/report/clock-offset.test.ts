import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LatencyHistogram } from '../../src/measure/latency-histogram.ts';
import { type LatencyName, latencyNames } from '../../src/measure/latency-names.ts';
import { clockOffsetOf, describeClockOffset } from '../../src/report/clock-offset.ts';

function summaries(samples: Partial<Record<LatencyName, readonly number[]>>) {
  const summaryOf = (name: LatencyName) => {
    const histogram = new LatencyHistogram();
    for (const ms of samples[name] ?? []) histogram.record(ms);
    return histogram.summary();
  };
  return Object.fromEntries(latencyNames.map((name) => [name, summaryOf(name)])) as Record<
    LatencyName,
    ReturnType<typeof summaryOf>
  >;
}

/** A message on its way: to the rule, on to the queue, and back to its device after the rule has it. */
const ways = fc.record({
  toRule: fc.double({ min: 0.001, max: 500, noNaN: true }),
  toQueue: fc.double({ min: 0, max: 100, noNaN: true }),
  back: fc.double({ min: 0, max: 500, noNaN: true }),
  echoes: fc.boolean(),
});

describe('clockOffsetOf', () => {
  it('holds the true offset, for messages that are at the rule before they are back', () => {
    fc.assert(
      fc.property(
        fc.array(ways, { minLength: 1, maxLength: 50 }),
        fc.double({ min: -2_000, max: 2_000, noNaN: true }),
        (messages, offsetMs) => {
          const { atMostMs, atLeastMs } = clockOffsetOf(
            summaries({
              rule_latency: messages.map(({ toRule }) => toRule + offsetMs),
              transit: messages.map(({ toRule, toQueue }) => toRule + toQueue + offsetMs),
              echo_latency: messages.filter(({ echoes }) => echoes).map(({ toRule, back }) => toRule + back),
            }),
          );
          // Latencies are whole microseconds.
          expect(offsetMs).toBeLessThanOrEqual(atMostMs! + 0.002);
          expect(offsetMs).toBeGreaterThanOrEqual((atLeastMs ?? Number.NEGATIVE_INFINITY) - 0.002);
          expect(atLeastMs === null).toBe(!messages.some(({ echoes }) => echoes));
        },
      ),
    );
  });

  it('knows nothing where nothing arrived', () => {
    const nothing = summaries({ echo_latency: [3] });
    expect(clockOffsetOf(nothing)).toEqual({ atMostMs: null, atLeastMs: null });
    expect(describeClockOffset(nothing)).toEqual([]);
  });

  it.each([
    [{ rule_latency: [4], transit: [6], echo_latency: [9] }, 'at most 4 ms too high', 'at most 5 ms too low'],
    [
      { rule_latency: [40], transit: [46], echo_latency: [9] },
      'at most 40 ms too high',
      'at least 31 ms too high',
    ],
    [
      { rule_latency: [-8], transit: [-6], echo_latency: [9] },
      'at least 8 ms too low',
      'at most 17 ms too low',
    ],
  ])('says how far one-way latencies may be off: %j', (samples, byTransit, byEcho) => {
    expect(
      describeClockOffset(summaries(samples)).map((note) => /at (?:most|least) .* too \w+/.exec(note)?.[0]),
    ).toEqual([byTransit, byEcho]);
  });
});
