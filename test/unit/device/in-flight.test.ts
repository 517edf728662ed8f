import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InFlight } from '../../../src/device/in-flight.ts';

describe('publishes on the way', () => {
  it('are found and timed out as a plain map in order of sending would do it', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 5, arbitrary: fc.record({ do: fc.constant('send' as const), ahead: fc.nat(60) }) },
        { weight: 3, arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat() }) },
        { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const), share: fc.nat(10) }) },
      ),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const inFlight = new InFlight(4);
        const plain = new Map<number, number>();
        const sent = new Set<number>();
        let now = 0;
        for (const step of list) {
          now++;
          if (step.do === 'send') {
            // Mostly in order, some late: as they come out of a backlog.
            let n = Math.max(0, sent.size - 30) + step.ahead;
            while (sent.has(n)) n++;
            sent.add(n);
            plain.set(n, now);
            inFlight.add(n, now);
          } else if (step.do === 'answer') {
            const n = [...sent][step.which % Math.max(1, sent.size)] ?? 7;
            expect(inFlight.take(n)).toBe(plain.get(n) ?? Number.NaN);
            plain.delete(n);
          } else {
            const before = now - step.share * 5;
            for (const [n, at] of [...plain]) {
              if (at > before) break;
              expect(inFlight.takeExpired(before)).toBe(n);
              plain.delete(n);
            }
            expect(inFlight.takeExpired(before)).toBe(-1);
          }
          expect(inFlight.size).toBe(plain.size);
        }
      }),
    );
  });

  it('has nothing below 0, where an answer to what was never sent may come to', () => {
    const inFlight = new InFlight();
    for (const n of [-1, -1_024, -1_025]) expect(inFlight.take(n)).toBeNaN();
    expect(inFlight.size).toBe(0);
  });
});
