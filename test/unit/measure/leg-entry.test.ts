import { describe, expect, it } from '@jest/globals';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { countDevices, type LegPart } from '../../../src/measure/leg-entry.ts';
import { makeBurstTurns } from '../../../src/plan/device-turns.ts';
import { holdAll } from '../../../src/plan/held-messages.ts';

function partOf(devices: number, inBurst: number): LegPart {
  const turns = makeBurstTurns(devices, inBurst);
  const stream = { held: holdAll(1_000), planned: 1_000, dueBefore: () => 0, turns };
  return { devices, acknowledged: true, settleMs: 0, streams: [stream] };
}

function countOf(part: LegPart, from: number, end: number): number {
  const sent = new IntervalSet();
  for (let n = from; n < end; n++) sent.add(n);
  return countDevices([sent], part);
}

describe('the devices that sent some messages', () => {
  it.each([
    ['messages one by one', 1, 0, 7, 7],
    ['more messages than there are devices', 1, 3, 200, 10],
    ['bursts', 5, 0, 50, 10],
    ['a part of a round of bursts', 5, 3, 27, 6],
  ])('are counted of %s', (_, inBurst, from, end, devices) => {
    expect(countOf(partOf(10, inBurst), from, end)).toBe(devices);
  });
});
