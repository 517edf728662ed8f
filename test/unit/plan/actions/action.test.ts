import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatAnnouncement,
  maxActions,
  parseAnnouncement,
  storeNumbered,
} from '../../../../src/plan/actions/action.ts';
import { stopAction, stopOf } from '../../../../src/plan/actions/stop.ts';
import { randomCases } from '../../../support/effort.ts';

describe('parseAnnouncement', () => {
  it('reads what formatAnnouncement writes', () => {
    const setting = fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean());
    const announcement = fc.record(
      {
        k: fc.nat(),
        at: fc.integer(),
        group: fc.string(),
        action: fc.record({ kind: fc.string(), factor: setting }),
      },
      { requiredKeys: ['at', 'action'] },
    );
    fc.assert(
      fc.property(announcement, (each) => {
        // JSON has no −0.
        const wanted = JSON.parse(JSON.stringify(each));
        expect(parseAnnouncement(formatAnnouncement(each), 7)).toEqual(wanted);
      }),
      randomCases(),
    );
  });

  it('reads a stop that was written by hand, at the instant of its receipt', () => {
    const stop = parseAnnouncement('{"command":"stop"}', 7);
    expect(stopOf(stop!)).toEqual({ command: 'stop', reason: 'stopped by a control message', at: 7 });
    const full = parseAnnouncement('{"command":"stop","reason":"enough","at":5,"by":"run"}', 7);
    expect(stopOf(full!)).toEqual({ command: 'stop', reason: 'enough', at: 5, by: 'run' });
  });

  it.each([
    'hello',
    '7',
    'null',
    '[]',
    '{}',
    '{"at":1}',
    '{"at":1,"action":{}}',
    '{"at":"1","action":{"kind":"stop"}}',
  ])('takes %s for no action', (text) => {
    expect(parseAnnouncement(text, 7)).toBeUndefined();
  });
});

describe('a stop', () => {
  it('is stored with its threshold', () => {
    const threshold = { metric: 'connect', expression: 'p(99)<5', actual: 8 };
    const stop = { reason: 'too slow', by: 'run', threshold } as const;
    expect(stopOf({ at: 5, action: stopAction(stop) })).toEqual({ command: 'stop', at: 5, ...stop });
    expect(stopOf({ at: 5, action: { kind: 'rate', reason: 'too slow' } })).toBeUndefined();
  });
});

describe('storeNumbered', () => {
  it('gives every one of many writers a number of its own, without a gap', async () => {
    const taken = new Set<number>();
    const put = async (k: number): Promise<boolean> => {
      if (taken.has(k)) return false;
      taken.add(k);
      return true;
    };
    const numbers = await Promise.all(Array.from({ length: 20 }, () => storeNumbered(0, put)));
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, k) => k));
  });

  it('ends at the most that a run has', async () => {
    await expect(storeNumbered(maxActions - 2, async () => false)).rejects.toThrow(RangeError);
  });
});
