import { describe, expect, it } from '@jest/globals';
import { Backlog, nothingWaits } from '../../../../src/device/behaviours/backlog.ts';
import { makeDeviceTurns } from '../../../../src/plan/device-turns.ts';

/** Two devices that take turns, with a message each second; `lookUps` are the schedule's answers. */
function makeBacklog() {
  const lookUps: number[] = [];
  const backlog = new Backlog(2, makeDeviceTurns(2), (n) => {
    lookUps.push(n);
    return n * 1_000;
  });
  return { backlog, lookUps };
}

describe('Backlog', () => {
  it('keeps when the first waiting message of a device was due', () => {
    const { backlog, lookUps } = makeBacklog();
    backlog.begin(1, 1, 1_000);
    expect(backlog.firstDueAt(1)).toBe(1_000);
    // Messages 1, 3 and 5 are of device 1.
    expect(backlog.advance(1, 6)).toBe(3);
    expect(backlog.firstDueAt(1)).toBe(3_000);
    for (let i = 0; i < 100; i++) backlog.firstDueAt(1);
    expect(lookUps).toEqual([3]);
  });

  it('ends with the last message that is due', () => {
    const { backlog } = makeBacklog();
    backlog.begin(0, 0, 0);
    backlog.begin(1, 1, 1_000);
    expect(backlog.length(0, 3)).toBe(2);
    expect(backlog.advance(0, 3)).toBe(2);
    expect(backlog.advance(0, 3)).toBe(nothingWaits);
    expect(backlog.devicesWaiting).toBe(1);
    backlog.end(1);
    expect(backlog.devicesWaiting).toBe(0);
    expect(backlog.first(1)).toBe(nothingWaits);
  });
});
