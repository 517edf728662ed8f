import type { ArrivalsBacklog } from '../aws/arrivals-backlog.ts';
import type { Metrics } from '../aws/metric-sums.ts';
import type { RunStore } from '../aws/run-store.ts';
import { type Ledger, makeLedger } from '../measure/ledger.ts';
import type { Backlog } from '../measure/unread-backlog.ts';
import type { StoredAction } from '../plan/actions/action.ts';
import { stopOf } from '../plan/actions/stop.ts';
import { isReadByRule } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import type { JudgedHold, SearchStep } from '../plan/search/judged-hold.ts';
import { issuedSteps } from '../plan/search/step-actions.ts';
import { isHoldComplete, isOverloadedSoFar, judgeHold } from '../report/judge-hold.ts';
import type { SearchRecord } from '../report/search-report.ts';
import { addDeadLetters, noBacklog, noteReadUpTo, readUnreadSoFar } from './collect-run.ts';
import { readCloudWatch } from './watch-thresholds.ts';
import type { WatchedRun } from './watcher.ts';

type HoldStore = Pick<
  RunStore,
  'sliceResults' | 'sliceDeaths' | 'actions' | 'arrivalWindows' | 'subscribers'
>;

export interface JudgeDeps {
  readonly store: HoldStore;
  readonly metrics: Metrics;
  /** What the rule's reader has not read, and what was given up. */
  readonly backlog: ArrivalsBacklog;
}

/**
 * Judges a hold of a run that goes on, by what is stored of it. Nothing is read before the hold is over, and what was given up only where
 * messages are missing.
 * @returns undefined: not all of the hold is measured
 */
export async function judgeSoFar(
  { plan, actions, now }: WatchedRun,
  step: SearchStep,
  deps: JudgeDeps,
): Promise<JudgedHold | undefined> {
  if (now < step.holdUntil) return undefined;
  const { runId, timeline } = plan;
  const { store, metrics } = deps;
  const queues = isReadByRule(plan) ? deps.backlog : noBacklog;
  const { ledger, readWindows } = await readHolds(plan, actions, [step], store);
  const readUpTo = await readWindows();
  const run = { runId, createdAt: timeline.createdAt, readUpTo };
  const unread = await readUnreadSoFar(queues, run);
  // What was read in between is in both, and nothing is in neither.
  await readWindows();
  const isComplete = isHoldComplete({ plan, ledger, step, goesOn: true, now });
  if (!isComplete && !isOverloadedSoFar({ plan, ledger, step, backlog: unread, goesOn: true, now }))
    return undefined;
  const isMissingSome = ledger.closeHold(step, true, unread).messages.lost > 0;
  const backlog = isMissingSome ? await addDeadLetters(unread, queues.deadLetterQueues, run) : unread;
  const cloudwatch = await readCloudWatch(plan, { metrics, from: step.holdFrom, until: now });
  return judgeHold({ plan, ledger, step, cloudwatch, backlog, goesOn: true, now });
}

interface RecordDeps {
  readonly store: HoldStore & Pick<RunStore, 'judgedHolds'>;
  readonly metrics: Metrics;
  /** As the ledger of the run has it. */
  readonly backlog: Backlog;
}

/**
 * Judges every hold of a search that has ended, those that its end cut short excepted. From the same record it is the same whenever it is
 * made.
 * @param plan with the run's actions
 * @param now epoch milliseconds
 * @returns undefined: the run has no search
 */
export async function judgeSearch(
  plan: Plan,
  { store, metrics, backlog }: RecordDeps,
  now: number,
): Promise<SearchRecord | undefined> {
  const { runId, profile, timeline } = plan;
  const { search } = profile;
  if (search === undefined) return undefined;
  const actions: StoredAction[] = [];
  for await (const action of store.actions(runId)) actions.push(action);
  const seen: JudgedHold[] = [];
  for await (const hold of store.judgedHolds(runId)) seen.push(hold);
  const endedAt = Math.min(timeline.publishEndAt, ...actions.flatMap((each) => stopOf(each)?.at ?? []));
  const drainedAt = endedAt + timeline.drainEndAt - timeline.publishEndAt;
  const steps = issuedSteps(actions).flatMap(({ step }) => (step.holdUntil <= endedAt ? [step] : []));
  const { ledger, readWindows } = await readHolds(plan, actions, steps, store);
  await readWindows();
  const judged: JudgedHold[] = [];
  for (const step of steps) {
    const cloudwatch = await readCloudWatch(plan, { metrics, from: step.holdFrom, until: step.holdUntil });
    const ofRecord = { goesOn: false, now: Math.min(now, drainedAt) };
    judged.push(judgeHold({ plan, ledger, step, cloudwatch, backlog, ...ofRecord }));
  }
  return { settings: search, judged, seen };
}

/** @returns readWindows: adds the arrival windows that are new @returns of it: for each shard of a stream, the last record in a window */
async function readHolds(
  plan: Plan,
  actions: readonly StoredAction[],
  steps: readonly SearchStep[],
  store: HoldStore,
): Promise<{ readonly ledger: Ledger; readWindows(): Promise<ReadonlyMap<string, string>> }> {
  const { runId } = plan;
  const ledger = makeLedger(plan, { steps });
  for await (const result of store.sliceResults(runId)) ledger.addSlice(result);
  for await (const death of store.sliceDeaths(runId)) ledger.addDeath(death);
  for (const action of actions) ledger.addAction(action);
  if (plan.subscribers !== undefined)
    for await (const record of store.subscribers(runId)) ledger.addSubscriber(record);
  const known = new Set<string>();
  const readUpTo = new Map<string, string>();
  const readWindows = async (): Promise<ReadonlyMap<string, string>> => {
    for await (const window of store.arrivalWindows(runId, known)) {
      ledger.addWindow(window);
      if (window.readUpTo !== undefined) noteReadUpTo(readUpTo, window.readUpTo);
    }
    return readUpTo;
  };
  return { ledger, readWindows };
}
