import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CorruptMeasurementError } from '../../../src/measure/corrupt-measurement.ts';
import { OccurrenceSets } from '../../../src/measure/occurrence-sets.ts';
import { randomCases } from '../../support/effort.ts';

const setsOf = (devices: readonly number[]): OccurrenceSets => {
  const sets = new OccurrenceSets();
  for (const device of devices) sets.add(device);
  return sets;
};

describe('how often something happened at each device', () => {
  it('is one interval where it happened once at each', () => {
    expect(setsOf([0, 1, 2, 3]).encode()).toEqual([[0, 4]]);
    expect(setsOf([0, 1, 1, 1]).encode()).toEqual([
      [0, 2],
      [1, 1],
      [1, 1],
    ]);
  });

  it('is compared device by device, as counting one by one does', () => {
    const lists = fc.array(fc.nat(20), { maxLength: 60 });
    fc.assert(
      fc.property(lists, lists, fc.nat(20), fc.nat(20), (ours, theirs, first, length) => {
        const range = { first, end: first + length };
        const countIn = (list: readonly number[], device: number) =>
          list.filter((each) => each === device).length;
        let within = 0;
        let without = 0;
        for (let device = range.first; device < range.end; device++) {
          within += countIn(ours, device);
          without += Math.max(0, countIn(ours, device) - countIn(theirs, device));
        }
        const stored = new OccurrenceSets();
        stored.addEncoded(setsOf(ours).encode(), 21);
        expect(stored.count).toBe(ours.length);
        expect(stored.countWithin(range)).toBe(within);
        expect(stored.countWithout(setsOf(theirs), range)).toBe(without);
      }),
      randomCases(),
    );
  });

  it('is refused where it is of more devices than the run has', () => {
    expect(() => new OccurrenceSets().addEncoded([[0, 5]], 4)).toThrow(CorruptMeasurementError);
  });
});
