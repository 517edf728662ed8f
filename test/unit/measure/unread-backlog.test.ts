import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import { MessageSets } from '../../../src/measure/message-sets.ts';
import { emptyBacklog, unknownBacklog } from '../../../src/measure/unread-backlog.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { randomCases } from '../../support/effort.ts';
import { planOf, resultOf, windowOf } from '../../support/measure/run-fixture.ts';

const plan = planOf();
const sent = plan.load.messages;
type Message = readonly [slice: number, n: number];
const everyMessage: Message[] = Array.from({ length: plan.slices.count }, (_, slice) =>
  Array.from({ length: sliceOf(plan, slice).messages }, (_, n): Message => [slice, n]),
).flat();

function ledgerOf(received: readonly Message[], died: readonly number[] = []) {
  const ledger = makeLedger(plan);
  for (let slice = 0; slice < plan.slices.count; slice++) {
    if (!died.includes(slice)) ledger.addSlice(resultOf(plan, slice));
  }
  if (received.length > 0) ledger.addWindow(windowOf(plan, received));
  return ledger;
}

function lettersOf(reason: string, list: readonly Message[]) {
  const messages = new MessageSets();
  for (const [slice, n] of list) messages.add({ slice, stream: 0 }, n);
  return { reason, messages };
}

describe('a ledger with a backlog', () => {
  it('puts each message in one column, whatever the queues hold', () => {
    const where = fc.array(fc.constantFrom('received', 'dead', 'both', 'error', 'missing'), {
      minLength: sent,
      maxLength: sent,
    });
    const property = fc.property(where, fc.nat(2 * sent), fc.nat(2 * sent), (places, unread, unseen) => {
      const at = (...names: string[]) => everyMessage.filter((_, i) => names.includes(places[i]!));
      const ledger = ledgerOf(at('received', 'both'));
      const deadLetters = [lettersOf('dead', at('dead', 'both')), lettersOf('error', at('error', 'dead'))];
      const closed = ledger.close({ unread, deadLetters, unseen, unseenBecause: ['why'] });
      const missing = at('missing').length;
      const notRead = Math.min(missing, unread);
      const unaccounted = Math.min(missing - notRead, unseen);
      expect(closed.messages).toMatchObject({
        sent,
        received: at('received', 'both').length,
        deadLettered: at('dead', 'error').length,
        notRead,
        unaccounted,
        lost: missing - notRead - unaccounted,
      });
      expect(closed.deadLetteredBy.dead ?? 0).toBe(at('dead').length);
      expect(checkLedger(closed)).toEqual([]);
    });
    fc.assert(property, randomCases(30));
  });

  it('reports no loss when no queue could be read', () => {
    const ledger = ledgerOf(everyMessage.slice(5));
    expect(ledger.close(emptyBacklog).messages).toMatchObject({ lost: 5, unaccounted: 0 });
    const closed = ledger.close(unknownBacklog('the queue has ended'));
    expect(closed.messages).toMatchObject({ lost: 0, unaccounted: 5 });
    expect(closed.unaccountedBecause).toEqual(['the queue has ended']);
    expect(checkLedger(closed)).toEqual([]);
  });

  it('takes a dead-lettered message of a slice that died for sent', () => {
    const letters = lettersOf('dead', [
      [0, 1],
      [0, 2],
    ]);
    const closed = ledgerOf(
      everyMessage.filter(([slice]) => slice > 0),
      [0],
    ).close({
      ...emptyBacklog,
      deadLetters: [letters],
    });
    expect(closed.messages).toMatchObject({
      deadLettered: 2,
      lost: 0,
      sent: sent - sliceOf(plan, 0).messages + 2,
    });
    expect(checkLedger(closed)).toEqual([]);
  });

  it('inconsistencies a dead letter that no slice has sent', () => {
    const closed = ledgerOf(everyMessage).close({
      ...emptyBacklog,
      deadLetters: [lettersOf('dead', [[0, 1_000_000]])],
    });
    expect(closed.observers.rule!.unsent).toBe(1);
    expect(checkLedger(closed)).not.toEqual([]);
  });
});
