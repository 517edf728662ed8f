import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makeBurstTurns } from '../../../src/plan/device-turns.ts';
import { randomCases } from '../../support/effort.ts';

describe('the turns of a slice’s devices', () => {
  it('agree with a list of who sent what', () => {
    fc.assert(
      fc.property(upTo(12), upTo(5), fc.integer({ min: 0, max: 100 }), (devices, count, messages) => {
        const { deviceOf, messageOf, nextOf, countFrom, countOf, numberOf } = makeBurstTurns(devices, count);
        const isChosen = (device: number) => device % 3 === 1;
        const chosenBefore = (i: number) => Math.floor((i + 1) / 3);
        let chosen = 0;
        const sentBy = Array.from({ length: devices }, (): number[] => []);
        for (let n = 0; n < messages; n++) {
          const own = sentBy[deviceOf(n)]!;
          expect(messageOf(n)).toBe(own.length);
          expect(numberOf(deviceOf(n), own.length)).toBe(n);
          expect(countOf(n, chosenBefore)).toBe(chosen);
          if (isChosen(deviceOf(n))) chosen++;
          own.push(n);
        }
        for (const own of sentBy) {
          for (const [i, n] of own.entries()) {
            expect(countFrom(n, messages)).toBe(own.length - i);
            if (i + 1 < own.length) expect(nextOf(n)).toBe(own[i + 1]);
            else expect(nextOf(n)).toBeGreaterThanOrEqual(messages);
          }
        }
        // In each round every device has its turn once.
        for (const own of sentBy) {
          const rounds = Math.floor(messages / (devices * count));
          expect(own.length).toBeGreaterThanOrEqual(rounds * count);
          expect(own.length).toBeLessThanOrEqual((rounds + 1) * count);
        }
      }),
      randomCases(),
    );
  });
});

function upTo(max: number): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max });
}
