import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CorruptMeasurementError } from '../../../src/measure/corrupt-measurement.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { randomCases } from '../../support/effort.ts';

/** Numbers that crowd around word and page borders, and a few far away. */
const numbers = fc.array(
  fc.oneof(
    fc.nat(70),
    fc.integer({ min: 2000, max: 2100 }),
    fc.integer({ min: 4090, max: 4100 }),
    fc.nat(Number.MAX_SAFE_INTEGER - 1),
  ),
  { maxLength: 200 },
);
const ranges = fc.array(fc.tuple(fc.nat(6000), fc.integer({ min: 1, max: 5000 })), { maxLength: 8 });

function setOf(values: Iterable<number>): IntervalSet {
  const set = new IntervalSet();
  for (const n of values) set.add(n);
  return set;
}

function valuesOf(set: IntervalSet): number[] {
  const values: number[] = [];
  set.forEachInterval((start, length) => {
    for (let n = start; n < start + length; n++) values.push(n);
  });
  return values;
}

const ascending = (values: Iterable<number>) => [...new Set(values)].sort((a, b) => a - b);

describe('IntervalSet', () => {
  it('holds long ranges in little memory, and goes on as a set', () => {
    const set = new IntervalSet();
    set.add(5_000);
    set.addRange(0, 10_000_000);
    expect(set.count).toBe(10_000_000);
    expect(set.end).toBe(10_000_000);
    expect(set.add(7_777_777)).toBe(false);
    expect(set.add(10_000_000)).toBe(true);
    set.addRange(9_000_000, 2_000_000);
    expect(set.encode()).toEqual([0, 11_000_000]);
    const other = new IntervalSet();
    other.addRange(4_096, 2_048);
    expect(set.without(other).encode()).toEqual([0, 4_096, 2_048, 11_000_000 - 6_144]);
    // The page that all sets share is not changed by any of them.
    expect(other.encode()).toEqual([4_096, 2_048]);
  });

  it('holds what was added, each number once, in any order', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const set = setOf(values);
        expect(valuesOf(set)).toEqual(ascending(values));
        expect(set.count).toBe(new Set(values).size);
        for (const n of values) expect(set.has(n)).toBe(true);
      }),
      randomCases(),
    );
  });

  it('distinguishes a new number from a duplicate', () => {
    const set = new IntervalSet();
    expect([set.add(31), set.add(32), set.add(31)]).toEqual([true, true, false]);
    expect(set.has(30)).toBe(false);
  });

  it('adds ranges as if number by number', () => {
    fc.assert(
      fc.property(ranges, (list) => {
        const set = new IntervalSet();
        const naive = new Set<number>();
        for (const [start, length] of list) {
          set.addRange(start, length);
          for (let n = start; n < start + length; n++) naive.add(n);
        }
        expect(set.count).toBe(naive.size);
        expect(valuesOf(set)).toEqual(ascending(naive));
      }),
      randomCases(),
    );
  });

  it('encodes as alternating lengths and decodes to the same set', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const set = setOf(values);
        const encoded = JSON.parse(JSON.stringify(set.encode()));
        expect(valuesOf(IntervalSet.decode(encoded))).toEqual(valuesOf(set));
      }),
      randomCases(),
    );
    expect(setOf([0, 1, 2, 5, 9, 8]).encode()).toEqual([0, 3, 2, 1, 2, 2]);
    expect(new IntervalSet().encode()).toEqual([]);
  });

  it('makes one interval of a gap-free slice, however long', () => {
    const set = new IntervalSet();
    for (let n = 0; n < 10_000; n++) set.add(n);
    expect(set.encode()).toEqual([0, 10_000]);
  });

  it('unites in any order and grouping', () => {
    fc.assert(
      fc.property(numbers, numbers, numbers, (a, b, c) => {
        const ab = setOf(a);
        ab.addAll(setOf(b));
        ab.addAll(setOf(c));
        const cb = setOf(c);
        cb.addEncoded(setOf(b).encode());
        const acb = setOf(a);
        acb.addAll(cb);
        expect(ab.encode()).toEqual(acb.encode());
        expect(ab.count).toBe(new Set([...a, ...b, ...c]).size);
      }),
      randomCases(),
    );
  });

  it('subtracts to the number', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const left = setOf(a).without(setOf(b));
        const gone = new Set(b);
        expect(valuesOf(left)).toEqual(ascending(a.filter((n) => !gone.has(n))));
        expect(left.count).toBe(valuesOf(left).length);
      }),
      randomCases(),
    );
  });

  it.each([[[1]], [[0, 0]], [[-1, 3]], [[0, 1.5]], [[Number.MAX_SAFE_INTEGER, 1]]])(
    'refuses %j',
    (encoded) => {
      expect(() => IntervalSet.decode(encoded)).toThrow(CorruptMeasurementError);
    },
  );

  it('refuses a negative number', () => {
    expect(() => new IntervalSet().add(-1)).toThrow(RangeError);
  });
});
