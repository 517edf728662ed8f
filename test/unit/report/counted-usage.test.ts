import { describe, expect, it } from '@jest/globals';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import { emptyBacklog } from '../../../src/measure/unread-backlog.ts';
import { deploymentOf } from '../../../src/plan/deployment.ts';
import { forecastUsage } from '../../../src/plan/forecast-usage.ts';
import { countUsage } from '../../../src/report/counted-usage.ts';
import { planOf } from '../../support/measure/run-fixture.ts';

function usageOf(groups: object, change: (ledger: RunLedger) => Partial<RunLedger>) {
  const plan = planOf({ devices: undefined, stages: undefined, duration: '60s', groups });
  const ledger = makeLedger(plan).close(emptyBacklog);
  const count = (more: Partial<RunLedger>) =>
    countUsage(plan, { ...ledger, ...more }, deploymentOf(plan)).iot;
  return { plan, before: count({}), after: count(change(ledger)) };
}

describe('what a run used', () => {
  it('contains the events of presence, and the observer’s subscriptions', () => {
    const counts = { counted: 50, events: 48, missing: 2, unmatched: 0 };
    const { plan, before, after } = usageOf(
      { meters: { devices: 50, idle: true }, watch: { devices: 1, idle: true, observe: 'presence' } },
      () => ({
        presence: {
          groups: [{ connects: counts, disconnects: counts }],
          duplicates: 1,
          outOfOrder: 0,
          ofRun: 4,
          unrelated: 3,
          disconnectedBy: {},
          subscribeRefusedBy: {},
          isWhole: true,
          slicesUnknown: 0,
        } as unknown as NonNullable<RunLedger['presence']>,
      }),
    );
    expect(before.subscribes).toBe(2);
    expect(after.deviceAcks - before.deviceAcks).toBe(104);
    expect(after.messages.at(-1)).toMatchObject({ publishesOut: 104, meteredBytes: 512 });
    expect(forecastUsage(plan).iot.messages.at(-1)).toMatchObject({ meteredBytes: 512 });
  });

  it('subscribes to commands once in a session, and at least once a device', () => {
    const connect = { cleanStart: false, sessionExpiry: '1h' };
    const groups = {
      locks: { devices: 20, idle: true, connect, lifecycle: { awake: '5s', asleep: '5s' } },
      operator: { from: 'backend', connect: { protocol: 'https' }, command: {}, ratePerSecond: 1 },
    };
    const subscribesWith = (unresumed: number) => {
      const { before, after } = usageOf(groups, (ledger) => ({
        groups: ledger.groups.map((group, i) =>
          i === 0 ? { ...group, devices: { ...group.devices, connected: 20, reconnects: 67 } } : group,
        ),
        catchUps: [
          { group: 1, unresumed, resumed: 87 - unresumed } as NonNullable<RunLedger['catchUps']>[number],
        ],
      }));
      return after.subscribes - before.subscribes;
    };
    expect(subscribesWith(20)).toBe(20);
    expect(subscribesWith(25)).toBe(25);
    // The plan expects as many: connects of devices that come back to a session add none.
    const { subscribes, connects } = forecastUsage(usageOf(groups, () => ({})).plan).iot;
    expect(connects).toBeGreaterThan(60);
    expect(subscribes).toBeLessThan(25);
    // Sessions of an earlier run: their devices subscribe all the same.
    expect(subscribesWith(0)).toBe(20);
  });
});
