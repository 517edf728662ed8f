import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makeDeviceTurns } from '../../../src/plan/device-turns.ts';
import { randomCases } from '../../support/effort.ts';

describe('the turns of a slice’s devices', () => {
  it('agree with a list of who sent what', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 100 }), (devices, messages) => {
        const { deviceOf, messageOf, nextOf, countFrom } = makeDeviceTurns(devices);
        const sentBy = Array.from({ length: devices }, (): number[] => []);
        for (let n = 0; n < messages; n++) {
          const own = sentBy[deviceOf(n)]!;
          expect(messageOf(n)).toBe(own.length);
          own.push(n);
        }
        for (const own of sentBy) {
          for (const [i, n] of own.entries()) {
            expect(countFrom(n, messages)).toBe(own.length - i);
            if (i + 1 < own.length) expect(nextOf(n)).toBe(own[i + 1]);
          }
        }
        // In each round every device once.
        expect(new Set(sentBy.map((own) => own.length - Math.floor(messages / devices))).size).toBeLessThan(
          3,
        );
      }),
      randomCases(),
    );
  });
});
