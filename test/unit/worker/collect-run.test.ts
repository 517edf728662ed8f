import { describe, expect, it } from '@jest/globals';
import type { ArrivalsBacklog, ArrivalsSource, ReadDeadLetters } from '../../../src/aws/arrivals-backlog.ts';
import { makeQueueBacklog } from '../../../src/aws/queue-backlog.ts';
import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { MessageSets } from '../../../src/measure/message-sets.ts';
import { unknownBacklog } from '../../../src/measure/unread-backlog.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { collectRecord, collectRun } from '../../../src/worker/collect-run.ts';
import { planOf, resultOf, windowOf } from '../../support/measure/run-fixture.ts';

const plan = planOf();
const minute = 60_000;
type Message = [slice: number, n: number];
const everyMessage: Message[] = Array.from({ length: plan.slices.count }, (_, slice) =>
  Array.from({ length: sliceOf(plan, slice).messages }, (_, n): Message => [slice, n]),
).flat();
const sent = everyMessage.length;

/** Messages that measure-latency finishes with at an instant, in one window; undefined: never. */
interface Batch {
  readonly messages: readonly Message[];
  readonly readAtMs?: number;
}

interface Setup {
  readonly batches: readonly Batch[];
  /** Sent, and in no queue. */
  readonly longestPauseMs?: number;
  /** Of other runs, and never read. */
  readonly leftovers?: number;
  readonly source?: 'none' | Error | ArrivalsSource;
  readonly deadLetters?: (nowMs: number) => ReadDeadLetters | Error;
  readonly waitAtMostMs?: number;
}

const isSource = (source: Setup['source']): source is ArrivalsSource =>
  typeof source === 'object' && 'unread' in source;

/** A run whose subscriber goes on as the batches say, in virtual time. @returns also how long it was waited for */
async function collect(setup: Setup) {
  let now = 0;
  const isRead = ({ readAtMs = Number.POSITIVE_INFINITY }: Batch) => readAtMs <= now;
  const windows = setup.batches.map((batch, i) => ({
    batch,
    key: String(i),
    window: windowOf(plan, batch.messages, `batch-${i}`),
  }));
  const store = {
    async *sliceResults() {
      for (let slice = 0; slice < plan.slices.count; slice++) yield resultOf(plan, slice);
    },
    async *sliceDeaths() {},
    async *actions() {},
    async *subscribers() {},
    async *arrivalWindows(_runId: string, known: Set<string>): AsyncGenerator<ArrivalWindow> {
      for (const { batch, key, window } of windows) {
        if (known.has(key) || !isRead(batch)) continue;
        known.add(key);
        yield window;
      }
    },
  };
  const backlog: ArrivalsBacklog = {
    ...(setup.source === 'none'
      ? {}
      : isSource(setup.source)
        ? { source: setup.source }
        : {
            source: {
              name: 'arrivals queue',
              async unread() {
                if (setup.source instanceof Error) throw setup.source;
                const waiting = setup.batches.filter((batch) => !isRead(batch));
                const count = waiting.reduce((sum, { messages }) => sum + messages.length, 0);
                return {
                  count: count + (setup.leftovers ?? 0),
                  longestPauseMs: setup.longestPauseMs ?? 55_000,
                };
              },
            },
          }),
    deadLetterQueues: [
      {
        name: 'dead-letter queue',
        async read() {
          const read = setup.deadLetters?.(now) ?? { deadLetters: [], left: 0 };
          if (read instanceof Error) throw read;
          return read;
        },
      },
    ],
  };
  const { ledger } = await collectRun(store, plan, {
    backlog,
    waitAtMostMs: setup.waitAtMostMs ?? 9 * minute,
    clock: {
      now: () => now,
      async sleep(ms) {
        now += ms;
      },
    },
  });
  return { ledger, messages: ledger.messages, waitedMs: now, store };
}

const first = (count: number) => everyMessage.slice(0, count);
const rest = (from: number) => everyMessage.slice(from);
const denied = Object.assign(new Error('User is not authorized'), { name: 'AccessDenied' });

function letters(messages: readonly Message[]): ReadDeadLetters {
  const sets = new MessageSets();
  for (const [slice, n] of messages) sets.add({ slice, stream: 0 }, n);
  return { deadLetters: [{ reason: 'given up', messages: sets }], left: 0 };
}

describe('collectRun', () => {
  it('waits for nothing once nothing is missing', async () => {
    const { messages, waitedMs } = await collect({ batches: [{ messages: everyMessage, readAtMs: 0 }] });
    expect(messages).toMatchObject({ received: sent, lost: 0, notRead: 0 });
    expect(waitedMs).toBe(0);
  });

  it('waits for a quiet queue that Lambda holds back for 20 s', async () => {
    const { messages, waitedMs } = await collect({
      batches: [
        { messages: first(50), readAtMs: 0 },
        { messages: rest(50), readAtMs: 20_000 },
      ],
    });
    expect(messages).toMatchObject({ received: sent, lost: 0, notRead: 0 });
    expect(waitedMs).toBe(20_000);
  });

  it('goes on waiting for as long as the queue is being read, however slowly', async () => {
    const batches = everyMessage.map((message, i) => ({ messages: [message], readAtMs: i * 1_000 }));
    const { messages, waitedMs } = await collect({ batches, longestPauseMs: 2_000 });
    expect(messages).toMatchObject({ received: sent, lost: 0 });
    expect(waitedMs).toBe((sent - 1) * 1_000);
  });

  it('calls what nothing reads not read yet, and lost only what no queue holds', async () => {
    const { messages, waitedMs } = await collect({
      batches: [{ messages: first(50), readAtMs: 0 }, { messages: rest(57) }],
    });
    expect(messages).toMatchObject({ received: 50, notRead: sent - 57, lost: 7 });
    expect(waitedMs).toBe(55_000);
  });

  it('ends in time for its report, and says what is left', async () => {
    const batches = everyMessage.map((message, i) => ({ messages: [message], readAtMs: i * 1_000 }));
    const { messages, waitedMs } = await collect({ batches, waitAtMostMs: 30_000 });
    expect(messages).toMatchObject({ received: 31, notRead: sent - 31, lost: 0 });
    expect(waitedMs).toBe(30_000);
  });

  it('takes no more for not read than are missing: a queue holds other runs’ messages too', async () => {
    const { messages } = await collect({
      batches: [{ messages: rest(3), readAtMs: 0 }],
      leftovers: 1_000,
    });
    expect(messages).toMatchObject({ received: sent - 3, notRead: 3, lost: 0 });
  });

  it('finds dead-lettered messages to the message, and loses what is nowhere', async () => {
    const { messages, ledger, waitedMs } = await collect({
      batches: [{ messages: rest(10), readAtMs: 0 }],
      deadLetters: () => letters(first(8)),
    });
    expect(messages).toMatchObject({ received: sent - 10, deadLettered: 8, notRead: 0, lost: 2 });
    expect(ledger.deadLetteredBy).toEqual({ 'given up': 8 });
    expect(waitedMs).toBe(5_000);
  });

  it('waits until no event of a direct subscriber can still wait in Lambda’s own queue', async () => {
    const { source } = makeQueueBacklog({
      deadLetters: 'https://sqs/dead',
      ruleErrors: 'https://sqs/errors',
    });
    // Three events failed at once, two could not be started for 60 s; two never came to Lambda.
    const { messages, waitedMs } = await collect({
      batches: [{ messages: rest(7), readAtMs: 2_000 }],
      source: source!,
      deadLetters: (nowMs) => letters(first(nowMs >= 62_000 ? 5 : 3)),
    });
    expect(messages).toMatchObject({ received: sent - 7, deadLettered: 5, notRead: 0, lost: 2 });
    expect(waitedMs).toBe(67_000);
  });

  it('calls nothing lost while a queue cannot be read', async () => {
    const batches = [{ messages: rest(10), readAtMs: 0 }];
    const unread = await collect({ batches, source: denied });
    expect(unread.messages).toMatchObject({ received: sent - 10, unaccounted: 10, lost: 0 });
    expect(unread.ledger.unaccountedBecause).toEqual(['the arrivals queue could not be read (AccessDenied)']);
    const noLetters = await collect({ batches, deadLetters: () => denied });
    expect(noLetters.messages).toMatchObject({ unaccounted: 10, lost: 0 });
    const someLetters = await collect({ batches, deadLetters: () => ({ ...letters(first(2)), left: 3 }) });
    expect(someLetters.messages).toMatchObject({ deadLettered: 2, unaccounted: 3, lost: 5 });
    expect(someLetters.ledger.unaccountedBecause).toEqual([
      '3 messages in the dead-letter queue could not be read in time',
    ]);
  });

  it('loses what a rule without a queue did not deliver', async () => {
    const { messages, waitedMs } = await collect({
      batches: [{ messages: rest(4), readAtMs: 0 }],
      source: 'none',
    });
    expect(messages).toMatchObject({ lost: 4, notRead: 0 });
    expect(waitedMs).toBe(5_000);
  });
});

describe('collectRecord', () => {
  it('reports no loss: the queues are not read', async () => {
    const { store } = await collect({ batches: [{ messages: rest(4), readAtMs: 0 }] });
    const { messages, unaccountedBecause } = await collectRecord(
      store,
      plan,
      unknownBacklog('the service has ended'),
    );
    expect(messages).toMatchObject({ received: sent - 4, unaccounted: 4, lost: 0 });
    expect(unaccountedBecause).toEqual(['the service has ended']);
  });
});
