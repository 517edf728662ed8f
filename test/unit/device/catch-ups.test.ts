import { describe, expect, it } from '@jest/globals';
import { CatchUps } from '../../../src/device/catch-ups.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';

function makeDevice() {
  const catchUps = new CatchUps(1);
  const seen = new Set<number>();
  return {
    connect: (nowMs: number, isResumed = true) => catchUps.connected(0, isResumed, nowMs),
    /** Command n was sent at 10 · n ms. */
    receive(n: number, nowMs: number) {
      catchUps.received(0, { slice: 3, n, sent: n * 10, isNew: !seen.has(n) }, nowMs);
      seen.add(n);
    },
    result() {
      const { times, ...counts } = catchUps.result();
      const { count, max } = LatencyHistogram.decode(times).summary();
      return { ...counts, drains: count, longestMs: max };
    },
  };
}

describe('a device that catches up', () => {
  it('takes from its connect to the last command that was stored', () => {
    const device = makeDevice();
    device.connect(0, false);
    device.receive(0, 5);
    device.connect(1_000);
    for (let n = 1; n <= 20; n++) device.receive(n, 1_000 + n * 100);
    // Sent when the device was connected.
    device.receive(150, 3_500);
    expect(device.result()).toMatchObject({
      resumed: 1,
      unresumed: 1,
      stored: 20,
      drains: 1,
      longestMs: 2_000,
      interrupted: 0,
      reordered: 0,
      repeated: 0,
    });
  });

  it('goes on after a disconnect in the middle, with what was not acknowledged once more', () => {
    const device = makeDevice();
    device.connect(1_000);
    for (let n = 0; n < 10; n++) device.receive(n, 1_000 + n * 100);
    device.connect(3_000);
    for (let n = 8; n < 20; n++) device.receive(n, 3_000 + (n - 8) * 100);
    expect(device.result()).toMatchObject({
      stored: 20,
      drains: 1,
      longestMs: 3_100,
      interrupted: 1,
      repeated: 2,
      reordered: 0,
    });
  });

  it('begins anew with what was stored since, once it had caught up', () => {
    const device = makeDevice();
    device.connect(1_000);
    for (let n = 0; n < 10; n++) device.receive(n, 1_000 + n * 100);
    device.connect(9_000);
    for (let n = 500; n < 505; n++) device.receive(n, 9_000 + (n - 500) * 100);
    device.connect(20_000);
    expect(device.result()).toMatchObject({ stored: 15, drains: 2, longestMs: 900, interrupted: 0 });
  });

  it('loses with its session what was stored, and that is no time to catch up', () => {
    const device = makeDevice();
    device.connect(1_000);
    device.receive(0, 1_100);
    device.connect(2_000, false);
    expect(device.result()).toMatchObject({ stored: 1, drains: 0, unresumed: 1 });
  });

  it('counts what comes after a later command, and not what comes again, as out of order', () => {
    const device = makeDevice();
    device.connect(1_000);
    for (const n of [0, 1, 200, 2, 3, 3, 201]) device.receive(n, 2_500);
    expect(device.result()).toMatchObject({ reordered: 2, repeated: 1 });
  });
});
