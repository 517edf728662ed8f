import { makeLedger } from '../measure/ledger.ts';
import type { SliceResult } from '../measure/slice-result.ts';
import type { LiveAction, StoredAction } from '../plan/actions/action.ts';
import { stopOf } from '../plan/actions/stop.ts';
import { withActions } from '../plan/actions/with-actions.ts';
import { isLookedAt } from '../plan/folds.ts';
import type { Plan } from '../plan/plan.ts';
import { pollEverySeconds, type WatchReason, watchReasonOf } from '../plan/poll-intervals.ts';
import { formatShare } from '../shared/format.ts';
import { watchSearch } from './watch-search.ts';
import { watchThresholds } from './watch-thresholds.ts';
import type { WatchDeps, WatchedRun, Watcher } from './watcher.ts';

const watchers: Readonly<Record<WatchReason, Watcher>> = { thresholds: watchThresholds, search: watchSearch };

/**
 * One look at a run in progress. Of one whose files are folded only, whether it goes on.
 * @returns whether to look again: false when the run was stopped, has ended, or is about to
 */
export async function watchRun(stored: Plan, deps: WatchDeps): Promise<boolean> {
  const { runId, timeline, profile } = stored;
  const reason = watchReasonOf(profile);
  const now = deps.now();
  if (!isLookedAt(stored) || now >= timeline.publishEndAt) return false;
  const actions: StoredAction[] = [];
  for await (const action of deps.store.actions(runId)) actions.push(action);
  const announced = await deps.control.read(runId);
  // One that could not be stored was only announced.
  if (announced !== undefined && isStop(announced)) return false;
  if (actions.some(isStop)) {
    await deps.control.announceStored(runId);
    return false;
  }
  if (reason === undefined) return true;
  const plan = withActions(stored, actions);
  const run: WatchedRun = {
    plan,
    actions,
    ...(announced && { announced }),
    now,
    isLast: now + pollEverySeconds(plan) * 1_000 >= timeline.publishEndAt,
    async readSlices() {
      const ledger = makeLedger(plan);
      const slices: SliceResult[] = [];
      for await (const result of deps.store.sliceResults(runId)) {
        ledger.addSlice(result);
        slices.push(result);
      }
      return { slices, ledger };
    },
  };
  return watchers[reason](run, deps);
}

/** The Map has failed, and with it the slices' executions. Their Lambdas run on until they receive a stop. */
export async function stopSlices(
  { runId, profile }: Plan,
  failure: string,
  { control, now }: Pick<WatchDeps, 'control' | 'now'>,
): Promise<void> {
  const tolerated = formatShare(profile.slices.toleratedFailureShare);
  const reason = `more than ${tolerated} of the slices failed (${failure})`;
  await control.requestStop(runId, { reason, at: now(), by: 'run' });
}

function isStop(action: LiveAction): boolean {
  return stopOf(action) !== undefined;
}
