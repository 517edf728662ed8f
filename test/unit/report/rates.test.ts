import { describe, expect, it } from '@jest/globals';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import { ratesOf } from '../../../src/report/rates.ts';
import { stageCells } from '../../../src/report/report-figures.ts';
import { runOf } from '../../support/report/report-fixture.ts';

// 3 s up to 600/s, 7 s there, 2 s down.
const { plan, ledger } = runOf();
const { publishAt } = plan.timeline;

function stoppedAfter(ms: number, counts: Partial<RunLedger> = {}): RunLedger {
  const at = publishAt + ms;
  return {
    ...ledger,
    stoppedOn: { command: 'stop', reason: 'stopped by the user', at },
    lastSentAt: at - 3,
    slices: { ...ledger.slices, completed: 0, stopped: 4 },
    ...counts,
  };
}

describe('ratesOf', () => {
  it('finds each stage in the messages that were due in it', () => {
    const rates = ratesOf(plan, ledger);
    expect(rates.stages).toMatchObject([
      { stage: 1, seconds: 3, startPerSecond: 0, targetPerSecond: 600, intendedPerSecond: 300 },
      { stage: 2, seconds: 7, startPerSecond: 600, targetPerSecond: 600, intendedPerSecond: 600 },
      { stage: 3, seconds: 2, startPerSecond: 600, targetPerSecond: 0, intendedPerSecond: 300 },
    ]);
    expect(rates.stages.map(({ sentPerSecond }) => sentPerSecond)).toEqual([300, 600, 300]);
    expect(rates).toMatchObject({ meanPerSecond: 475, throughputPerSecond: 475, publishedSeconds: 12 });
  });

  it('says what actions made of the stages that they changed', () => {
    const rateSteps = [
      { atMs: 5_000, factor: 0.5 },
      { atMs: 10_000, factor: 1 },
    ];
    const profile = Object.assign({}, plan.profile, { rateSteps });
    const { stages } = ratesOf({ ...plan, profile }, ledger);
    expect(stages.map(({ amended }) => amended)).toEqual([
      undefined,
      [
        { fromMs: 3_000, toMs: 5_000, startPerSecond: 600, endPerSecond: 600 },
        { fromMs: 5_000, toMs: 10_000, startPerSecond: 300, endPerSecond: 300 },
      ],
      undefined,
    ]);
  });

  it('takes the publishing time of a stopped run to end with the stop', () => {
    const messages = { ...ledger.messages, sent: 500, acked: 400 };
    expect(ratesOf(plan, stoppedAfter(2_500, { messages }))).toMatchObject({
      meanPerSecond: 200,
      throughputPerSecond: 160,
    });
  });

  it('averages the stage that a stop cut short over what there was of it', () => {
    const stages = [
      { intended: 900, sent: 900 },
      { intended: 1_200, sent: 1_188 },
      { intended: 0, sent: 0 },
    ];
    const rates = ratesOf(plan, stoppedAfter(5_000, { stages }));
    expect(
      rates.stages.map(({ intendedPerSecond, sentPerSecond }) => [intendedPerSecond, sentPerSecond]),
    ).toEqual([
      [300, 300],
      [600, 594],
      [null, null],
    ]);
    expect(rates.stages.map(({ ranSeconds }) => ranSeconds)).toEqual([undefined, 2, 0]);
  });

  it('says how much there was of a stage that a stop cut short, and no rate of less than a second', () => {
    const stages = [
      { intended: 900, sent: 900 },
      { intended: 12, sent: 30 },
      { intended: 0, sent: 0 },
    ];
    const rates = ratesOf(plan, stoppedAfter(3_020, { stages }));
    expect(rates.stages.map(stageCells)).toEqual([
      ['3s', '0 → 600', '300.0', '300.0'],
      ['20 ms of 7s', '600', '–', '–'],
      ['0 ms of 2s', '600 → 0', '–', '–'],
    ]);
    expect(ratesOf(plan, stoppedAfter(11_000, { stages })).stages.map(stageCells)[2]).toEqual([
      '1 s of 2s',
      '600 → 0',
      '0.0',
      '0.0',
    ]);
  });

  it('has a rate of a stage that is shorter than a second', () => {
    const short = { ...plan.profile, stages: [{ durationMs: 500, targetPerSecond: 100 }] };
    const stages = [{ intended: 40, sent: 40 }];
    expect(ratesOf({ ...plan, profile: short }, { ...ledger, stages }).stages).toMatchObject([
      { seconds: 0.5, intendedPerSecond: 80, sentPerSecond: 80 },
    ]);
  });

  it('ends with what is known where every slice died', () => {
    const dead = {
      ...ledger,
      slices: { planned: 4, completed: 0, stopped: 0, failed: 0, died: 4 },
      knownUntil: [publishAt + 1_000, publishAt + 4_000],
      perSecond: { ...ledger.perSecond, arrivals: [] },
      messages: { ...ledger.messages, sent: 800 },
    };
    expect(ratesOf(plan, dead)).toMatchObject({ meanPerSecond: 200, publishedSeconds: 4 });
  });

  it('does not round a slow rate to nothing', () => {
    const slow = { ...ledger, messages: { ...ledger.messages, sent: 4, acked: 3 } };
    const hour = { ...plan, timeline: { ...plan.timeline, publishEndAt: publishAt + 3_600_000 } };
    expect(ratesOf(hour, slow)).toMatchObject({ meanPerSecond: 0.001111, throughputPerSecond: 0.000833 });
  });

  it('at QoS 0 takes what was received for the throughput', () => {
    const quiet = { ...ledger, acknowledged: false, messages: { ...ledger.messages, received: 1_200 } };
    expect(ratesOf(plan, quiet).throughputPerSecond).toBe(100);
  });
});
