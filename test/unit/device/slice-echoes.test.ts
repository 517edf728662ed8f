import { describe, expect, it } from '@jest/globals';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { echoesDueBefore } from '../../../src/plan/observers.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { makeTestPlan, simulate } from '../../support/device/make-run.ts';
import type { Behaviour } from '../../support/device/simulated-transport.ts';

describe('the echoes of a slice', () => {
  const options = { devices: 10, echoFraction: 0.5, ratePerSecond: 100, seconds: 5 };
  const plan = makeTestPlan(options);
  const rankOf = echoesDueBefore(sliceOf(plan, 0), 0);
  const isDue = (n: number) => rankOf(n + 1) > rankOf(n);
  const due = rankOf(500);

  it('are known to the message: a duplicate hides no loss', async () => {
    const [lost, twice] = Array.from({ length: 500 }, (_, n) => n).filter((n) => isDue(n) && n > 100);
    const behaviour: Behaviour = {
      echoes: (device, n) => {
        if (!isDue(n) || n === lost) return [];
        return n === twice
          ? [
              [device, 8],
              [device, 9],
            ]
          : [[device, 8]];
      },
    };
    const { result, clock } = await simulate({ ...options, behaviour });
    expect(due).toBe(250);
    expect(result.messages.echoed).toBe(due);
    const { arrivals, seen } = result.observed!.echo!;
    expect(arrivals).toBe(due);
    expect(IntervalSet.decode(seen[0]!).count).toBe(due - 1);
    expect(IntervalSet.decode(seen[0]!).has(rankOf(lost!))).toBe(false);
    // It waited for the missing one until the drain was over.
    expect(clock.now()).toBeGreaterThan(plan.timeline.publishEndAt + plan.profile.drainMs - 100);
  });

  it('are those of the device that sent the message: on a shared topic every device receives all', async () => {
    const echoing = Array.from({ length: 10 }, (_, device) => device).filter(isDue);
    const behaviour: Behaviour = { echoes: () => echoing.map((device) => [device, 8] as const) };
    const { result } = await simulate({ ...options, behaviour });
    expect(result.messages.echoed).toBe(500 * 5);
    expect(result.observed).toEqual({ echo: { arrivals: due, seen: [[0, due]] } });
  });

  it('stand in each checkpoint, so that a slice that dies leaves what it saw', async () => {
    const behaviour: Behaviour = { echoes: (device, n) => (isDue(n) ? [[device, 8]] : []) };
    const { checkpoints, result } = await simulate({ ...options, behaviour });
    const counts = [...checkpoints, result].map(
      ({ observed }) => IntervalSet.decode(observed!.echo!.seen[0]!).count,
    );
    expect(counts.at(-1)).toBe(due);
    expect(counts.filter((count) => count > 0 && count < due).length).toBeGreaterThan(2);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });
});
