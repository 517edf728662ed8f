import type { Metrics } from '../aws/metric-sums.ts';
import type { SliceResult } from '../measure/slice-result.ts';
import { cloudWatchProtocolsOf } from '../plan/groups.ts';
import { legSplitOf } from '../plan/legs.ts';
import type { Plan } from '../plan/plan.ts';
import { deadAfterMs } from '../plan/poll-intervals.ts';
import { slicesHere } from '../plan/regions.ts';
import { cloudWatchPrefix } from '../profile/threshold-metrics.ts';
import { describeFailedThreshold, failedAbortThreshold } from '../report/abort.ts';
import type { CloudWatchView } from '../report/explanation.ts';
import { traitsOf } from '../targets/traits-of.ts';
import type { WatchDeps, WatchedRun } from './watcher.ts';

/** Stops the run if a threshold has failed that may end it (`abortOnFail`). @returns whether to look again */
export async function watchThresholds(run: WatchedRun, deps: WatchDeps): Promise<boolean> {
  const { plan, now, isLast } = run;
  const { runId } = plan;
  if (now < plan.timeline.publishAt) return true;
  const { slices, ledger } = await run.readSlices();
  const running = slices.filter(({ outcome }) => outcome === 'running');
  const all = slicesHere(plan).length * legSplitOf(plan).count;
  if (slices.length === all && running.length === 0) return false;
  const measuredAt = reportedUntil(running, now - deadAfterMs(plan));
  if (measuredAt === undefined) return !isLast;

  for await (const window of deps.store.arrivalWindows(runId, new Set())) ledger.addWindow(window);
  const cloudwatch = needsCloudWatch(plan)
    ? await readCloudWatch(plan, { metrics: deps.metrics, from: plan.timeline.createdAt, until: deps.now() })
    : noCloudWatch;
  const threshold = failedAbortThreshold({ plan, ledger: ledger.closeSoFar(), cloudwatch, measuredAt });
  if (threshold === undefined) return !isLast;
  const reason = describeFailedThreshold(threshold);
  await deps.control.requestStop(runId, { reason, at: deps.now(), by: 'run', threshold });
  return false;
}

/** The instant up to which all running slices that live have reported; undefined while none has. @param aliveSince epoch milliseconds */
function reportedUntil(running: readonly SliceResult[], aliveSince: number): number | undefined {
  const instants = running.map(({ at }) => at).filter((at) => at >= aliveSince);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

const noCloudWatch: CloudWatchView = { sums: {}, requested: [] };

/** CloudWatch is a minute or more behind: what it does not show yet fails nothing. @param from epoch milliseconds, as is until */
export async function readCloudWatch(
  plan: Plan,
  { metrics, from, until }: { readonly metrics: Metrics; readonly from: number; readonly until: number },
): Promise<CloudWatchView> {
  if (traitsOf(plan.target).serviceCounts !== 'cloudwatch') return noCloudWatch;
  const sums = await metrics.sums(cloudWatchProtocolsOf(plan), from, until);
  return { sums, requested: metrics.names };
}

function needsCloudWatch({ profile }: Plan): boolean {
  return Object.entries(profile.thresholds).some(
    ([metric, list]) => metric.startsWith(cloudWatchPrefix) && list.some(({ abortOnFail }) => abortOnFail),
  );
}
