import { describe, expect, it } from '@jest/globals';
import type { Announcement } from '../../../src/plan/actions/action.ts';
import { stopAction } from '../../../src/plan/actions/stop.ts';
import {
  controlPollEveryMs,
  controlPollLostAfterMs,
  nextControlPollMs,
} from '../../../src/plan/poll-intervals.ts';
import { pollControl } from '../../../src/worker/control-poll.ts';
import { VirtualClock } from '../../support/device/virtual-clock.ts';

const startedAt = 1_700_000_000_000;
const stop: Announcement = { k: 0, at: startedAt, action: stopAction({ reason: 'stopped by the user' }) };

/** A slice over HTTPS whose control plane answers so, polled for a time or until it receives a message. */
async function watch(
  answer: (afterMs: number) => Promise<Announcement | undefined>,
  forMs: number,
  { slices = 1, random = () => 0.5 } = {},
): Promise<{ events: { what: string; afterMs: number }[]; requested: number[] }> {
  const clock = new VirtualClock(startedAt);
  const events: { what: string; afterMs: number }[] = [];
  const requested: number[] = [];
  const over = new Promise<void>((resolve) => clock.setTimer(forMs, resolve));
  const poll = pollControl({
    control: {
      read: () => {
        requested.push(clock.now() - startedAt);
        return answer(clock.now() - startedAt);
      },
    },
    runId: 'run',
    slices,
    clock,
    random,
    onAction: ({ action }) => events.push({ what: String(action.reason), afterMs: clock.now() - startedAt }),
    onLost: (reason) => events.push({ what: reason, afterMs: clock.now() - startedAt }),
  });
  // The first answer comes before any time has passed.
  await new Promise(setImmediate);
  await clock.runUntil(over);
  await poll.close();
  return { events, requested };
}

describe('the control channel of an HTTP slice', () => {
  it('polls every four seconds, and receives a stop within them', async () => {
    const { events, requested } = await watch(async (afterMs) => (afterMs > 5_000 ? stop : undefined), 9_000);
    expect(requested).toEqual([0, 4_000, 8_000]);
    expect(events).toEqual([{ what: 'stopped by the user', afterMs: 8_000 }]);
  });

  it('asks more seldom the more slices there are, and not all at once', async () => {
    const { requested } = await watch(async () => undefined, 60_000, { slices: 4_000 });
    expect(requested.slice(0, 3)).toEqual([0, 10_000, 20_000]);
    for (const slices of [1, 1_000, 1_600, 5_000, 10_000]) {
      expect(slices / (controlPollEveryMs(slices) / 1_000)).toBeLessThanOrEqual(400);
      // A run of few slices notices a stop within five seconds, at the latest.
      if (slices <= 1_600) expect(nextControlPollMs(slices, 1)).toBeLessThan(5_000);
      expect(nextControlPollMs(slices, 0)).toBeLessThan(nextControlPollMs(slices, 1));
      expect(controlPollLostAfterMs(slices)).toBeGreaterThan(2 * nextControlPollMs(slices, 1));
    }
  });

  it('passes over answers that do not come, for less than 30 s', async () => {
    const { events } = await watch(async (afterMs) => {
      if (afterMs > 3_000 && afterMs < 27_000) throw new Error('ECONNREFUSED');
      return undefined;
    }, 90_000);
    expect(events).toEqual([]);
  });

  it.each([
    ['fail', () => Promise.reject(new Error('ECONNREFUSED'))],
    ['never come', () => new Promise<undefined>(() => undefined)],
  ])('gives up once answers %s for 30 s', async (_how, silence) => {
    const { events } = await watch(async (afterMs) => (afterMs < 9_000 ? undefined : silence()), 90_000);
    expect(events).toEqual([{ what: 'the control channel was away for 30 s', afterMs: 40_000 }]);
  });
});
