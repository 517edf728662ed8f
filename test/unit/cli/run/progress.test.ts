import { describe, expect, it } from '@jest/globals';
import { renderProgressFrame } from '../../../../src/cli/output/progress-frame.ts';
import { renderProgressLine } from '../../../../src/cli/output/progress-line.ts';
import { liveThresholdsOf } from '../../../../src/cli/output/progress-thresholds.ts';
import { noTotals, type Progress, phaseOf, troublesOf } from '../../../../src/cli/run/progress.ts';
import type { Plan } from '../../../../src/plan/plan.ts';
import { parseLoadProfile } from '../../../../src/profile/parse.ts';
import { samplePlan } from '../../../support/cli/sample-plan.ts';
import { goldenIn } from '../../../support/golden.ts';

const expectGolden = goldenIn('cli');

const { startAt, publishAt, publishEndAt, drainEndAt } = samplePlan.timeline;
const idle = { totals: noTotals, sentPerSecond: 0, intendedPerSecond: 0, stopping: false };

const thresholds = parseLoadProfile({
  devices: 1,
  ratePerSecond: 1,
  duration: '1s',
  thresholds: {
    end_to_end_latency: ['p(99)<500', 'p(50)<100'],
    sent_messages: ['count>1000'],
  },
}).thresholds;
const judgedPlan: Plan = { ...samplePlan, profile: { ...samplePlan.profile, thresholds } };

const moments: Record<string, Progress> = {
  'no plan yet': { ...idle, now: startAt - 5_000 },
  starting: { ...idle, plan: samplePlan, now: startAt - 2_500 },
  connecting: {
    ...idle,
    plan: samplePlan,
    now: startAt + 12_000,
    totals: { ...noTotals, connected: 4_800 },
  },
  publishing: {
    ...idle,
    plan: samplePlan,
    now: publishAt + 30_000,
    totals: {
      ...noTotals,
      connected: 12_000,
      sent: 500_000,
      acked: 499_876,
      arrivals: 499_321,
      endToEndP99Ms: 12.34,
    },
    sentPerSecond: 19_998,
    intendedPerSecond: 20_000,
  },
  'falling behind': {
    ...idle,
    plan: samplePlan,
    now: publishAt + 30_000,
    totals: {
      ...noTotals,
      connected: 11_990,
      connectFailed: 10,
      sent: 300_000,
      acked: 289_000,
      dropped: 123_456,
      throttled: 11_000,
      arrivals: 289_000,
      endToEndP99Ms: 2_345,
    },
    sentPerSecond: 11_002,
    intendedPerSecond: 20_000,
  },
  'users below their stage': {
    ...idle,
    plan: samplePlan,
    now: publishAt + 30_000,
    totals: { ...noTotals, connected: 12_000, sent: 500_000, acked: 499_876 },
    users: { active: 5_900, planned: 9_000, most: 12_000 },
    sentPerSecond: 11_998,
    intendedPerSecond: 20_000,
  },
  'past a threshold': {
    ...idle,
    plan: judgedPlan,
    now: publishAt + 30_000,
    totals: {
      ...noTotals,
      connected: 12_000,
      sent: 99_000,
      acked: 90_000,
      failed: 2_000,
      dropped: 0,
      throttled: 99,
      arrivals: 90_000,
      endToEndP99Ms: 1_612,
    },
    sentPerSecond: 19_998,
    intendedPerSecond: 20_000,
  },
  draining: {
    ...idle,
    plan: samplePlan,
    now: publishEndAt + 4_000,
    totals: { ...noTotals, sent: 1_300_000, acked: 1_300_000, arrivals: 1_299_990, endToEndP99Ms: 12.34 },
  },
  'summarizing, some lost': {
    ...idle,
    plan: samplePlan,
    now: drainEndAt + 1_000,
    totals: { ...noTotals, sent: 1_300_000, acked: 1_300_000, arrivals: 1_299_990, endToEndP99Ms: 12.34 },
  },
  stopping: {
    ...idle,
    plan: samplePlan,
    now: publishAt + 31_000,
    stopping: true,
    totals: {
      ...noTotals,
      connected: 7_000,
      sent: 500_000,
      acked: 499_876,
      arrivals: 499_321,
      endToEndP99Ms: 12.34,
    },
  },
};

describe('progress frame', () => {
  it.each([100, 80, 60, 40])('shows every phase in %i columns', (columns) => {
    const text = Object.entries(moments)
      .map(([name, moment]) => `--- ${name}\n${renderProgressFrame(moment, columns).join('\n')}\n`)
      .join('\n');
    expectGolden(`progress-${columns}.txt`, text);
  });

  it('never exceeds the terminal, however narrow', () => {
    for (let columns = 1; columns <= 140; columns += 1) {
      for (const moment of Object.values(moments)) {
        for (const line of renderProgressFrame(moment, columns)) {
          expect(line.length).toBeLessThanOrEqual(Math.min(columns, 100));
        }
      }
    }
  });

  it('shows neither an empty bar for something nor a full one for not all', () => {
    const connected = (count: number): string | undefined =>
      renderProgressFrame(
        { ...idle, plan: samplePlan, now: publishAt, totals: { ...noTotals, connected: count } },
        80,
      )[1];
    expect(connected(1)).toContain('█░');
    expect(connected(11_999)).toContain('█░');
    expect(connected(12_000)).not.toContain('░');
  });
});

describe('progress line', () => {
  it('says in one line what the frame says', () => {
    const text = Object.entries(moments)
      .map(([name, moment]) => `--- ${name}\n${renderProgressLine(moment)}\n`)
      .join('\n');
    expectGolden('progress-lines.txt', text);
  });
});

describe('progress', () => {
  it('calls nothing missing before the drain has ended', () => {
    const totals = { ...noTotals, sent: 10, arrivals: 7 };
    const at = (now: number): Progress => ({ ...idle, plan: samplePlan, totals, now });
    expect(troublesOf(at(publishEndAt + 1))).toEqual([]);
    expect(troublesOf(at(drainEndAt))).toEqual([['not arrived', 3]]);
  });

  it('keeps to the timeline until the user stops it', () => {
    const phaseAt = (now: number, stopping = false): string =>
      phaseOf({ ...idle, plan: samplePlan, now, stopping });
    expect([startAt - 1, startAt, publishAt, publishEndAt, drainEndAt].map((now) => phaseAt(now))).toEqual([
      'starting',
      'connecting',
      'publishing',
      'draining',
      'summarizing',
    ]);
    expect(phaseAt(publishAt, true)).toBe('stopping');
  });
});

describe('thresholds while a run goes on', () => {
  const judged = parseLoadProfile({
    everySeconds: 1,
    duration: '12m',
    groups: { meters: { devices: 1 }, trackers: { devices: 1 } },
    thresholds: {
      end_to_end_latency: ['p(99).slope<1%/h', 'p(99)<500'],
      sent_messages: ['count==1000'],
      dropped_messages: ['count<10', 'rate.slope<1%/h'],
      'dropped_messages{group:meters}': ['count==0'],
    },
  }).thresholds;
  const profile = { ...samplePlan.profile, thresholds: judged };
  const totals = { ...noTotals, sent: 300, dropped: 5, endToEndP99Ms: 12 };
  const failedOf = (more: Partial<typeof totals>, regions?: Plan['profile']['regions']) =>
    liveThresholdsOf(
      { ...totals, ...more },
      { ...samplePlan, profile: regions === undefined ? profile : { ...profile, regions } },
    )?.figures.filter((figure) => figure.startsWith('✗'));

  it('leaves slopes, parts of the run and what is still to be reached to the end', () => {
    expect(failedOf({})).toEqual([]);
    expect(failedOf({ sent: 1_000 })).toEqual([]);
    expect(failedOf({ sent: 1_001 })).toEqual(['✗ sent_messages count==1000: 1,001']);
    expect(failedOf({ dropped: 10 })).toEqual(['✗ dropped_messages count<10: 10']);
  });

  it('does not take the p99 of the slowest Region for the run’s', () => {
    const slow = { endToEndP99Ms: 600 };
    expect(failedOf(slow)).toEqual(['✗ end_to_end_latency p(99)<500: 600 ms']);
    expect(
      failedOf(slow, [
        { name: 'eu-west-1', share: 0.5 },
        { name: 'us-east-1', share: 0.5 },
      ]),
    ).toEqual([]);
  });
});
