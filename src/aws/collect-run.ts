import { setTimeout as sleep } from 'node:timers/promises';
import { type Ledger, makeLedger } from '../measure/ledger.ts';
import type { Plan } from '../plan/plan.ts';
import type { MetricSums, Metrics } from './metrics.ts';
import type { RunStore } from './run-store.ts';

/**
 * The subscriber may be behind when the drain is over: a batching window, an invocation, a redelivery. As long as new
 * windows come, it is; after this long without one, what is missing is lost.
 */
const quietMs = 5_000;
const patienceMs = 120_000;
const pollWindowsEveryMs = 500;
const pollMetricsEveryMs = 5_000;

/**
 * Reads back all that a run has left: slice results, then arrival windows until nothing is missing or nothing comes.
 * @param options goesOn false: nobody stores anything any more, and what is not there will not come
 */
export async function collectRun(
  store: Pick<RunStore, 'sliceResults' | 'sliceDeaths' | 'arrivalWindows'>,
  plan: Plan,
  { goesOn = true }: { readonly goesOn?: boolean } = {},
): Promise<Ledger> {
  const ledger = makeLedger(plan);
  for await (const result of store.sliceResults(plan.runId)) ledger.addSlice(result);
  for await (const death of store.sliceDeaths(plan.runId)) ledger.addDeath(death);

  const known = new Set<string>();
  const startedAt = performance.now();
  let lastWindowAt = startedAt;
  for (;;) {
    const before = known.size;
    for await (const window of store.arrivalWindows(plan.runId, known)) ledger.addWindow(window);
    const now = performance.now();
    if (known.size > before) lastWindowAt = now;
    if (!goesOn || ledger.close().messages.lost === 0) return ledger;
    if (now - lastWindowAt >= quietMs || now - startedAt >= patienceMs) return ledger;
    await sleep(pollWindowsEveryMs);
  }
}

export interface MetricsWait {
  readonly plan: Plan;
  /** Publishes that the service must have counted: the acknowledged ones, or at QoS 0 the sent ones. */
  readonly expectedPublishIn: number;
  /** How long CloudWatch may take to show a minute, milliseconds. */
  readonly delayMs: number;
}

/** CloudWatch's sums over the run, asked again until they show what must be there or have had their time. */
export async function settledSums(
  metrics: Metrics,
  { plan, expectedPublishIn, delayMs }: MetricsWait,
): Promise<MetricSums> {
  const protocol = plan.profile.connect.protocol === 'https' ? 'HTTP' : 'MQTT';
  const giveUpAt = performance.now() + delayMs;
  for (;;) {
    const sums = await metrics.sums(protocol, plan.timeline.createdAt, Date.now());
    if ((sums['PublishIn.Success'] ?? 0) >= expectedPublishIn) return sums;
    const leftMs = giveUpAt - performance.now();
    if (leftMs <= 0) return sums;
    await sleep(Math.min(pollMetricsEveryMs, leftMs));
  }
}
