import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import type { BrokerSamples } from '../../../src/measure/broker-samples.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import type { Ledger } from '../../../src/measure/ledger.ts';
import { readEnvelope } from '../../../src/measure/rule-record.ts';
import { RunArrivals } from '../../../src/measure/run-arrivals.ts';
import type { SubscriberRecord } from '../../../src/measure/subscriber-record.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { firstSubscriberSlice } from '../../../src/plan/subscribers.ts';
import type { BrokerCounter } from '../../../src/targets/mqtt/sys-topics.ts';
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

/** A run that a subscriber counts, alone or beside the rule. */
export interface SubscribedSituation {
  /** A broker; absent: IoT Core, whose rule counts as well. */
  readonly target?: Target;
  /** Messages of other runs that came to it with the messages of slice 0. */
  readonly otherRuns?: number;
  /** What it stored of itself, by what became of the messages; null: nothing. */
  readonly record?: ((counts: FateCounts, plan: Plan) => Partial<SubscriberRecord>) | null;
  /** Type of the error that it died of, as the state machine stored it. */
  readonly diedOf?: string;
}

export interface FateCounts {
  readonly sent: number;
  readonly taken: number;
  readonly received: number;
  readonly duplicates: number;
}

/** What the rule's reader stored; of a run with a subscriber, the same as its subscriber saw it, in its place or beside it. */
export function addWindow(
  ledger: Ledger,
  window: ArrivalWindow,
  situation: SubscribedSituation | undefined,
): void {
  if (situation?.target === undefined) ledger.addWindow(window);
  if (situation === undefined) return;
  const latencies = { ...window.latencies, rule_latency: new LatencyHistogram().encode() };
  const { otherRuns = 0 } = situation;
  const unrelated = Object.hasOwn(window.seen, '0')
    ? { ...window.unrelated, otherRun: otherRuns }
    : window.unrelated;
  ledger.addWindow({ ...window, observer: 'subscriber', latencies, unrelated });
}

/** A broker's counts of a run: one value before it, one after. */
export function brokerSamplesOf(
  { timeline }: Plan,
  counts: Readonly<Partial<Record<BrokerCounter, number>>>,
  name = 'Mosquitto',
): BrokerSamples {
  const { startAt, drainEndAt } = timeline;
  const samples = Object.entries(counts).flatMap(([counter, count]) =>
    [
      { at: startAt, value: 1_000 },
      { at: drainEndAt, value: 1_000 + count },
    ].map((sample) => ({ counter: counter as BrokerCounter, topic: `$SYS/${counter}`, ...sample })),
  );
  return { name, since: startAt, samples };
}
