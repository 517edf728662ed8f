import type { Execution } from '../../aws/executions.ts';
import type { RunTotals } from '../../live/run-totals.ts';
import { arrivalRatesOf } from '../../plan/groups.ts';
import type { Plan } from '../../plan/plan.ts';
import { mostPlannedUsers, plannedUsersAt } from '../../plan/user-activity.ts';
import { variablesNamedIn } from '../../profile/credential-variables.ts';
import { takesAnyPayload } from '../../profile/encoding.ts';
import { describeHold } from '../../report/describe-hold.ts';
import type { Report } from '../../report/report-model.ts';
import { wrapText } from '../../report/text-table.ts';
import { sumBy } from '../../shared/counts.ts';
import type { Backend, RunSite } from '../backend/backend.ts';
import type { ProgressDisplay } from '../output/progress-display.ts';
import { executionReportOf, reportIfAny } from '../runs/make-report.ts';
import type { Interrupts } from './interrupts.ts';
import { makePlanSoFar } from './plan-so-far.ts';
import type { UserCounts } from './progress.ts';
import { makeRateMeter } from './rate-meter.ts';
import { makeSearchSoFar, type SearchSoFar } from './search-so-far.ts';

export interface EndedRun {
  /** Where the functions' output lies. */
  readonly logs: string;
  /** Absent: stopped before it had begun. */
  readonly execution?: Execution;
  readonly report?: Report;
}

export interface RunRequest {
  readonly runId: string;
  /** The load profile in the user's form. */
  readonly input: unknown;
  readonly display: ProgressDisplay;
  readonly interrupts: Interrupts;
  /** The run has begun on this backend. */
  readonly onBegun?: (backend: Backend) => void;
}

/** One run, from its start to its report. */
export async function runToReport(site: RunSite, request: RunRequest): Promise<EndedRun> {
  const { runId, input, display, interrupts, onBegun } = request;
  const signing = await site.signingOf(input);
  await site.checkTarget(runId, input);
  const backend = await site.open({
    say: display.say,
    quit: interrupts.quit,
    variables: variablesNamedIn(input),
    payloads: takesAnyPayload(input) ? 'any' : 'json',
    ...(signing && { signing }),
  });
  try {
    if (interrupts.stop.aborted) return { logs: backend.logs };
    const executionArn = await backend.guard(runId, backend.executions.start(runId, input));
    onBegun?.(backend);
    return await followToReport(backend, { runId, executionArn, display, interrupts });
  } finally {
    display.end();
    await backend.close();
  }
}

export interface FollowRequest {
  readonly runId: string;
  readonly executionArn: string;
  readonly display: ProgressDisplay;
  readonly interrupts: Pick<Interrupts, 'stop'>;
}

/** From an execution in progress to its end and its report. */
export function followToReport(backend: Backend, request: FollowRequest): Promise<EndedRun> {
  return backend.guard(request.runId, followUnguarded(backend, request));
}

async function followUnguarded(backend: Backend, request: FollowRequest): Promise<EndedRun> {
  const execution = await followRun({
    ...backend,
    ...request,
    now: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  const report = await reportOfEnded(backend, execution, request.runId);
  if (report !== undefined) await backend.saveReport(report);
  return { logs: backend.logs, execution, ...(report === undefined ? {} : { report }) };
}

/** An execution that was stopped has made no report, so one is made from what is stored. */
async function reportOfEnded(
  { record }: Backend,
  execution: Execution,
  runId: string,
): Promise<Report | undefined> {
  const ending = executionReportOf(execution);
  if (record.regions !== undefined) return reportOfRegions(record, execution, runId);
  const stored = await record.getReport(runId);
  if (stored !== undefined || ending === undefined) return stored;
  return reportIfAny(record, runId, { now: Date.now(), execution: ending, subscriber: 'may-read' });
}

/** Each Region has made its own report; that of all is made here. Undefined: a Region did not even have a plan. */
async function reportOfRegions(
  record: Backend['record'],
  execution: Execution,
  runId: string,
): Promise<Report | undefined> {
  return reportIfAny(record, runId, {
    now: Date.now(),
    execution: executionReportOf(execution),
    subscriber: 'may-read',
  });
}

/** What following a run needs. */
export interface RunWatch extends Pick<Backend, 'live' | 'pollEveryMs' | 'stopTimeoutMs'> {
  readonly runId: string;
  readonly executionArn: string;
  readonly executions: Pick<Backend['executions'], 'describe' | 'stop'>;
  readonly control: Pick<Backend['control'], 'requestStop'>;
  readonly record: Pick<Backend['record'], 'getPlan' | 'actions' | 'judgedHolds'>;
  readonly display: Pick<ProgressDisplay, 'show' | 'say'>;
  readonly interrupts: Pick<Interrupts, 'stop'>;
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** Lines that stay fit a terminal of this width. */
const sayColumns = 80;
/** Assumed age of totals without an instant: slices and measure-latency report about once a second. */
const reportAgeMs = 500;

/** Shows a run's progress until its execution has ended, whichever way. */
export async function followRun(watch: RunWatch): Promise<Execution> {
  const { runId, executionArn, executions, interrupts } = watch;
  const sent = makeRateMeter();
  const intended = makeRateMeter();
  const planSoFar = makePlanSoFar(watch.record, runId);
  const searchSoFar = makeSearchSoFar(watch.record, runId);
  let search: SearchSoFar | undefined;
  let plan: Plan | undefined;
  let intendedBy = (_now: number): number => 0;
  let stopDeadline: number | undefined;

  for (;;) {
    const execution = await executions.describe(executionArn);
    if (execution.status !== 'RUNNING') return execution;

    const before = plan;
    const soFar = await planSoFar();
    plan = soFar.plan;
    const judgedBefore = search?.judged.length ?? 0;
    search = plan && (await searchSoFar(plan, soFar.actions));
    for (const line of describeNewHolds(search, judgedBefore)) watch.display.say(line);
    if (plan !== undefined && plan !== before) {
      intendedBy = makeIntendedBy(plan);
      // Before it nothing is sent, and no rate is a mean with that.
      if (before === undefined)
        for (const meter of [sent, intended]) meter.measure(0, plan.timeline.publishAt);
    }
    if (interrupts.stop.aborted && stopDeadline === undefined) {
      stopDeadline = watch.now() + watch.stopTimeoutMs + (plan?.profile.drainMs ?? 0);
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
    const users = usersOf(plan, reported);
    watch.display.show({
      ...(plan === undefined ? {} : { plan }),
      ...figures,
      ...(totals === undefined ? {} : { totals }),
      sentPerSecond: publishes && totals !== undefined ? sent.measure(totals.sent, totalsAt) : 0,
      intendedPerSecond: publishes ? intended.measure(intendedBy(totalsAt), totalsAt) : 0,
      ...(users && { users }),
      ...(search && { search }),
      now,
      stopping: stopDeadline !== undefined || soFar.isStopRequested,
    });
    await watch.sleep(watch.pollEveryMs);
  }
}

/**
 * Slices and measure-latency report each at their own pace: shown side by side are sums of the same seconds. Without
 * such sums, what has arrived counts as sent, even if the slice has not reported it yet.
 */
function ofOneInstant({ complete, ...totals }: RunTotals): RunTotals {
  if (complete === undefined) return { ...totals, sent: Math.max(totals.sent, totals.arrivals) };
  const { untilSecond: _, users: _users, connects, intended: _intended, ...counts } = complete;
  return { ...totals, ...counts, connected: connects, complete };
}

function usersOf(plan: Plan | undefined, totals: RunTotals | undefined): UserCounts | undefined {
  const most = plan && mostPlannedUsers(plan);
  const { complete, users = complete && { active: complete.users, ...complete } } = totals ?? {};
  if (plan === undefined || most === undefined || users === undefined) return undefined;
  const { active, untilSecond } = users;
  return { active, planned: plannedUsersAt(plan, untilSecond * 1_000) ?? 0, most };
}

/** A line or more for each hold that was judged since. @param before how many were judged before */
function describeNewHolds(search: SearchSoFar | undefined, before: number): string[] {
  if (search === undefined) return [];
  const { settings, judged } = search;
  return judged
    .slice(before)
    .flatMap((_, i) => wrapText(describeHold(settings, judged.slice(0, before + i + 1)), sayColumns));
}

/** Messages intended over the whole run by an instant, from the plan and its actions: the reference for the sent ones. */
function makeIntendedBy(plan: Plan): (at: number) => number {
  const rates = arrivalRatesOf(plan);
  return (at) => sumBy(rates, (rate) => rate.messagesBy(at - plan.timeline.publishAt));
}
