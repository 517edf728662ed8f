import type { Execution } from '../../aws/executions.ts';
import { makeArrivalRate } from '../../plan/arrival-rate.ts';
import type { Plan } from '../../plan/plan.ts';
import { StampedeError } from '../../shared/errors.ts';
import type { Backend } from '../backend/backend.ts';
import type { ProgressDisplay } from '../output/progress-display.ts';
import { NoSuchRunError } from '../runs/run-directory.ts';
import type { Interrupts } from './interrupts.ts';
import type { ProgressTotals } from './progress.ts';
import { makeRateMeter } from './rate-meter.ts';

/** What following a run needs of the world. */
export interface RunWatch extends Pick<Backend, 'live' | 'lookEveryMs' | 'stopPatienceMs'> {
  readonly runId: string;
  readonly executionArn: string;
  readonly executions: Pick<Backend['executions'], 'describe' | 'stop'>;
  readonly control: Pick<Backend['control'], 'requestStop'>;
  readonly record: Pick<Backend['record'], 'getPlan'>;
  readonly display: Pick<ProgressDisplay, 'show' | 'say'>;
  readonly interrupts: Pick<Interrupts, 'stop'>;
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** Assumed age of totals without an instant: slices and the subscriber report about once a second. */
const reportAgeMs = 500;

/** Shows a run's progress until its execution has ended, whichever way. */
export async function followRun(watch: RunWatch): Promise<Execution> {
  const { runId, executionArn, executions, interrupts } = watch;
  const sent = makeRateMeter();
  const intended = makeRateMeter();
  let plan: Plan | undefined;
  let intendedBy = (_now: number): number => 0;
  let stopDeadline: number | undefined;

  for (;;) {
    const execution = await executions.describe(executionArn);
    if (execution.status !== 'RUNNING') return execution;

    if (plan === undefined) {
      plan = await planIfAny(watch.record, runId);
      if (plan !== undefined) {
        intendedBy = makeIntendedBy(plan);
        // Before it nothing is sent, and no rate is a mean with that.
        for (const meter of [sent, intended]) meter.measure(0, plan.timeline.publishAt);
      }
    }
    if (interrupts.stop.aborted && stopDeadline === undefined) {
      stopDeadline = watch.now() + watch.stopPatienceMs + (plan?.profile.drainMs ?? 0);
      watch.display.say('stopping… (Ctrl-C again to quit at once)');
      await watch.control.requestStop(runId, { reason: 'stopped by the user', at: watch.now() });
    }
    if (stopDeadline !== undefined && watch.now() > stopDeadline) {
      await executions.stop(executionArn, 'The run was asked to stop and did not end by itself.');
      return executions.describe(executionArn);
    }

    const { totals: reported, notes = [], ...figures } = await watch.live({ runId, executionArn, plan });
    for (const note of notes) watch.display.say(note);
    const now = watch.now();
    const totals = reported && ofOneInstant(reported);
    const totalsAt =
      reported?.complete === undefined ? now - reportAgeMs : reported.complete.untilSecond * 1_000;
    const publishes = plan !== undefined && totalsAt > plan.timeline.publishAt;
    watch.display.show({
      ...(plan === undefined ? {} : { plan }),
      ...figures,
      ...(totals === undefined ? {} : { totals }),
      sentPerSecond: publishes && totals !== undefined ? sent.measure(totals.sent, totalsAt) : 0,
      intendedPerSecond: publishes ? intended.measure(intendedBy(totalsAt), totalsAt) : 0,
      now,
      stopping: stopDeadline !== undefined,
    });
    await watch.sleep(watch.lookEveryMs);
  }
}

/**
 * Slices and the subscriber report each at their own pace: shown side by side are sums of the same seconds. Without
 * such sums, what has arrived counts as sent, even if the slice has not reported it yet.
 */
function ofOneInstant({ complete, ...totals }: ProgressTotals): ProgressTotals {
  if (complete === undefined) return { ...totals, sent: Math.max(totals.sent, totals.arrivals) };
  const { untilSecond: _, connects, intended: _intended, ...counts } = complete;
  return { ...totals, ...counts, connected: connects, complete };
}

/** Undefined until it is made. */
export async function planIfAny(record: RunWatch['record'], runId: string): Promise<Plan | undefined> {
  try {
    return await record.getPlan(runId);
  } catch (error) {
    // By its code: the class would load the SDK's client for every command.
    const isNotFound = error instanceof StampedeError && error.code === 'RunNotFound';
    if (isNotFound || error instanceof NoSuchRunError) return undefined;
    throw error;
  }
}

/** Messages intended over the whole run by an instant, from the plan alone: what the sent ones are held against. */
function makeIntendedBy({ profile, timeline }: Plan): (at: number) => number {
  const rate = makeArrivalRate(profile);
  return (at) => rate.messagesBy(at - timeline.publishAt);
}
