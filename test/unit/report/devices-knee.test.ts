import { describe, expect, it } from '@jest/globals';
import { AccountQuotas } from '../../../src/embedded/iot-core/account-quotas.ts';
import { withActions } from '../../../src/plan/actions/with-actions.ts';
import { decideNext, isAnswer } from '../../../src/plan/search/decide-next.ts';
import type { JudgedHold, SearchStep } from '../../../src/plan/search/judged-hold.ts';
import { holdLevel } from '../../../src/plan/search/searched-profile.ts';
import { actionsOfStep, makeStep } from '../../../src/plan/search/step-actions.ts';
import type { LoadProfile } from '../../../src/profile/load-profile.ts';
import type { CapacitySearch } from '../../../src/profile/search.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import type { SimulatedTransport } from '../../support/device/simulated-transport.ts';
import { withSearch } from '../../support/search/search-plan.ts';
import { judgeSearched, runSearched } from '../../support/search/searched-run.ts';

// A search of devices in virtual time, whose account takes so many connections at once.

const search: CapacitySearch = {
  kind: 'capacity',
  of: 'devices',
  from: 20,
  to: 160,
  method: 'ramp-then-bisect',
  settleMs: 1_000,
  holdMs: 6_000,
  precision: 0.05,
  confirm: 1,
  connectsPerSecond: 80,
};

/** Holds so many devices. @param concurrentConnections of the account, the slice's control channel among them */
async function hold(level: number, step: number, concurrentConnections: number): Promise<JudgedHold> {
  const seconds = 18;
  const test = withSearch(makeTestPlan({ devices: 40, seconds, ratePerSecond: 20 }), search);
  const held = holdLevel(test.profile as LoadProfile, search.from, seconds * 1_000);
  const profile: LoadProfile = { ...held, connect: { ...held.connect, ratePerSecond: 80 } };
  const load = { messages: profile.startRatePerSecond * seconds, peakPerSecond: profile.startRatePerSecond };
  const planned = { ...test, profile, load, slices: { count: 1, devicesPerSlice: profile.devices } };
  const made: SearchStep = makeStep(search, { level }, { step, at: planned.timeline.publishAt + 1_000 });
  const actions = actionsOfStep(search, made).map((action, k) => ({ ...action, k }));
  const limits = accountLimitsOf('default', { concurrentConnections });
  const fails = (expression: string) => [{ expression, abortOnFail: false, delayAbortEvalMs: 0 }];
  const thresholds = { connects_failed: fails('count==0'), dropped_messages: fails('count==0') };
  const account = { limits, live: [], isCharged: false };
  const plan = withActions({ ...planned, account, profile: { ...profile, thresholds } }, actions);
  const quotas = new AccountQuotas(limits, 1);
  let service: SimulatedTransport | undefined;
  let granted = 0;
  let refused = 0;
  const run = await runSearched(planned, {
    script: (_clock, transport) => {
      service = transport;
    },
    behaviour: {
      connect() {
        if (quotas.admitConnection(1 + granted - (service?.disconnects.length ?? 0))) {
          granted++;
          return 5;
        }
        refused++;
        return 'Quota exceeded';
      },
    },
    announced: actions.map((action) => ({ receivedAt: action.at - 500, action })),
  });
  return judgeSearched(plan, run, made, { sums: { 'Connect.Throttle': refused }, requested: [] });
}

describe('a search of devices', () => {
  it('finds the quota of concurrent connections, and names it', async () => {
    const limit = 91;
    const judged: JudgedHold[] = [];
    let next = decideNext(search, judged);
    while (!isAnswer(next)) {
      judged.push({ ...(await hold(next.level, judged.length, limit)), ...next });
      next = decideNext(search, judged);
    }
    expect(next.ended).toBe('found');
    expect(next.holds).toBeLessThanOrEqual(limit - 1);
    expect(next.breaks).toBeGreaterThan(limit - 1);
    expect(next.breaks! / next.holds!).toBeLessThan(1.06);
    for (const { level, outcome, broke, figures } of judged) {
      // Each device sends every two seconds.
      expect(figures.intended).toBe((level * search.holdMs) / 2_000);
      expect(outcome).toBe(level < limit ? 'passed' : 'failed');
      if (outcome === 'passed') continue;
      expect(figures.throttledBy).toBe('concurrentConnections');
      expect(broke.map(({ metric }) => metric)).toContain('connects_failed');
    }
  });
});
