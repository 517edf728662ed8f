import { describe, expect, it } from '@jest/globals';
import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { makeReceivedSoFar } from '../../../src/ui/received-so-far.ts';
import { planOf, windowOf } from '../../support/measure/run-fixture.ts';

const plan = planOf();

describe('what has been received so far', () => {
  it('counts each message once, whatever windows it came in, and reads each window once', async () => {
    const stored: [string, ArrivalWindow][] = [];
    const reads: string[] = [];
    const received = makeReceivedSoFar(
      {
        getPlan: async () => plan,
        async *arrivalWindows(_, known) {
          for (const [key, window] of stored) {
            if (known.has(key)) continue;
            known.add(key);
            reads.push(key);
            yield window;
          }
        },
      },
      plan.runId,
    );
    expect(await received()).toEqual({ received: 0, duplicates: 0 });
    stored.push([
      '1',
      windowOf(
        plan,
        [
          [0, 0],
          [0, 1],
          [1, 0],
        ],
        'a',
      ),
    ]);
    expect(await received()).toEqual({ received: 3, duplicates: 0 });
    stored.push([
      '2',
      windowOf(
        plan,
        [
          [0, 1],
          [0, 1],
          [0, 2],
        ],
        'b',
      ),
    ]);
    expect(await received()).toEqual({ received: 4, duplicates: 2 });
    expect(reads).toEqual(['1', '2']);
  });
});
