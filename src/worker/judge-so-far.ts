import type { ArrivalsBacklog } from '../aws/arrivals-backlog.ts';
import type { Metrics } from '../aws/metric-sums.ts';
import type { RunStore } from '../aws/run-store.ts';
import type { ArrivalWindow } from '../measure/arrival-window.ts';
import { type Ledger, makeLedger } from '../measure/ledger.ts';
import { noteReadUpTo, positionsOf } from '../measure/stream-batch.ts';
import type { Backlog } from '../measure/unread-backlog.ts';
import type { StoredAction } from '../plan/actions/action.ts';
import { stopOf } from '../plan/actions/stop.ts';
import { isReadByRule } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import { deadAfterMs } from '../plan/poll-intervals.ts';
import type { JudgedHold, SearchStep } from '../plan/search/judged-hold.ts';
import { issuedSteps } from '../plan/search/step-actions.ts';
import { isHoldComplete, isOverloadedSoFar, judgeHold } from '../report/judge-hold.ts';
import type { SearchRecord } from '../report/search-report.ts';
import { addDeadLetters, noBacklog, readUnreadSoFar } from './collect-run.ts';
import { readCloudWatch } from './watch-thresholds.ts';
import type { WatchedRun } from './watcher.ts';

type HoldStore = Pick<
  RunStore,
  'sliceResults' | 'sliceDeaths' | 'actions' | 'arrivalWindows' | 'subscribers'
>;

export interface JudgeDeps {
  readonly store: HoldStore & Pick<RunStore, 'storedSlices'>;
  readonly metrics: Metrics;
  /** What the rule's reader has not read, and what was given up. */
  readonly backlog: ArrivalsBacklog;
}

/**
 * Judges holds of runs that go on, by what is stored of them. Little is read: nothing before a hold is over, slices' records not before
 * each of them is from after the hold, arrival windows once for as long as the process lasts, and what was given up only where messages are
 * missing.
 * @returns judges one hold; undefined until all of the hold is measured
 */
export function makeHoldJudge({
  store,
  metrics,
  backlog: allQueues,
}: JudgeDeps): (run: WatchedRun, step: SearchStep) => Promise<JudgedHold | undefined> {
  const arrivalsOf = makeStepArrivals(store);
  return async ({ plan, actions, now }, step) => {
    if (now < step.holdUntil) return undefined;
    const { runId, timeline } = plan;
    const aliveSince = now - deadAfterMs(plan);
    for await (const { at = now } of store.storedSlices(runId))
      if (at >= aliveSince && at < step.holdUntil) return undefined;
    const queues = isReadByRule(plan) ? allQueues : noBacklog;
    const ledger = await readHolds(plan, actions, [step], store);
    const arrivals = arrivalsOf(runId, step.step);
    await arrivals.addTo(ledger);
    const run = { runId, createdAt: timeline.createdAt, readUpTo: arrivals.readUpTo };
    const unread = await readUnreadSoFar(queues, run);
    // What was read in between is in both, and nothing is in neither.
    await arrivals.addTo(ledger);
    const hold = { plan, ledger, step, goesOn: true, now };
    if (!isHoldComplete(hold) && !isOverloadedSoFar({ ...hold, backlog: unread })) return undefined;
    const isMissingSome = ledger.closeHold(step, true, unread).messages.lost > 0;
    const backlog = isMissingSome ? await addDeadLetters(unread, queues.deadLetterQueues, run) : unread;
    const cloudwatch = await readCloudWatch(plan, { metrics, from: step.holdFrom, until: now });
    return judgeHold({ ...hold, cloudwatch, backlog });
  };
}

interface KnownArrivals {
  readonly runId: string;
  readonly step: number;
  /** Of all windows that were read. */
  readonly keys: Set<string>;
  readonly readUpTo: Map<string, string>;
  /** Those that were read since the step was issued. */
  readonly windows: ArrivalWindow[];
}

interface StepArrivals {
  /** For each shard of a stream, the last record that is in a window. */
  readonly readUpTo: ReadonlyMap<string, string>;
  /** Adds the windows of the step, those that are new included. A window that is added again changes nothing. */
  addTo(ledger: Ledger): Promise<void>;
}

/**
 * Arrival windows that may contain messages of a step. A window that was read before the step was issued has none of them and is
 * forgotten. Only the run that was read last is remembered.
 */
function makeStepArrivals(
  store: Pick<RunStore, 'arrivalWindows'>,
): (runId: string, step: number) => StepArrivals {
  let known: KnownArrivals = { runId: '', step: 0, keys: new Set(), readUpTo: new Map(), windows: [] };
  return (runId, step) => {
    if (known.runId !== runId) known = { runId, step, keys: new Set(), readUpTo: new Map(), windows: [] };
    if (known.step !== step) known = { ...known, step, keys: new Set(known.keys), windows: [] };
    const { keys, readUpTo, windows } = known;
    return {
      readUpTo,
      async addTo(ledger) {
        for (const window of windows) ledger.addWindow(window);
        for await (const window of store.arrivalWindows(runId, keys)) {
          windows.push(window);
          ledger.addWindow(window);
          for (const position of positionsOf(window)) noteReadUpTo(readUpTo, position);
        }
      },
    };
  };
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
  const ledger = await readHolds(plan, actions, steps, store);
  for await (const window of store.arrivalWindows(runId, new Set())) ledger.addWindow(window);
  const judged: JudgedHold[] = [];
  for (const step of steps) {
    const cloudwatch = await readCloudWatch(plan, { metrics, from: step.holdFrom, until: step.holdUntil });
    const ofRecord = { goesOn: false, now: Math.min(now, drainedAt) };
    judged.push(judgeHold({ plan, ledger, step, cloudwatch, backlog, ...ofRecord }));
  }
  return { settings: search, judged, seen };
}

/** The ledger of some holds, without arrivals. */
async function readHolds(
  plan: Plan,
  actions: readonly StoredAction[],
  steps: readonly SearchStep[],
  store: Omit<HoldStore, 'arrivalWindows'>,
): Promise<Ledger> {
  const { runId } = plan;
  const ledger = makeLedger(plan, { steps });
  for await (const result of store.sliceResults(runId)) ledger.addSlice(result);
  for await (const death of store.sliceDeaths(runId)) ledger.addDeath(death);
  for (const action of actions) ledger.addAction(action);
  if (plan.subscribers !== undefined)
    for await (const record of store.subscribers(runId)) ledger.addSubscriber(record);
  return ledger;
}
