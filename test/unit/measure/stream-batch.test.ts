import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import type { RuleRecord } from '../../../src/measure/envelope.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { compareSequenceNumbers, type StreamRecord } from '../../../src/measure/stream-batch.ts';
import { randomCases } from '../../support/effort.ts';

const start = 1_790_000_000_000;
const shard = 'shardId-000000000006';
const sequenceNumberOf = (number: number): string =>
  `4959033827149025660855969253836157109592157${number + 1e12}`;

function recordOf(n: number, more: Partial<RuleRecord> = {}, arrivedAt = start + 50): StreamRecord {
  const record = { run: 'r1', slice: 0, n, device: 0, at: start, sent: start + 2, rule: start + 20, ...more };
  return rawOf(n, JSON.stringify(record), arrivedAt);
}

function rawOf(number: number, text: string, arrivedAt = start + 50): StreamRecord {
  const sequenceNumber = sequenceNumberOf(number);
  return {
    eventID: `${shard}:${sequenceNumber}`,
    kinesis: {
      data: Buffer.from(text).toString('base64'),
      sequenceNumber,
      approximateArrivalTimestamp: arrivedAt / 1_000,
    },
  };
}

const measure = (records: readonly StreamRecord[]) => measureArrivals({ Records: records }, start + 60);

/** As the run store keeps them: under their names. */
function store(windows: Map<string, number>, records: readonly StreamRecord[]): void {
  for (const { runId, window, arrivals } of measure(records).windows) {
    windows.set(`${runId}/${window}`, arrivals);
  }
}

describe('a batch of a stream', () => {
  it('makes one window, arrivals stamped by the stream', () => {
    const { windows, unrelated } = measure([
      recordOf(0),
      recordOf(1),
      rawOf(2, 'hello'),
      rawOf(3, '{"rule":1}'),
    ]);
    expect(unrelated).toEqual({ notJson: 1, noEnvelope: 1 });
    expect(windows).toMatchObject([{ runId: 'r1', arrivals: 2, seen: { 0: [0, 2] } }]);
    const { end_to_end_latency } = windows[0]!.latencies;
    expect(Math.abs(LatencyHistogram.decode(end_to_end_latency).summary().max! - 50)).toBeLessThanOrEqual(
      0.5,
    );
  });

  it('says up to which record its shard was read, whatever that record is', () => {
    const { windows } = measure([recordOf(0), rawOf(1, 'hello')]);
    expect(windows[0]?.readUpTo).toEqual({ shard, sequenceNumber: sequenceNumberOf(1) });
  });

  it('takes the stamp for what it is: whole milliseconds, through a double of seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_600_000_000_000, max: 4_000_000_000_000 }), (epochMs) => {
        const { windows } = measureArrivals(
          { Records: [recordOf(0, { at: epochMs, sent: epochMs }, epochMs)] },
          epochMs,
        );
        const { transit } = windows[0]!.latencies;
        // Within the millisecond that the stamp was rounded down to.
        const { min, max } = LatencyHistogram.decode(transit).summary();
        expect(Math.max(Math.abs(min!), Math.abs(max!))).toBeLessThanOrEqual(0.5);
      }),
      randomCases(),
    );
  });

  it('that is read again, whole or in parts, replaces its windows: no arrival is counted twice', () => {
    const runs = fc.array(fc.constantFrom('r1', 'r2', 'hello'), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 29 }), (names, cut) => {
        const records = names.map((run, n) => (run === 'hello' ? rawOf(n, run) : recordOf(n, { run })));
        const windows = new Map<string, number>();
        store(windows, records);
        store(windows, records);
        store(windows, records.slice(0, cut));
        store(windows, records.slice(cut));
        const arrivals = [...windows].reduce((sum, [, count]) => sum + count, 0);
        const ofRuns = names.filter((run) => run !== 'hello').length;
        expect(arrivals).toBe(ofRuns);
      }),
      randomCases(),
    );
  });
});

it('sequence numbers are compared as the numbers they are', () => {
  const digits = fc.bigInt({ min: 0n, max: 2n ** 128n });
  fc.assert(
    fc.property(digits, digits, (a, b) => {
      expect(Math.sign(compareSequenceNumbers(String(a), String(b)))).toBe(Number(a > b) - Number(a < b));
    }),
    randomCases(),
  );
});
