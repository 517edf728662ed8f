import { describe, expect, it } from '@jest/globals';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { connectSettleMs } from '../../../src/plan/schedule.ts';
import { type SimulationOptions, simulate } from '../../support/device/make-run.ts';

// A slice that dies early is known as far as its first checkpoint: it is stored once all devices had their turn to connect.

/** Ten devices connect within a second from `startAt` on; publishing begins 3 s later. The interval leaves only the first checkpoint. */
async function firstCheckpoint(options: SimulationOptions) {
  const { checkpoints, plan } = await simulate({
    devices: 10,
    connectMs: 3_000,
    checkpointEveryMs: 600_000,
    ...options,
  });
  expect(checkpoints).toHaveLength(1);
  const [first] = checkpoints as [SliceResult];
  expect(first.outcome).toBe('running');
  const { startAt, publishAt } = plan.timeline;
  const connectAt = startAt + Math.max(0, (options.readyAfterMs ?? 0) - (options.leadMs ?? 1_000));
  return { first, afterMs: first.at - connectAt, publishAt };
}

describe('the first checkpoint of a slice', () => {
  it('is stored as soon as all devices are connected, before anything is published', async () => {
    const { first, afterMs, publishAt } = await firstCheckpoint({});
    expect(first.devices).toMatchObject({ planned: 10, connected: 10 });
    expect(first.messages.sent).toBe(0);
    // The last device connects after 950 ms (the middle of its tenth) and 5 ms, and the slice looks every so often.
    expect(afterMs).toBeGreaterThanOrEqual(955);
    expect(afterMs).toBeLessThanOrEqual(955 + 30);
    expect(first.at).toBeLessThan(publishAt);
  });

  it('does not wait for devices that are refused: those had their turn', async () => {
    const { first, afterMs, publishAt } = await firstCheckpoint({
      behaviour: { connect: (device) => (device === 3 ? 'refused' : 5) },
    });
    expect(first.devices).toMatchObject({ planned: 10, connected: 9 });
    expect(first.messages.sent).toBe(0);
    expect(afterMs).toBeGreaterThanOrEqual(950 + connectSettleMs);
    expect(afterMs).toBeLessThanOrEqual(950 + connectSettleMs + 30);
    expect(first.at).toBeLessThan(publishAt);
  });

  it('does not wait for devices that no one answers', async () => {
    const { first, afterMs } = await firstCheckpoint({
      behaviour: { connect: (device) => (device === 9 ? 4_000 : 5) },
    });
    expect(first.devices).toMatchObject({ planned: 10, connected: 9 });
    expect(afterMs).toBeGreaterThanOrEqual(950 + connectSettleMs);
    expect(afterMs).toBeLessThanOrEqual(950 + connectSettleMs + 30);
  });

  it('comes as late as the slice does', async () => {
    const { first, afterMs } = await firstCheckpoint({ readyAfterMs: 2_500 });
    expect(first.devices).toMatchObject({ connected: 10 });
    expect(afterMs).toBeGreaterThanOrEqual(955);
    expect(afterMs).toBeLessThanOrEqual(955 + 30);
  });
});
