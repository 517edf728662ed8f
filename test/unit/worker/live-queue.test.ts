import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { InfluxWriter, PostOutcome } from '../../../src/aws/influx-writer.ts';
import { linesPerPost, openLiveQueue } from '../../../src/worker/live-queue.ts';
import { VirtualClock } from '../../support/device/virtual-clock.ts';
import { randomCases } from '../../support/effort.ts';

interface Setup {
  readonly clock: VirtualClock;
  /** What InfluxDB has; a line is in it once however often it was posted. */
  readonly taken: Set<string>;
  readonly written: string[];
  refused: number;
  posts: number;
  readonly largestPost: () => number;
}

interface Faults {
  /** What comes of a post at an instant, and after how long; undefined: it is never answered. */
  post(nowMs: number): { readonly outcome: PostOutcome; readonly afterMs: number } | undefined;
}

function openQueue(faults: Faults) {
  const clock = new VirtualClock(0);
  let largest = 0;
  let unavailableUntil = 0;
  const setup: Setup = {
    clock,
    taken: new Set(),
    written: [],
    refused: 0,
    posts: 0,
    largestPost: () => largest,
  };
  const writer: InfluxWriter = {
    get isUnavailable() {
      return clock.now() < unavailableUntil;
    },
    lastError: undefined,
    lastStatus: undefined,
    async post(lines) {
      setup.posts++;
      largest = Math.max(largest, lines.length);
      const answer = faults.post(clock.now());
      await new Promise<void>((resolve) => {
        if (answer !== undefined) clock.setTimer(answer.afterMs, resolve);
      });
      const outcome = answer?.outcome ?? 'unavailable';
      if (outcome === 'taken') for (const line of lines) setup.taken.add(line);
      if (outcome === 'unavailable') unavailableUntil = clock.now() + 1_000;
      return outcome;
    },
  };
  const queue = openLiveQueue({
    writer,
    clock,
    flushEveryMs: 1_000,
    phaseMs: 500,
    writeOverflow: async (lines) => {
      setup.written.push(...lines);
    },
    onRefused: (lines) => {
      setup.refused += lines;
    },
  });
  return { queue, setup };
}

/** Adds `perSecond` lines a second, then closes. @returns the lines, and how long closing took */
async function send(
  queue: ReturnType<typeof openQueue>['queue'],
  { clock }: Setup,
  seconds: number,
  perSecond = 5,
) {
  const lines: string[] = [];
  for (let second = 0; second < seconds; second++) {
    clock.setTimer(second * 1_000, () => {
      const added = Array.from({ length: perSecond }, (_, i) => `${second}/${i}`);
      lines.push(...added);
      queue.add(added);
    });
  }
  const closing = Promise.withResolvers<number>();
  clock.setTimer(seconds * 1_000, () => {
    void queue.close().then(() => closing.resolve(clock.now() - seconds * 1_000));
  });
  // Time goes on while promises do.
  const idle = (): void => void clock.setTimer(1, idle);
  idle();
  const closedAfterMs = await clock.runUntil(closing.promise);
  return { lines, closedAfterMs };
}

describe('the queue', () => {
  it('sends once a flush interval, everything', async () => {
    const { queue, setup } = openQueue({ post: () => ({ outcome: 'taken', afterMs: 10 }) });
    const { lines, closedAfterMs } = await send(queue, setup, 10);
    expect([...setup.taken]).toEqual(lines);
    expect(setup.written).toEqual([]);
    expect(setup.posts).toBe(10);
    expect(closedAfterMs).toBeLessThan(50);
  });

  it('sends what it held once InfluxDB is back', async () => {
    const { queue, setup } = openQueue({
      post: (now) => ({ outcome: now > 2_000 && now < 6_000 ? 'unavailable' : 'taken', afterMs: 10 }),
    });
    const { lines } = await send(queue, setup, 10);
    expect([...setup.taken].sort()).toEqual([...lines].sort());
    expect(setup.written).toEqual([]);
  });

  it('holds up no end: what InfluxDB does not answer in a second is written to the run store', async () => {
    const { queue, setup } = openQueue({ post: () => undefined });
    const { lines, closedAfterMs } = await send(queue, setup, 10);
    expect(setup.written.sort()).toEqual(lines.sort());
    expect(closedAfterMs).toBeLessThan(1_020);
    expect(setup.posts).toBe(1);
  });

  it('does not even ask at the end when InfluxDB is known to be away', async () => {
    const { queue, setup } = openQueue({ post: () => ({ outcome: 'unavailable', afterMs: 900 }) });
    const { lines, closedAfterMs } = await send(queue, setup, 10);
    expect(setup.written.sort()).toEqual(lines.sort());
    expect(closedAfterMs).toBeLessThan(1_000);
  });

  it('counts what InfluxDB refuses, and does not ask again', async () => {
    const { queue, setup } = openQueue({ post: () => ({ outcome: 'refused', afterMs: 1 }) });
    const { lines } = await send(queue, setup, 3);
    expect(setup.refused).toBe(lines.length);
    expect(setup.written).toEqual([]);
  });

  it('never holds more than fits its memory', async () => {
    const { queue, setup } = openQueue({ post: () => ({ outcome: 'unavailable', afterMs: 1 }) });
    const { lines } = await send(queue, setup, 30, 2_000);
    expect(setup.written.sort()).toEqual(lines.sort());
    expect(setup.largestPost()).toBe(linesPerPost);
  });

  it('loses nothing, whatever InfluxDB does', async () => {
    const answer = fc.option(
      fc.record({
        outcome: fc.constantFrom<PostOutcome>('taken', 'taken', 'unavailable'),
        afterMs: fc.integer({ min: 0, max: 4_000 }),
      }),
      { nil: undefined, freq: 10 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 20 }), async (answers) => {
        let requested = 0;
        const { queue, setup } = openQueue({ post: () => answers[requested++ % answers.length] });
        const { lines, closedAfterMs } = await send(queue, setup, 15);
        expect(new Set([...setup.taken, ...setup.written])).toEqual(new Set(lines));
        expect(closedAfterMs).toBeLessThan(1_020);
      }),
      randomCases(),
    );
  });
});
