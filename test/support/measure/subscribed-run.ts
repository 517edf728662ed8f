import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { readEnvelope } from '../../../src/measure/rule-record.ts';
import { RunArrivals } from '../../../src/measure/run-arrivals.ts';
import type { SubscriberRecord } from '../../../src/measure/subscriber-record.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { firstSubscriberSlice } from '../../../src/plan/subscribers.ts';
import type { Target } from '../../../src/targets/target.ts';

/** A broker on this machine. */
export const testBroker: Target = {
  kind: 'mqtt',
  endpoints: [{ scheme: 'mqtt', host: '127.0.0.1', port: 1883, auth: 'none' }],
};

/** The plan as it is with one subscriber beside its own observers, or with a broker as its target. */
export function subscribed(plan: Plan, target?: Target): Plan {
  return {
    ...plan,
    profile: { ...plan.profile, ...(target === undefined && { observers: ['rule', 'subscriber'] as const }) },
    ...(target && { target }),
    subscribers: { count: 1, connections: 1, divides: 'nothing' },
  };
}

/** A subscriber that was subscribed for the whole run. */
export function subscriberRecordOf(plan: Plan, more: Partial<SubscriberRecord> = {}): SubscriberRecord {
  const { startAt, drainEndAt } = plan.timeline;
  return {
    version: 1,
    runId: plan.runId,
    slice: firstSubscriberSlice,
    outcome: 'completed',
    at: drainEndAt + 2_000,
    isShared: false,
    subscribedAt: startAt,
    gaps: [],
    connects: 1,
    connectFailedBy: {},
    disconnectedBy: {},
    refusedBy: {},
    arrivals: 0,
    lastArrivalAt: null,
    windows: 1,
    health: {
      cpuSeconds: 0.5,
      peakCpuShare: 0.1,
      wallSeconds: 14,
      maxRssBytes: 90_000_000,
      idleRssBytes: 80_000_000,
      startLagMs: 0,
      eventLoopDelayP99Ms: 1.2,
      eventLoopDelayMaxMs: 9.5,
    },
    ...more,
  };
}

/** What a subscriber stores of messages, 40 ms after they were due. */
export function subscriberWindowOf(
  plan: Plan,
  messages: readonly (readonly [slice: number, n: number])[],
  name = '10000-0',
): ArrivalWindow {
  const at = plan.timeline.publishAt;
  const arrivals = new RunArrivals(plan.runId, 'subscriber');
  for (const [slice, n] of messages) {
    const stampede = { run: plan.runId, slice, n, device: n % 10, at, sent: at + 0.25 };
    const envelope = readEnvelope(Buffer.from(JSON.stringify({ stampede, padding: 'x' })));
    if (typeof envelope !== 'string') arrivals.addReceived(envelope, at + 40);
  }
  return arrivals.window(name, { notJson: 0, noEnvelope: 0 });
}
