import { expect, it } from '@jest/globals';
import { liveThresholdsOf } from '../../../../src/cli/output/progress-thresholds.ts';
import { draftRun } from '../../../../src/cli/run/draft-run.ts';
import type { RunTotals } from '../../../../src/live/run-totals.ts';
import { parseLoadProfile } from '../../../../src/profile/parse.ts';

const totals = { sent: 10, dropped: 0, throttled: 0, failed: 3, connectFailed: 0, arrivals: 7 } as RunTotals;

it('judges by the totals of the run what is about the whole run, and no group', () => {
  const group = { devices: 1, ratePerSecond: 1 };
  const { plan } = draftRun(
    parseLoadProfile({
      groups: { meters: group, trackers: group },
      duration: '10s',
      thresholds: { failed_messages: ['count==0'], 'failed_messages{group:meters}': ['count==0'] },
    }),
  );
  const { figures = [], hasFailed } = liveThresholdsOf(totals, plan) ?? {};
  expect(hasFailed).toBe(true);
  expect(figures[0]).toBe('✗ failed_messages count==0: 3');
  expect(figures.join()).not.toContain('group:meters');
});
