import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InFlight, type InFlightMessage } from '../../../src/device/in-flight.ts';
import { randomCases } from '../../support/effort.ts';

const devices = 5;

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('send' as const),
        device: fc.nat(devices - 1),
        stream: fc.nat(3),
        n: fc.nat(),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('accept' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const), share: fc.nat(10) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('disconnect' as const), device: fc.nat(devices - 1) }),
    },
  ),
  { maxLength: 300 },
);

describe('messages in flight', () => {
  it('are found, timed out and given up as a plain map in order of sending would do it', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const inFlight = new InFlight(devices, 4);
        const plain = new Map<number, InFlightMessage>();
        const tokens: number[] = [];
        let sentMs = 0;
        const takeBoth = (take: () => InFlightMessage | undefined, token: number | undefined) => {
          const expected = token === undefined ? undefined : plain.get(token);
          expect(take()).toEqual(expected);
          if (token !== undefined) plain.delete(token);
        };
        for (const step of list) {
          sentMs++;
          if (step.do === 'send') {
            const { device, stream, n } = step;
            const token = inFlight.nextToken;
            expect(token).toBeGreaterThan(tokens.at(-1) ?? -1);
            tokens.push(token);
            inFlight.add({ device, stream, n }, sentMs);
            plain.set(token, { token, device, stream, n, sentMs, isAccepted: false });
          } else if (step.do === 'answer') {
            // Often one that is answered already.
            const token = tokens[step.which % Math.max(1, tokens.length)] ?? 7;
            takeBoth(() => inFlight.take(token), token);
          } else if (step.do === 'accept') {
            const token = tokens[step.which % Math.max(1, tokens.length)] ?? 7;
            inFlight.accept(token);
            const accepted = plain.get(token);
            if (accepted !== undefined) plain.set(token, { ...accepted, isAccepted: true });
          } else if (step.do === 'expire') {
            const beforeMs = sentMs - step.share * 5;
            const late = [...plain].filter(([, message]) => message.sentMs <= beforeMs);
            for (const [token] of late) takeBoth(() => inFlight.takeExpired(beforeMs), token);
            takeBoth(() => inFlight.takeExpired(beforeMs), undefined);
          } else {
            const own = [...plain].filter(([, { device }]) => device === step.device).reverse();
            for (const [token] of own) takeBoth(() => inFlight.takeOf(step.device), token);
            takeBoth(() => inFlight.takeOf(step.device), undefined);
          }
          expect(inFlight.size).toBe(plain.size);
        }
      }),
      randomCases(),
    );
  });

  it('pass over the place of a message that stays, instead of making room for all that come after it', () => {
    const inFlight = new InFlight(1, 8);
    inFlight.add({ device: 0, stream: 0, n: 0 }, 1);
    const tokens = Array.from({ length: 9 }, (_, n) => {
      const token = inFlight.nextToken;
      inFlight.add({ device: 0, stream: 0, n }, 2);
      inFlight.take(token);
      return token;
    });
    expect(tokens).toEqual([1, 2, 3, 4, 5, 6, 7, 9, 10]);
    expect(inFlight.takeExpired(1)).toMatchObject({ sentMs: 1 });
    expect(inFlight.size).toBe(0);
  });

  it('are none for a token below 0 or above all that were given', () => {
    const inFlight = new InFlight(1);
    inFlight.add({ device: 0, stream: 0, n: 0 }, 1);
    for (const token of [-1, -1_024, -1_025, 1, 1_024, 2 ** 31 - 1]) {
      expect(inFlight.take(token)).toBeUndefined();
    }
    expect(inFlight.size).toBe(1);
  });
});
