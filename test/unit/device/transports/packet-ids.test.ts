import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PacketIds, unknownId } from '../../../../src/device/transports/dense/packet-ids.ts';
import { randomCases } from '../../../support/effort.ts';

describe('packet identifiers', () => {
  it('find what they were taken with, never two for one, as a plain map would', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const), value: fc.nat() }) },
        { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat() }) },
        {
          weight: 1,
          arbitrary: fc.record({ do: fc.constant('set' as const), which: fc.nat(), value: fc.nat() }),
        },
        { weight: 1, arbitrary: fc.record({ do: fc.constant('releaseBelow' as const), least: fc.nat() }) },
      ),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const ids = new PacketIds();
        const plain = new Map<number, number>();
        const taken: number[] = [];
        for (const step of list) {
          if (step.do === 'take') {
            const id = ids.take(step.value);
            expect(plain.has(id)).toBe(false);
            expect(id).toBeGreaterThan(taken.at(-1) ?? 0);
            plain.set(id, step.value);
            taken.push(id);
          } else if (step.do === 'releaseBelow') {
            ids.releaseBelow(step.least);
            for (const [id, value] of plain) if (value < step.least) plain.delete(id);
          } else if (step.do === 'set') {
            const id = [...plain.keys()][step.which % Math.max(1, plain.size)];
            if (id === undefined) continue;
            ids.setValue(id, step.value);
            plain.set(id, step.value);
          } else {
            // Often one that was answered before: a PUBACK that comes twice.
            const id = taken[step.which % Math.max(1, taken.length)] ?? 9;
            expect(ids.release(id)).toBe(plain.get(id) ?? unknownId);
            plain.delete(id);
          }
          for (const id of taken) expect(ids.valueOf(id)).toBe(plain.get(id) ?? unknownId);
        }
      }),
      randomCases(),
    );
  });

  it('are 1 … 65,535, and begin again at 1 without those still in use', () => {
    const ids = new PacketIds();
    const kept: number[] = [];
    for (let i = 0; i < 65_000; i++) {
      const id = ids.take(i);
      if (i % 1_000 === 0) kept.push(id);
      else ids.release(id);
    }
    expect(kept.length).toBe(65);
    expect(kept[0]).toBe(1);
    const later = Array.from({ length: 65_000 }, () => {
      const id = ids.take(0);
      ids.release(id);
      return id;
    });
    for (const id of kept) expect(later).not.toContain(id);
    expect(Math.max(...later)).toBe(65_535);
    // 1 is in use, and identifiers that share their place in the table with one in use are passed over.
    expect(Math.min(...later)).toBeLessThan(2 * kept.length);
    for (const [i, id] of kept.entries()) expect(ids.release(id)).toBe(i * 1_000);
  });

  it('run out when all are in use, and are there again once one is answered', () => {
    const ids = new PacketIds();
    const all = Array.from({ length: 65_535 }, (_, i) => ids.take(i));
    expect(new Set(all).size).toBe(65_535);
    expect([Math.min(...all), Math.max(...all)]).toEqual([1, 65_535]);
    expect(ids.take(7)).toBe(0);
    const takenWith = new Map(all.map((id, i) => [id, i]));
    expect(ids.release(40_000)).toBe(takenWith.get(40_000));
    expect(ids.take(8)).toBe(40_000);
    expect(ids.release(0)).toBe(unknownId);
  });
});
