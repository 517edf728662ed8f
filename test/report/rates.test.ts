import { describe, expect, it } from '@jest/globals';
import type { RunLedger } from '../../src/measure/run-ledger.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { ratesOf } from '../../src/report/rates.ts';
import { runOf } from './report-fixture.ts';

/** The plan's own rates, second by second, as a run without a fault has them. */
function shifted(plan: Plan, publishAt: number): Plan {
  const shift = publishAt - plan.timeline.publishAt;
  const { timeline } = plan;
  return {
    ...plan,
    timeline: { ...timeline, publishAt, publishEndAt: timeline.publishEndAt + shift },
  };
}

function withSeries(ledger: RunLedger, startSecond: number, sent: readonly number[]): RunLedger {
  return { ...ledger, perSecond: { ...ledger.perSecond, startSecond, sent, intended: sent } };
}

const { plan, ledger } = runOf();
const startSecond = 1_788_257_420;

describe('ratesOf', () => {
  it('finds each stage in the seconds it covers', () => {
    // 3 s up to 600/s, 7 s there, 2 s down.
    const sent = [100, 300, 500, 600, 600, 600, 600, 600, 600, 600, 450, 150];
    const rates = ratesOf(shifted(plan, startSecond * 1000), withSeries(ledger, startSecond, sent));
    expect(rates.stages).toMatchObject([
      { stage: 1, seconds: 3, startPerSecond: 0, targetPerSecond: 600, sentPerSecond: 300 },
      { stage: 2, seconds: 7, startPerSecond: 600, targetPerSecond: 600, sentPerSecond: 600 },
      { stage: 3, seconds: 2, startPerSecond: 600, targetPerSecond: 0, sentPerSecond: 300 },
    ]);
    expect(rates).toMatchObject({ meanPerSecond: 475, throughputPerSecond: 475, peakPerSecond: 600 });
  });

  it('does not let a ramp blur the hold beside it, wherever the seconds fall', () => {
    const sent = [25, 200, 400, 575, 600, 600, 600, 600, 600, 600, 562, 300, 38];
    const rates = ratesOf(shifted(plan, startSecond * 1000 + 500), withSeries(ledger, startSecond, sent));
    expect(rates.stages[1]!.sentPerSecond).toBe(600);
    expect(rates.stages[0]!.sentPerSecond).toBeCloseTo(300, -1);
    expect(rates.stages[2]!.sentPerSecond).toBeCloseTo(300, -1);
  });

  it('takes the publishing time of a stopped run to end with its last message', () => {
    const stopped = {
      ...withSeries(ledger, startSecond, [100, 300, 100, 0]),
      slices: { ...ledger.slices, stopped: 4 },
      messages: { ...ledger.messages, sent: 500, acked: 400 },
    };
    expect(ratesOf(shifted(plan, startSecond * 1000 + 500), stopped)).toMatchObject({
      meanPerSecond: 200,
      throughputPerSecond: 160,
    });
  });

  it('averages the stage that a stop cut short over what there was of it', () => {
    const stopped = {
      ...withSeries(ledger, startSecond, [100, 300, 500, 600, 600, 0]),
      slices: { ...ledger.slices, stopped: 4 },
    };
    const { stages } = ratesOf(shifted(plan, startSecond * 1000), stopped);
    expect(stages.map(({ seconds, sentPerSecond }) => [seconds, sentPerSecond])).toEqual([
      [3, 300],
      [7, 600],
      [2, 0],
    ]);
  });

  it('at QoS 0 takes what was received for the throughput', () => {
    const quiet = { ...ledger, acknowledged: false, messages: { ...ledger.messages, received: 1_200 } };
    expect(ratesOf(plan, quiet).throughputPerSecond).toBe(100);
  });
});
