import { describe, expect, it } from '@jest/globals';
import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { PartRecords } from '../../../src/measure/part-records.ts';
import { formatKindKey, groupOfKindKey } from '../../../src/measure/stream-key.ts';
import { planOf } from '../../support/measure/run-fixture.ts';

const kinds = { a: {}, b: {} };
const grouped = planOf({ groups: { one: { messages: kinds }, two: { messages: kinds }, three: {} } });
const flat = planOf({ messages: kinds });

/** @param messages the number of their group, and of their stream */
function windowOf(messages: readonly (readonly [group: number, stream: number])[]): ArrivalWindow {
  const at = 1_788_257_420_000;
  const Records = messages.map(([deviceGroup, stream], n) => ({
    messageId: String(n),
    body: JSON.stringify({
      run: grouped.runId,
      slice: 0,
      deviceGroup,
      stream,
      n,
      device: 0,
      at,
      sent: at + 2,
      rule: at + 5 + n,
    }),
    attributes: { SentTimestamp: String(at + 10 + n) },
  }));
  return measureArrivals({ Records }, at).windows[0]!;
}

describe('arrivals by kind of message', () => {
  it('are kept apart in a window by group and stream', () => {
    const { groups = {}, latencies } = windowOf([
      [1, 1],
      [1, 2],
      [2, 1],
      [1, 1],
      [3, 0],
    ]);
    const counts = Object.entries(groups).map(([key, { arrivals }]) => [key, arrivals]);
    expect(Object.fromEntries(counts)).toEqual({ '1.1': 2, '1.2': 1, '2.1': 1, 3: 1 });
    const merged = new LatencyHistogram();
    for (const group of Object.values(groups)) merged.mergeEncoded(group.latencies.transit);
    expect(merged.encode()).toEqual(latencies.transit);
    // Of two messages, 8 and 11 ms after they were sent.
    expect(LatencyHistogram.decode(groups['1.1']!.latencies.transit).summary()).toMatchObject({
      count: 2,
      min: 8.5,
      max: 11.5,
    });
  });

  it('have keys of a flat profile where its kinds have names, and none otherwise', () => {
    expect(
      Object.keys(
        windowOf([
          [0, 1],
          [0, 2],
        ]).groups ?? {},
      ),
    ).toEqual(['0.1', '0.2']);
    expect(windowOf([[0, 0]]).groups).toBeUndefined();
  });

  it('are a group’s with all its kinds, and each kind’s own', () => {
    const records = new PartRecords(grouped);
    records.addWindow(
      windowOf([
        [1, 1],
        [1, 2],
        [2, 2],
        [3, 0],
        [9, 9],
        [1, 77],
      ]),
    );
    expect([1, 2, 3].map((number) => records.group(number)?.arrivals)).toEqual([3, 1, 1]);
    const ofOne = records.kindsOf(1);
    expect([ofOne(1), ofOne(2), records.kindsOf(2)(2)].map(({ arrivals }) => arrivals)).toEqual([1, 1, 1]);
    expect(records.group(1)?.latencies.transit.count).toBe(3);
    expect(ofOne(1).latencies.rule_latency.count).toBe(1);
  });

  it('of a flat profile are those of its kinds alone', () => {
    const records = new PartRecords(flat);
    records.addWindow(
      windowOf([
        [0, 1],
        [0, 1],
        [0, 2],
      ]),
    );
    expect(records.group(0)).toBeUndefined();
    expect([1, 2].map((stream) => records.kindsOf(0)(stream).arrivals)).toEqual([2, 1]);
  });

  it('in windows of earlier versions are those of their group', () => {
    const records = new PartRecords(grouped);
    const { '1.1': seen } = windowOf([[1, 1]]).groups!;
    records.addWindow({ ...windowOf([[1, 1]]), groups: { 1: seen! } });
    expect(records.group(1)?.arrivals).toBe(1);
    expect(records.kindsOf(1)(1).arrivals).toBe(0);
  });
});

describe('the key of a kind', () => {
  it.each([
    [1, 0, '1'],
    [12, 3, '12.3'],
    [0, 20, '0.20'],
  ])('of group %i and stream %i is read back', (group, stream, key) => {
    expect(formatKindKey(group, stream)).toBe(key);
    expect(groupOfKindKey(key)).toBe(group);
  });

  it.each(['', 'x', '1.', '1.0', '01', '-1', '1.1.1'])('is not %p', (key) => {
    expect(groupOfKindKey(key)).toBeNaN();
  });
});
