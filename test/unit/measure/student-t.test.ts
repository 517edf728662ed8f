import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { studentQuantile, studentTail } from '../../../src/measure/student-t.ts';

// NIST/SEMATECH e-Handbook, 1.3.6.7.2: critical values of Student's t.
it.each([
  [1, 0.05, 6.314],
  [1, 0.001, 318.313],
  [2, 0.025, 4.303],
  [4, 0.005, 4.604],
  [8, 0.001, 4.501],
  [20, 0.01, 2.528],
  [100, 0.001, 3.174],
  [Number.POSITIVE_INFINITY, 0.025, 1.96],
  [Number.POSITIVE_INFINITY, 0.001, 3.0902],
])('with %d degrees of freedom exceeds its critical value with probability %d', (degrees, tail, t) => {
  expect(studentQuantile(tail, degrees)).toBeCloseTo(t, degrees === 1 ? 2 : 3);
});

// ν = 1 is Cauchy's distribution, and ν = 2 has a closed form as well. A t near 0 is lost in 1 + t²: to the root of the machine's precision.
it('agrees with the closed forms', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e4, noNaN: true }), (t) => {
      expect(studentTail(t, 1)).toBeCloseTo(0.5 - Math.atan(t) / Math.PI, 7);
      expect(studentTail(t, 2)).toBeCloseTo(0.5 - t / (2 * Math.sqrt(2 + t * t)), 7);
    }),
  );
});

it('is the inverse of its tail, also for few degrees of freedom that are no whole number', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-5, max: 0.5, noNaN: true }),
      fc.double({ min: 0.8, max: 400, noNaN: true }),
      (tail, degrees) => {
        expect(studentTail(studentQuantile(tail, degrees), degrees) / tail).toBeCloseTo(1, 6);
      },
    ),
  );
});
