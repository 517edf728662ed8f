import type { ArrivalsBacklog } from '../aws/arrivals-backlog.ts';
import type { Metrics } from '../aws/metric-sums.ts';
import type { RunStore } from '../aws/run-store.ts';
import { makeLedger } from '../measure/ledger.ts';
import { isReadByRule } from '../plan/observers.ts';
import type { JudgedHold, SearchStep } from '../plan/search/judged-hold.ts';
import { isHoldComplete, judgeHold } from '../report/judge-hold.ts';
import { noBacklog, noteReadUpTo, readUnreadSoFar } from './collect-run.ts';
import { readCloudWatch } from './watch-thresholds.ts';
import type { WatchedRun } from './watcher.ts';

export interface JudgeDeps {
  readonly store: Pick<
    RunStore,
    'sliceResults' | 'sliceDeaths' | 'actions' | 'arrivalWindows' | 'subscribers'
  >;
  readonly metrics: Metrics;
  /** What the rule's reader has not read. */
  readonly backlog: ArrivalsBacklog;
}

/**
 * Judges a hold of a run that goes on, by what is stored of it. Nothing is read before the hold is over.
 * @returns undefined: not all of the hold is measured
 */
export async function judgeSoFar(
  { plan, actions, now }: WatchedRun,
  step: SearchStep,
  { store, metrics, backlog }: JudgeDeps,
): Promise<JudgedHold | undefined> {
  if (now < step.holdUntil) return undefined;
  const { runId, timeline } = plan;
  const ledger = makeLedger(plan, { steps: [step] });
  for await (const result of store.sliceResults(runId)) ledger.addSlice(result);
  for await (const death of store.sliceDeaths(runId)) ledger.addDeath(death);
  for (const action of actions) ledger.addAction(action);
  if (plan.subscribers !== undefined)
    for await (const record of store.subscribers(runId)) ledger.addSubscriber(record);
  const known = new Set<string>();
  const readUpTo = new Map<string, string>();
  const readWindows = async (): Promise<void> => {
    for await (const window of store.arrivalWindows(runId, known)) {
      ledger.addWindow(window);
      if (window.readUpTo !== undefined) noteReadUpTo(readUpTo, window.readUpTo);
    }
  };
  await readWindows();
  const run = { runId, createdAt: timeline.createdAt, readUpTo };
  const unread = await readUnreadSoFar(isReadByRule(plan) ? backlog : noBacklog, run);
  // What was read in between is in both, and nothing is in neither.
  await readWindows();
  if (!isHoldComplete({ plan, ledger, step, goesOn: true, now })) return undefined;
  const cloudwatch = await readCloudWatch(plan, { metrics, from: step.holdFrom, until: now });
  return judgeHold({ plan, ledger, step, cloudwatch, backlog: unread, goesOn: true, now });
}
