import type { Control } from '../aws/control.ts';
import type { Metrics } from '../aws/metric-sums.ts';
import type { RunStore } from '../aws/run-store.ts';
import { makeLedger } from '../measure/ledger.ts';
import type { SliceResult } from '../measure/slice-result.ts';
import { stopOf } from '../plan/actions/stop.ts';
import { cloudWatchProtocolsOf } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { checkpointEveryMs, watchEverySeconds } from '../plan/poll-intervals.ts';
import { cloudWatchPrefix } from '../profile/threshold-metrics.ts';
import { describeFailedThreshold, failedAbortThreshold } from '../report/abort.ts';
import type { CloudWatchView } from '../report/explanation.ts';
import { formatShare } from '../shared/format.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { readAmendedPlan } from './collect-run.ts';
import type { RunControl } from './run-control.ts';

export interface WatchDeps {
  readonly store: Pick<RunStore, 'sliceResults' | 'arrivalWindows' | 'actions'>;
  readonly control: Pick<Control, 'read'> & Pick<RunControl, 'requestStop'>;
  readonly metrics: Metrics;
  /** Epoch milliseconds. */
  now(): number;
}

/** A checkpoint that is this many times as old as it should be belongs to a slice that died, and is ignored. */
const deadAfterCheckpoints = 3;

/**
 * One poll of a run that a threshold may end: stops the run if such a threshold has failed.
 * @returns whether to poll again: false when the run was stopped, has ended, or is about to
 */
export async function watchRun(stored: Plan, deps: WatchDeps): Promise<boolean> {
  const { runId, timeline } = stored;
  const now = deps.now();
  const isLastPoll = now + watchEverySeconds * 1_000 >= timeline.publishEndAt;
  if (now < timeline.publishAt) return !(await isStopped(runId, deps));
  if (now >= timeline.publishEndAt || (await isStopped(runId, deps))) return false;

  const plan = await readAmendedPlan(deps.store, stored);
  const ledger = makeLedger(plan);
  const slices: SliceResult[] = [];
  for await (const result of deps.store.sliceResults(runId)) {
    ledger.addSlice(result);
    slices.push(result);
  }
  const running = slices.filter(({ outcome }) => outcome === 'running');
  if (slices.length === plan.slices.count && running.length === 0) return false;
  const measuredAt = reportedUntil(running, now - deadAfterCheckpoints * checkpointEveryMs(plan.profile));
  if (measuredAt === undefined) return !isLastPoll;

  for await (const window of deps.store.arrivalWindows(runId, new Set())) ledger.addWindow(window);
  const cloudwatch = needsCloudWatch(plan) ? await readSoFar(plan, deps) : noCloudWatch;
  const threshold = failedAbortThreshold({ plan, ledger: ledger.closeSoFar(), cloudwatch, measuredAt });
  if (threshold === undefined) return !isLastPoll;
  const reason = describeFailedThreshold(threshold);
  await deps.control.requestStop(runId, { reason, at: deps.now(), by: 'run', threshold });
  return false;
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

/** By an action that was stored, or by one that could only be announced. */
async function isStopped(runId: string, { store, control }: WatchDeps): Promise<boolean> {
  for await (const action of store.actions(runId)) if (stopOf(action) !== undefined) return true;
  const announced = await control.read(runId);
  return announced !== undefined && stopOf(announced) !== undefined;
}

/** The instant up to which all running slices have reported; undefined while none has. */
function reportedUntil(running: readonly SliceResult[], aliveSince: number): number | undefined {
  const instants = running.map(({ at }) => at).filter((at) => at >= aliveSince);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

const noCloudWatch: CloudWatchView = { sums: {}, requested: [] };

/** CloudWatch is a minute or more behind: what it does not show yet fails nothing. */
async function readSoFar(plan: Plan, { metrics, now }: WatchDeps): Promise<CloudWatchView> {
  if (traitsOf(plan.target).serviceCounts !== 'cloudwatch') return noCloudWatch;
  const sums = await metrics.sums(cloudWatchProtocolsOf(plan), plan.timeline.createdAt, now());
  return { sums, requested: metrics.names };
}

function needsCloudWatch({ profile }: Plan): boolean {
  return Object.entries(profile.thresholds).some(
    ([metric, list]) => metric.startsWith(cloudWatchPrefix) && list.some(({ abortOnFail }) => abortOnFail),
  );
}
