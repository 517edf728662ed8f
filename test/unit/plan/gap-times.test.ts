import { describe, expect, it } from '@jest/globals';
import { deploymentOf } from '../../../src/plan/deployment.ts';
import { echoedMessages } from '../../../src/plan/echoes.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { peaksOf } from '../../../src/plan/peaks.ts';
import type { GroupPlan, Plan } from '../../../src/plan/plan.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { intendedOfGroup, isScheduled, plannedStreamsOf } from '../../../src/plan/streams.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';

const fleet = { devices: 400, duration: '200s', slices: { devicesPerSlice: 100 } };

function draftOf(profile: object): Plan {
  return draftPlan({ profile: parseProfile({ ...fleet, ...profile }), runId: 'r', now: 0 }).plan;
}

function groupOf(plan: Plan): GroupPlan {
  return groupsOf(plan)[0]!;
}

/** When each device of the run is due, milliseconds, by its index. */
function timesByDevice(plan: Plan, kind = 0): number[][] {
  const times = Array.from({ length: groupOf(plan).profile.devices }, (): number[] => []);
  for (let s = 0; s < plan.slices.count; s++) {
    const slice = sliceOf(plan, s);
    const { messages, offsetMs, turns } = plannedStreamsOf(slice).filter(isScheduled)[kind]!;
    for (let n = 0; n < messages; n++) times[slice.firstDevice + turns.deviceOf(n)]!.push(offsetMs(n));
  }
  return times;
}

function gapsOf(times: readonly number[][]): number[] {
  return times.flatMap((own) => own.slice(1).map((ms, i) => ms - own[i]!));
}

function momentsOf(values: readonly number[]): { mean: number; sd: number } {
  const mean = sumBy(values, (value) => value) / values.length;
  return { mean, sd: Math.sqrt(sumBy(values, (value) => (value - mean) ** 2) / values.length) };
}

describe('gaps by a distribution', () => {
  // Of a uniform distribution the deviation is its width ÷ √12.
  it.each<[unknown, number, number]>([
    ['1..3', 2_000, 2_000 / Math.sqrt(12)],
    [{ exponential: 2 }, 2_000, 2_000],
    [{ normal: { mean: 2, sd: 0.5 } }, 2_000, 500],
    ['2..2', 2_000, 0],
  ])('have the mean and the deviation of %j', (everySeconds, mean, sd) => {
    const gaps = gapsOf(timesByDevice(draftOf({ everySeconds })));
    const of = momentsOf(gaps);
    // Gaps that end with the run are more often long ones: a mean gap in the 200 s of the run.
    expect(Math.abs(of.mean / mean - 1)).toBeLessThan(0.02);
    expect(Math.abs(of.sd - sd) / mean).toBeLessThan(0.04);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
  });

  it('stay within a range', () => {
    const gaps = gapsOf(timesByDevice(draftOf({ everySeconds: '1..3' })));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000 - 1e-6);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(3_000 + 1e-6);
  });

  it.each<[unknown]>([['10..30'], [{ exponential: 20 }], [{ normal: { mean: 20, sd: 4 } }]])(
    'begin at a random point, so that %j has its rate from the start',
    (everySeconds) => {
      const times = timesByDevice(draftOf({ devices: 8_000, everySeconds, duration: '60s' })).flat();
      for (let from = 0; from < 60_000; from += 5_000) {
        const due = times.filter((ms) => ms >= from && ms < from + 5_000).length;
        // 8,000 devices in 20 s; four deviations of a Poisson distribution.
        expect(Math.abs(due - 2_000)).toBeLessThan(4 * Math.sqrt(2_000));
      }
    },
  );

  it('are the same for the same seed, however devices are divided into slices', () => {
    const of = (more: object) => timesByDevice(draftOf({ everySeconds: { exponential: 5 }, ...more }));
    const times = of({});
    expect(of({})).toEqual(times);
    expect(of({ slices: { devicesPerSlice: 37 } })).toEqual(times);
    expect(of({ seed: 2 })).not.toEqual(times);
    expect(times[0]).not.toEqual(times[1]);
  });

  it('come to a number of messages that the slices add up to, near that of the rate', () => {
    for (const everySeconds of ['1..9', { exponential: 5 }]) {
      const plan = draftOf({ everySeconds });
      const sum = sumBy(Array.from({ length: plan.slices.count }), (_, s) =>
        sumBy(plannedStreamsOf(sliceOf(plan, s)), ({ messages }) => messages),
      );
      expect(intendedOfGroup(groupOf(plan))).toBe(sum);
      expect(timesByDevice(plan).flat()).toHaveLength(sum);
      expect(plan.load.messages).toBe((400 * 200) / 5);
      expect(Math.abs(sum - plan.load.messages)).toBeLessThan(4 * Math.sqrt(plan.load.messages));
    }
  });

  it('differ between the kinds of message of a device', () => {
    const everySeconds = { exponential: 10 };
    const plan = draftOf({ messages: { a: { everySeconds }, b: { everySeconds }, c: { everySeconds: 10 } } });
    const [a, b, c] = [0, 1, 2].map((kind) => timesByDevice(plan, kind + 1));
    expect(a).not.toEqual(b);
    expect(c!.flat()).toHaveLength(8_000);
    expect(intendedOfGroup(groupOf(plan))).toBe(sumBy([a!, b!, c!], (times) => times.flat().length));
  });

  it('are without what comes due while a device sleeps', () => {
    const load = { everySeconds: '2..4', echo: undefined };
    const lifecycle = { awake: '10s', asleep: '30s', whenAsleep: 'skip' };
    const all = timesByDevice(draftOf(load));
    const plan = draftOf({ ...load, lifecycle });
    const kept = timesByDevice(plan);
    expect(kept.every((own, device) => own.every((ms) => all[device]!.includes(ms)))).toBe(true);
    expect(kept.flat()).toHaveLength(intendedOfGroup(groupOf(plan)));
    expect(kept.flat().length / all.flat().length).toBeCloseTo(0.25, 1);
  });

  it('are echoed message by message', () => {
    const plan = draftOf({ everySeconds: { exponential: 5 }, echo: { fraction: 0.25 } });
    const times = timesByDevice(plan);
    const isEchoing = (i: number) => Math.floor((i + 1) / 4) > Math.floor(i / 4);
    expect(echoedMessages(groupOf(plan))).toBe(
      sumBy(times, (own, device) => (isEchoing(device) ? own.length : 0)),
    );
  });

  it('have a busiest second that the forecast is above, and near', () => {
    const profile = { devices: 1_000, duration: '600s', everySeconds: { exponential: 10 } };
    const plan = draftOf(profile);
    const counts = new Array<number>(600).fill(0);
    for (const ms of timesByDevice(plan).flat()) counts[Math.floor(ms / 1_000)]!++;
    const { publishInPerSecond = 0, publishesPerSecondPerConnection } = peaksOf(plan, deploymentOf(plan));
    expect(Math.max(...counts)).toBeLessThanOrEqual(publishInPerSecond);
    expect(Math.max(...counts)).toBeGreaterThan(publishInPerSecond * 0.88);
    // 0.1 messages a second, and three deviations.
    expect(publishesPerSecondPerConnection).toBeCloseTo(0.1 + 3 * Math.sqrt(0.1), 9);
    const ofRange = draftOf({ ...profile, everySeconds: '5..15' });
    expect(peaksOf(ofRange, deploymentOf(ofRange)).publishesPerSecondPerConnection).toBe(1);
  });
});
