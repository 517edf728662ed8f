import type { ArrivalsBacklog } from '../aws/arrivals-backlog.ts';
import type { Metrics } from '../aws/metric-sums.ts';
import type { RunStore } from '../aws/run-store.ts';
import { type Ledger, makeLedger } from '../measure/ledger.ts';
import { type Backlog, unknownBacklog } from '../measure/unread-backlog.ts';
import type { StoredAction } from '../plan/actions/action.ts';
import { stopOf } from '../plan/actions/stop.ts';
import { isReadByRule } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import type { JudgedHold, SearchStep } from '../plan/search/judged-hold.ts';
import { issuedSteps } from '../plan/search/step-actions.ts';
import { isHoldComplete, judgeHold } from '../report/judge-hold.ts';
import type { SearchRecord } from '../report/search-report.ts';
import { noBacklog, noteReadUpTo, readUnreadSoFar } from './collect-run.ts';
import { readCloudWatch } from './watch-thresholds.ts';
import type { WatchedRun } from './watcher.ts';

export interface JudgeDeps {
  readonly store: Pick<
    RunStore,
    'sliceResults' | 'sliceDeaths' | 'actions' | 'arrivalWindows' | 'subscribers'
  >;
  readonly metrics: Metrics;
  /** What the rule's reader has not read. Absent: it can no longer be known, so that what has not arrived is not lost for certain. */
  readonly backlog?: ArrivalsBacklog;
}

/**
 * Judges a hold of a run that goes on, by what is stored of it. Nothing is read before the hold is over.
 * @returns undefined: not all of the hold is measured
 */
export async function judgeSoFar(
  { plan, actions, now }: WatchedRun,
  step: SearchStep,
  deps: JudgeDeps,
): Promise<JudgedHold | undefined> {
  if (now < step.holdUntil) return undefined;
  const { ledger, unread } = await readHolds(plan, actions, [step], deps);
  if (!isHoldComplete({ plan, ledger, step, goesOn: true, now })) return undefined;
  const cloudwatch = await readCloudWatch(plan, { metrics: deps.metrics, from: step.holdFrom, until: now });
  return judgeHold({ plan, ledger, step, cloudwatch, backlog: unread, goesOn: true, now });
}

/**
 * Judges every hold of a search that has ended, those that its end cut short excepted.
 * @param plan with the run's actions
 * @returns undefined: the run has no search
 */
export async function judgeSearch(
  plan: Plan,
  deps: JudgeDeps & { readonly store: Pick<RunStore, 'judgedHolds'> },
  now: number,
): Promise<SearchRecord | undefined> {
  const { runId, profile } = plan;
  const { search } = profile;
  if (search?.kind !== 'capacity') return undefined;
  const actions: StoredAction[] = [];
  for await (const action of deps.store.actions(runId)) actions.push(action);
  const seen: JudgedHold[] = [];
  for await (const hold of deps.store.judgedHolds(runId)) seen.push(hold);
  const endedAt = Math.min(plan.timeline.publishEndAt, ...actions.flatMap((each) => stopOf(each)?.at ?? []));
  const steps = issuedSteps(actions).flatMap(({ step }) => (step.holdUntil <= endedAt ? [step] : []));
  const { ledger, unread } = await readHolds(plan, actions, steps, deps);
  const judged: JudgedHold[] = [];
  for (const step of steps) {
    const cloudwatch = await readCloudWatch(plan, {
      metrics: deps.metrics,
      from: step.holdFrom,
      until: step.holdUntil,
    });
    judged.push(judgeHold({ plan, ledger, step, cloudwatch, backlog: unread, goesOn: false, now }));
  }
  return { settings: search, judged, seen };
}

async function readHolds(
  plan: Plan,
  actions: readonly StoredAction[],
  steps: readonly SearchStep[],
  { store, backlog }: JudgeDeps,
): Promise<{ readonly ledger: Ledger; readonly unread: Backlog }> {
  const { runId, timeline } = plan;
  const ledger = makeLedger(plan, { steps });
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
  const unread =
    backlog === undefined
      ? unknownBacklog('the queues could not be read')
      : await readUnreadSoFar(isReadByRule(plan) ? backlog : noBacklog, run);
  // What was read in between is in both, and nothing is in neither.
  await readWindows();
  return { ledger, unread };
}
