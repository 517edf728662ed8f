import type { Control } from '../aws/control.ts';
import type { Execution, Executions } from '../aws/executions.ts';
import { RunNotFoundError, type RunStore } from '../aws/run-store.ts';
import { makeArrivalRate } from '../plan/arrival-rate.ts';
import type { Plan } from '../plan/plan.ts';
import type { Interrupts } from './interrupts.ts';
import type { ProgressTotals } from './progress.ts';
import type { ProgressDisplay } from './progress-display.ts';
import { makeRateMeter } from './rate-meter.ts';

/** What following a run needs of the world. */
export interface RunWatch {
  readonly runId: string;
  readonly executionArn: string;
  readonly executions: Pick<Executions, 'describe' | 'stop'>;
  readonly control: Pick<Control, 'requestStop'>;
  readonly store: Pick<RunStore, 'getPlan'>;
  readonly display: Pick<ProgressDisplay, 'show' | 'say'>;
  readonly interrupts: Pick<Interrupts, 'stop'>;
  live(): Promise<ProgressTotals>;
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

const tickMs = 250;

/** Slices and the subscriber report about once a second: what they are held against is as old as their reports. */
const reportAgeMs = 500;

/**
 * A stopped run still disconnects its devices, drains and writes its report: the profile's drain and this much more.
 * Past it the execution is stopped from outside, without a report.
 */
const stopPatienceMs = 60_000;

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
      plan = await readPlan(watch);
      if (plan !== undefined) intendedBy = makeIntendedBy(plan);
    }
    if (interrupts.stop.aborted && stopDeadline === undefined) {
      stopDeadline = watch.now() + stopPatienceMs + (plan?.profile.drainMs ?? 0);
      watch.display.say('stopping… (Ctrl-C again to quit at once)');
      await watch.control.requestStop(runId, { reason: 'stopped by the user', at: watch.now() });
    }
    if (stopDeadline !== undefined && watch.now() > stopDeadline) {
      await executions.stop(executionArn, 'The run was told to stop and did not end by itself.');
      return executions.describe(executionArn);
    }

    const totals = withArrivedAsSent(await watch.live());
    const now = watch.now();
    watch.display.show({
      ...(plan === undefined ? {} : { plan }),
      totals,
      sentPerSecond: sent.measure(totals.sent, now),
      intendedPerSecond: intended.measure(intendedBy(now), now),
      now,
      stopping: stopDeadline !== undefined,
    });
    await watch.sleep(tickMs);
  }
}

/** Slices and the subscriber report each at their own pace; what has arrived was sent, whoever says so first. */
function withArrivedAsSent(totals: ProgressTotals): ProgressTotals {
  return { ...totals, sent: Math.max(totals.sent, totals.arrivals) };
}

async function readPlan({ store, runId }: RunWatch): Promise<Plan | undefined> {
  try {
    return await store.getPlan(runId);
  } catch (error) {
    if (error instanceof RunNotFoundError) return undefined;
    throw error;
  }
}

/** Messages intended over the whole run by an instant, from the plan alone: what the sent ones are held against. */
function makeIntendedBy({ profile, timeline }: Plan): (now: number) => number {
  const rate = makeArrivalRate(profile);
  return (now) => rate.messagesBy(now - timeline.publishAt - reportAgeMs);
}
