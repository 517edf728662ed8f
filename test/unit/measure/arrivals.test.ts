import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import type { RuleRecord } from '../../../src/measure/envelope.ts';
import { latencyBucketOf } from '../../../src/measure/latency-buckets.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { randomCases } from '../../support/effort.ts';

const start = 1_790_000_000_000;

interface Message {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: { readonly SentTimestamp: string; readonly ApproximateReceiveCount?: string };
}

function recordOf(n: number, more: Partial<RuleRecord> = {}): RuleRecord {
  return {
    run: 'r1',
    slice: 0,
    deviceGroup: 0,
    stream: 0,
    n,
    device: n % 10,
    at: start,
    sent: start + 2.5,
    rule: start + 20,
    ...more,
  };
}

function messageOf(id: string, body: string, arrivedAt = start + 50): Message {
  return { messageId: id, body, attributes: { SentTimestamp: String(arrivedAt) } };
}

const messagesOf = (records: readonly RuleRecord[]) =>
  records.map((record, i) => messageOf(`id-${i}`, JSON.stringify(record)));

const measure = (messages: readonly Message[]) => measureArrivals({ Records: messages }, start + 60);

describe('measureArrivals', () => {
  it('makes one window of a batch, duplicates counted as arrivals', () => {
    const { windows, unrelated } = measure(messagesOf([recordOf(0), recordOf(2), recordOf(1), recordOf(1)]));
    expect(unrelated).toEqual({ notJson: 0, noEnvelope: 0 });
    expect(windows).toHaveLength(1);
    expect(windows[0]).toMatchObject({ runId: 'r1', arrivals: 4, seen: { 0: [0, 3] } });
  });

  it('measures the three latencies of an arrival, each from its own instants, to the middle of the stamp’s millisecond', () => {
    const { windows } = measure(messagesOf([recordOf(0)]));
    const { end_to_end_latency, rule_latency, transit } = windows[0]!.latencies;
    expect(LatencyHistogram.decode(end_to_end_latency).summary()).toMatchObject({ count: 1, max: 50.5 });
    expect(LatencyHistogram.decode(rule_latency).summary()).toMatchObject({ count: 1, max: 20.5 });
    expect(LatencyHistogram.decode(transit).summary()).toMatchObject({ count: 1, max: 48 });
  });

  it('is never negative where a message took less than a millisecond, and charges its lag to the microsecond', () => {
    const record = recordOf(0, { sent: start + 2.875, rule: start + 2 });
    const { windows } = measure([messageOf('a', JSON.stringify(record), start + 2)]);
    const { end_to_end_latency, rule_latency, transit } = windows[0]!.latencies;
    expect(LatencyHistogram.decode(transit).summary()).toMatchObject({ min: 0, negative: 0 });
    expect(LatencyHistogram.decode(rule_latency).summary()).toMatchObject({ min: 2.875, negative: 0 });
    expect(LatencyHistogram.decode(end_to_end_latency).summary()).toMatchObject({ min: 2.875, negative: 0 });
  });

  it('has unbiased means where every message is intended at the same instant of its millisecond', () => {
    const samples = 2_000;
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.oneof(
          fc.double({ min: 0.01, max: 1, noNaN: true }),
          fc.double({ min: 1, max: 8, noNaN: true }),
          fc.double({ min: 8, max: 400, noNaN: true }),
        ),
        fc.double({ min: 0, max: 20, noNaN: true }),
        (phase, toRule, toQueue) => {
          let lagMs = 0;
          const batch = Array.from({ length: samples }, (_, n) => {
            const at = start + n * 10 + phase;
            // A timer's lateness, spread evenly over two milliseconds.
            const lag = 2 * (((n + 0.5) * 0.618_033_988_7) % 1);
            lagMs += lag / samples;
            const sent = at + lag;
            const record = recordOf(n, { at, sent, rule: Math.floor(sent + toRule) });
            return messageOf(`id-${n}`, JSON.stringify(record), Math.floor(sent + toRule + toQueue));
          });
          const { latencies } = measure(batch).windows[0]!;
          const meanOf = (name: keyof typeof latencies) => {
            const { mean, negative } = LatencyHistogram.decode(latencies[name]).summary();
            expect(negative).toBe(0);
            return mean;
          };
          const within = (measured: number, truth: number) =>
            expect(Math.abs(measured - truth)).toBeLessThan(0.05);
          within(meanOf('transit'), toRule + toQueue);
          within(meanOf('end_to_end_latency'), lagMs + toRule + toQueue);
          within(meanOf('rule_latency'), lagMs + toRule);
        },
      ),
      randomCases(40),
    );
  });

  it('keeps by slice the smallest of what the stamps say, as they say it', () => {
    const batch = [
      messageOf('a', JSON.stringify(recordOf(0, { sent: start + 2.875, rule: start + 2 })), start + 2),
      messageOf('b', JSON.stringify(recordOf(1, { sent: start + 2.5, rule: start + 20 })), start + 30),
      messageOf('c', JSON.stringify(recordOf(0, { slice: 7, sent: start + 2.125 })), start + 30),
    ];
    expect(measure(batch).windows[0]!.leastTransitUs).toEqual({ 0: -875, 7: 17_875 });
  });

  it('keeps negative latencies: two clocks', () => {
    const { windows } = measure([messageOf('a', JSON.stringify(recordOf(0)), start - 3)]);
    const { end_to_end_latency } = windows[0]!.latencies;
    expect(LatencyHistogram.decode(end_to_end_latency).summary()).toMatchObject({ min: -2.5, negative: 1 });
  });

  it('separates runs and slices', () => {
    const { windows } = measure(
      messagesOf([recordOf(0), recordOf(0, { run: 'r2' }), recordOf(5, { slice: 3 })]),
    );
    expect(windows.map(({ runId, arrivals, seen }) => ({ runId, arrivals, seen }))).toEqual([
      { runId: 'r1', arrivals: 2, seen: { 0: [0, 1], 3: [5, 1] } },
      { runId: 'r2', arrivals: 1, seen: { 0: [0, 1] } },
    ]);
  });

  it('counts unrelated messages and measures the rest', () => {
    const { windows, unrelated } = measure([
      messageOf('a', 'not json'),
      messageOf('b', '{"rule":1790000000000}'),
      messageOf('c', JSON.stringify(recordOf(0))),
      { messageId: 'd' } as Message,
    ]);
    expect(unrelated).toEqual({ notJson: 2, noEnvelope: 1 });
    expect(windows).toMatchObject([{ arrivals: 1, unrelated: { notJson: 2, noEnvelope: 1 } }]);
  });

  it('counts wills by run, beside the messages', () => {
    const will = { run: 'r1', slice: 0, device: 7, rule: start + 3 };
    const head = Buffer.from(
      `{"stampede":{"run":"r2","slice":1,"device":3,"will":true},"x":"${'y'.repeat(400)}"}`,
    );
    const { windows, unrelated } = measure([
      messageOf('a', JSON.stringify(recordOf(0))),
      messageOf('b', JSON.stringify(will)),
      messageOf('c', JSON.stringify({ head: head.subarray(0, 300).toString('base64'), rule: start })),
      messageOf('d', JSON.stringify({ ...will, n: 'one' })),
    ]);
    expect(windows).toMatchObject([
      { runId: 'r1', arrivals: 1, wills: 1 },
      { runId: 'r2', arrivals: 0, wills: 1 },
    ]);
    expect(unrelated).toEqual({ notJson: 0, noEnvelope: 1 });
    // One record an invocation.
    expect(measureArrivals(will, start)).toMatchObject({ windows: [{ runId: 'r1', arrivals: 0, wills: 1 }] });
  });

  it('counts what the queue delivers again', () => {
    const received = (times: string, n: number) => ({
      ...messageOf(`id-${n}`, JSON.stringify(recordOf(n))),
      attributes: { SentTimestamp: String(start + 50), ApproximateReceiveCount: times },
    });
    const { windows } = measure([received('2', 0), received('1', 1), received('3', 2)]);
    expect(windows).toMatchObject([{ arrivals: 3, redelivered: 2 }]);
    expect(measure([received('1', 0)]).windows[0]).not.toHaveProperty('redelivered');
  });

  it('counts arrivals by whole second', () => {
    const at = [0, 999, 1000, 3500].map((ms, n) =>
      messageOf(`id-${n}`, JSON.stringify(recordOf(n)), start + ms),
    );
    expect(measure(at).windows[0]!.perSecond).toEqual({ startSecond: start / 1000, arrivals: [2, 1, 0, 1] });
  });

  it('keeps latencies by second of arrival', () => {
    const at = [0, 999, 1000].map((ms, n) =>
      messageOf(`id-${n}`, JSON.stringify(recordOf(n)), start + 5 + ms),
    );
    const { end_to_end_latency } = measure(at).windows[0]!.latencyPerSecond!;
    expect(Object.entries(end_to_end_latency)).toEqual([
      [String(start / 1000), [latencyBucketOf(5.5), 1]],
      [String(start / 1000 + 1), expect.anything()],
    ]);
  });

  it('takes the receive time where the stamp is missing or impossible', () => {
    const stamps = ['', '5', 'x'].map((SentTimestamp, n) => ({
      messageId: `id-${n}`,
      body: JSON.stringify(recordOf(n)),
      attributes: { SentTimestamp },
    }));
    const { end_to_end_latency } = measure(stamps).windows[0]!.latencies;
    expect(LatencyHistogram.decode(end_to_end_latency).summary()).toMatchObject({
      count: 3,
      min: 60.5,
      max: 60.5,
    });
  });

  it('names a batch by its messages, in whatever order they come again', () => {
    const messages = messagesOf(Array.from({ length: 20 }, (_, n) => recordOf(n)));
    const { window } = measure(messages).windows[0]!;
    fc.assert(
      fc.property(fc.shuffledSubarray(messages, { minLength: 20 }), (again) => {
        expect(measure(again).windows[0]!.window).toBe(window);
      }),
      randomCases(),
    );
    expect(measure(messages.slice(1)).windows[0]!.window).not.toBe(window);
  });

  it('gives different batches different names', () => {
    const names = new Set<string>();
    for (let i = 0; i < 500; i++) {
      const pair = [messageOf(`id-${i}`, JSON.stringify(recordOf(0))), messageOf('same', 'x')];
      names.add(measure(pair).windows[0]!.window);
    }
    expect(names.size).toBe(500);
  });

  it('takes one record directly from the rule, and the same one again as the same window', () => {
    const first = measureArrivals(recordOf(4), start + 70);
    const again = measureArrivals(recordOf(4), start + 900);
    const duplicate = measureArrivals(recordOf(4, { rule: start + 21 }), start + 71);
    expect(first.windows).toMatchObject([{ arrivals: 1, seen: { 0: [4, 1] } }]);
    expect(again.windows[0]!.window).toBe(first.windows[0]!.window);
    expect(duplicate.windows[0]!.window).not.toBe(first.windows[0]!.window);
  });

  it.each([[undefined], [null], ['text'], [{}], [{ rule: 1 }]])('survives %j as an event', (event) => {
    expect(measureArrivals(event, start)).toEqual({
      windows: [],
      unrelated: { notJson: 0, noEnvelope: 1 },
    });
  });
});
