import { describe, expect, it } from '@jest/globals';
import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { buildReport } from '../../../src/report/build-report.ts';
import { renderTerminalSummary } from '../../../src/report/terminal-summary.ts';
import { collectRun } from '../../../src/worker/collect-run.ts';
import {
  fiftyReaders,
  startCountedReading,
  tenReaders,
} from '../../support/iot-core/queue/counted-reading.ts';
import { planOf, resultOf, windowOf } from '../../support/measure/run-fixture.ts';

const seconds = 600;
const perSecond = 20_000;
const plan = planOf({
  devices: 20_000,
  ratePerSecond: perSecond,
  stages: undefined,
  duration: `${seconds}s`,
  slices: { devicesPerSlice: 500 },
  drain: '10s',
});

/** Messages of every slice, in the order of their sending, from what the queue's readers have deleted. */
function windowOfRead(from: number, to: number): ArrivalWindow {
  const { count } = plan.slices;
  const seen = Array.from({ length: count }, (_, slice) => {
    const numbers = new IntervalSet();
    numbers.addRange(from / count, (to - from) / count);
    return [String(slice), numbers.encode()] as const;
  });
  const window = windowOf(plan, [[0, 0]], `read-${to}`);
  return { ...window, arrivals: to - from, seen: Object.fromEntries(seen) };
}

describe('twelve million messages in ten minutes, with the readers that the stack once had', () => {
  it.each([
    // (20,000 − 10 × 892.857) × 600 s less 8,929/s through 550 s: 1.73 million.
    { readers: 10, pace: 'assumed', reading: tenReaders, notRead: 1_700_000 },
    // (20,000 − 50 × 90.74) × 600 s less 4,537/s through 550 s: 6.78 million, and more while there are fewer than fifty.
    { readers: 50, pace: 'slowest', reading: fiftyReaders, notRead: 6_700_000 },
  ] as const)('are reported as not read yet, and none as lost: $readers of the $pace pace', async (old) => {
    const { clock, queue, pool, send, sleep } = startCountedReading(old.reading, { pace: old.pace });
    let seen = 0;
    const store = {
      async *sliceResults() {
        const empty = resultOf(plan, 0, []);
        for (let slice = 0; slice < plan.slices.count; slice++) {
          const { devices, messages } = sliceOf(plan, slice);
          const sent = new IntervalSet();
          sent.addRange(0, messages);
          yield {
            ...empty,
            slice,
            devices: { planned: devices, connected: devices, connectFailed: 0, reconnects: 0 },
            messages: { ...empty.messages, intended: messages, sent: messages, dropped: 0, acked: messages },
            droppedBy: {},
            streams: [{ intended: messages, sent: sent.encode() }],
          };
        }
      },
      async *sliceDeaths() {},
      async *actions() {},
      async *subscribers() {},
      async *arrivalWindows(_runId: string, known: Set<string>) {
        const read = queue.deleted - (queue.deleted % plan.slices.count);
        if (read === seen) return;
        known.add(String(read));
        yield windowOfRead(seen, read);
        seen = read;
      },
    };
    const source = {
      name: 'arrivals queue',
      unread: async () => ({ count: queue.unread, longestPauseMs: 55_000 }),
    };
    const summarize = async () => {
      await send(perSecond, seconds);
      await sleep(plan.profile.drainMs);
      return collectRun(store, plan, {
        backlog: { source, deadLetterQueues: [] },
        // Of summarize's 15 minutes: three are CloudWatch's, three its own.
        waitAtMostMs: 540_000,
        // It polls twice a second; once a minute is enough here.
        clock: { now: () => clock.now(), sleep: (ms) => sleep(ms * 120) },
      });
    };
    const { ledger } = await clock.runUntil(summarize());
    pool.close();
    const { messages } = ledger;
    expect(messages.notRead).toBeGreaterThan(old.notRead);
    expect(messages.notRead).toBeLessThan(old.notRead + 600_000);
    expect(messages).toMatchObject({ sent: 12_000_000, lost: 0, received: 12_000_000 - messages.notRead });
    const report = buildReport({ plan, ledger, cloudwatch: { sums: {}, requested: [] }, now: 0 });
    expect(report.messages).toMatchObject({ lost: 0, notRead: messages.notRead });
    const text = renderTerminalSummary(report);
    expect(text).toContain(`${messages.notRead.toLocaleString('en-US')} messages not read yet`);
    expect(text).not.toMatch(/[1-9][\d,]* lost/);
  });
});
