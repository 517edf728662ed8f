import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TimeHeap } from '../../../src/shared/time-heap.ts';
import { randomCases } from '../../support/effort.ts';

it('gives items in the order of their instants, and of one instant in the order in which they were added', () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant('take')), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (given) => {
      const heap = new TimeHeap<number>();
      let plain: { atMs: number; item: number }[] = [];
      for (const [item, step] of given.entries()) {
        if (typeof step === 'number') {
          heap.add(step, item);
          // Sorting is stable.
          plain = [...plain, { atMs: step, item }].sort((a, b) => a.atMs - b.atMs);
        } else {
          const expected = plain.shift();
          if (expected === undefined) expect(heap.takeFirst()).toBeUndefined();
          else expect(heap.takeFirst()).toMatchObject(expected);
        }
        expect(heap.first?.item).toBe(plain[0]?.item);
      }
      heap.clear();
      expect(heap.first).toBeUndefined();
    }),
    randomCases(),
  );
});
