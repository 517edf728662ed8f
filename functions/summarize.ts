import { makeRunStore } from '../src/aws/bucket.ts';
import { attemptsToRetain, dataPlaneClientOf, makeControl } from '../src/aws/control.ts';
import { findTarget } from '../src/aws/iot-endpoint.ts';
import { makeMetrics } from '../src/aws/metric-sums.ts';
import { makeQueueBacklog } from '../src/aws/queue-backlog.ts';
import { runKeys } from '../src/aws/run-keys.ts';
import { makeStreamBacklog } from '../src/aws/stream-backlog.ts';
import { secondsBetweenLooks } from '../src/plan/folds.ts';
import type { Plan } from '../src/plan/plan.ts';
import type { Verdict } from '../src/report/report-model.ts';
import { makeSystemClock } from '../src/shared/clock.ts';
import { messageOf } from '../src/shared/errors.ts';
import { checkPlannedTarget } from '../src/targets/planned-target.ts';
import type { Target } from '../src/targets/target.ts';
import { dataUrlOf, namesOf } from '../src/targets/traits-of.ts';
import { readEnvironment } from '../src/worker/environment.ts';
import { foldRun } from '../src/worker/fold-run.ts';
import { makeHoldJudge } from '../src/worker/judge-so-far.ts';
import { makeLiveView } from '../src/worker/live-view.ts';
import { rememberRecord } from '../src/worker/remember-record.ts';
import { makeRunControl } from '../src/worker/run-control.ts';
import { summarizeRun } from '../src/worker/summarize-run.ts';
import { stopSlices, watchRun } from '../src/worker/watch-run.ts';
import type { WatchDeps } from '../src/worker/watcher.ts';

const environment = readEnvironment(process.env);
const store = makeRunStore(environment.runBucket);
const metrics = makeMetrics(environment.ruleName);
const liveView = makeLiveView(environment.influx, { store, clock: makeSystemClock(), random: Math.random });
const { cloudWatchDelayMs, queues } = environment;
const backlog = queues.stream === undefined ? makeQueueBacklog(queues) : makeStreamBacklog(queues);
/** For looks at a run that goes on. */
const remembered = rememberRecord(store);
const judgeHold = makeHoldJudge({ store, metrics, backlog });
/** For reading the dead-letter queues, asking CloudWatch for the last time, and making the report. */
const reserveMs = 180_000;

/** The Lambda context of an invocation; only what is read here. */
interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/** What the state machine requests: the report, or an interim check while the run goes on. */
export interface SummaryRequest {
  readonly runId: string;
  readonly interim?: boolean;
  /** Why the Map ended before its slices: what of them still runs is to stop. */
  readonly failure?: string;
}

export interface Summary {
  readonly runId: string;
  readonly verdict: Verdict;
  /** Key of report.json in the run bucket. */
  readonly report: string;
}

export interface Look {
  readonly runId: string;
  /** Whether to look again, and after how many whole seconds. */
  readonly isWatched: boolean;
  readonly watchSeconds: number;
}

/** Run store, queues and CloudWatch in, report and verdict out. Safe to repeat. */
export async function handler(
  { runId, interim, failure }: SummaryRequest,
  context: LambdaContext,
): Promise<Summary | Look> {
  const plan = await store.getPlan(runId);
  const topic = makeControl(
    dataPlaneClientOf(dataUrlOf(await targetOf(plan)), { maxAttempts: attemptsToRetain }),
  );
  const control = { ...topic, ...makeRunControl({ store, control: topic }) };
  if (interim === true) {
    const watch: WatchDeps = {
      store: remembered,
      metrics,
      control,
      judgeHold,
      now: Date.now,
    };
    if (failure !== undefined) await stopSlices(plan, failure, watch);
    const isWatched = failure === undefined && (await watchRun(plan, watch));
    if (isWatched) await foldRun(plan, { store, now: Date.now }).catch(noteUnfolded);
    // No longer than the run goes on: its report waits for this branch of the state machine.
    const leftSeconds = Math.max(1, Math.ceil((plan.timeline.publishEndAt - Date.now()) / 1_000));
    return { runId, isWatched, watchSeconds: Math.min(secondsBetweenLooks(plan), leftSeconds) };
  }
  const waitAtMostMs = Math.max(0, context.getRemainingTimeInMillis() - cloudWatchDelayMs - reserveMs);
  const deps = { store, metrics, control, liveView, backlog, waitAtMostMs, cloudWatchDelayMs };
  const { verdict } = await summarizeRun(plan, deps);
  return { runId, verdict, report: runKeys.report(runId) };
}

/** The next look folds it. */
function noteUnfolded(error: unknown): void {
  console.warn(`nothing more was folded: ${messageOf(error)}`);
}

let found: Promise<Target> | undefined;

/**
 * Where the run's control messages are: this account's endpoint, whatever host plan.json names. Where the control plane does
 * not answer, the plan's if it is an endpoint of AWS IoT Core in this Region, so that no report is lost for it.
 * @throws ForgedTargetError
 */
async function targetOf({ target, control }: Plan): Promise<Target> {
  found ??= findTarget(environment);
  try {
    return await found;
  } catch {
    found = undefined;
    const region = process.env.AWS_REGION;
    const planned = control ?? target;
    return checkPlannedTarget(planned, { ...environment, region, hosts: namesOf(planned) });
  }
}
