import { setTimeout as sleep } from 'node:timers/promises';
import type { ArrivalsBacklog, DeadLetterQueue, ReadRun, Unread } from '../aws/arrivals-backlog.ts';
import type { MetricSums, Metrics } from '../aws/metric-sums.ts';
import type { RunStore } from '../aws/run-store.ts';
import { type Ledger, makeLedger } from '../measure/ledger.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import { noteReadUpTo, positionsOf } from '../measure/stream-batch.ts';
import { type Backlog, emptyBacklog } from '../measure/unread-backlog.ts';
import type { StoredAction } from '../plan/actions/action.ts';
import { withActions } from '../plan/actions/with-actions.ts';
import { cloudWatchProtocolsOf } from '../plan/groups.ts';
import { isReadByRule, ruleObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import { formatPlural } from '../shared/format.ts';
import { traitsOf } from '../targets/traits-of.ts';

/** Windows that were put into the run store by now show up within this, and what the rule still delivers is in the queue. */
const quietMs = 5_000;
const pollEveryMs = 500;
const pollMetricsEveryMs = 5_000;

/** Monotonic milliseconds, and a wait; virtual in tests. */
export interface CollectClock {
  now(): number;
  sleep(ms: number): Promise<unknown>;
}

const systemClock: CollectClock = { now: () => performance.now(), sleep: (ms) => sleep(ms) };

export interface CollectOptions {
  /** What the reader has not read, and what was given up. */
  readonly backlog: ArrivalsBacklog;
  /** How long to wait for the reader at most, milliseconds. */
  readonly waitAtMostMs: number;
  readonly clock?: CollectClock;
}

export interface CollectedRun {
  readonly ledger: RunLedger;
  /** What the queues held of the run, and what was given up: the ledger was closed with it. */
  readonly backlog: Backlog;
}

type RunRecord = Pick<
  RunStore,
  'sliceResults' | 'sliceDeaths' | 'actions' | 'arrivalWindows' | 'subscribers'
>;

/**
 * Reads back all that a run has left: slice results, then arrival windows until the subscribers have ended and the rule's reader misses
 * nothing, or the queue is empty and no window comes any more, or the queue holds messages that nothing reads. What is then still missing
 * is what the queues hold, and what is lost.
 * @param plan with the run's actions (`readAmendedPlan`)
 */
export async function collectRun(
  store: RunRecord,
  plan: Plan,
  { backlog, waitAtMostMs, clock = systemClock }: CollectOptions,
): Promise<CollectedRun> {
  const ledger = await readSlices(store, plan);
  const isRead = isReadByRule(plan);
  const known = new Set<string>();
  const giveUpAt = clock.now() + waitAtMostMs;
  let progressAt = clock.now();
  let before = Number.POSITIVE_INFINITY;
  let missing = missingOf(ledger);
  const readUpTo = new Map<string, string>();
  const run = { runId: plan.runId, createdAt: plan.timeline.createdAt, readUpTo };
  for (;;) {
    // Before the windows: what is read in between is in both, what was read before in the windows, and nothing in neither.
    const unread = await readUnread(isRead ? backlog : noBacklog, run);
    if (!ledger.haveSubscribersEnded) await readSubscribers(store, plan, ledger);
    const windows = known.size;
    for await (const window of store.arrivalWindows(plan.runId, known)) {
      ledger.addWindow(window);
      for (const position of positionsOf(window)) noteReadUpTo(readUpTo, position);
    }
    const hasNew = known.size > windows;
    // Closing a ledger of 10,000 slices takes its time, and only a window can change what is missing.
    if (hasNew) missing = missingOf(ledger);
    if (missing === 0 && ledger.haveSubscribersEnded)
      return { ledger: ledger.close(), backlog: emptyBacklog };
    const now = clock.now();
    if (hasNew || unread.count < before) progressAt = now;
    before = unread.count;
    const holdsSome = unread.count > 0 || unread.mayHoldMore === true;
    const giveUpAfterMs = holdsSome ? unread.longestPauseMs : quietMs;
    if (now - progressAt >= giveUpAfterMs || now >= giveUpAt) {
      const { deadLetterQueues } = isRead ? backlog : noBacklog;
      const held = await addDeadLetters(unreadOf(unread), deadLetterQueues, run);
      return { ledger: ledger.close(held), backlog: held };
    }
    await clock.sleep(pollEveryMs);
  }
}

/**
 * The same for a run whose queues can no longer be read: messages that have not arrived are not known to be lost.
 * @param backlog why they cannot be read (`unknownBacklog`)
 */
export async function collectRecord(store: RunRecord, plan: Plan, backlog: Backlog): Promise<RunLedger> {
  const ledger = await readSlices(store, plan);
  for await (const window of store.arrivalWindows(plan.runId, new Set())) ledger.addWindow(window);
  return ledger.close(backlog);
}

/** The plan with what the run's actions have made of its rates so far. */
export async function readAmendedPlan(store: Pick<RunStore, 'actions'>, plan: Plan): Promise<Plan> {
  const actions: StoredAction[] = [];
  for await (const action of store.actions(plan.runId)) actions.push(action);
  return withActions(plan, actions);
}

async function readSlices(store: RunRecord, plan: Plan): Promise<Ledger> {
  const ledger = makeLedger(plan);
  for await (const result of store.sliceResults(plan.runId)) ledger.addSlice(result);
  for await (const death of store.sliceDeaths(plan.runId)) ledger.addDeath(death);
  for await (const action of store.actions(plan.runId)) ledger.addAction(action);
  await readSubscribers(store, plan, ledger);
  return ledger;
}

async function readSubscribers(store: RunRecord, plan: Plan, ledger: Ledger): Promise<void> {
  if (plan.subscribers === undefined) return;
  for await (const record of store.subscribers(plan.runId)) ledger.addSubscriber(record);
}

/** Of a run whose messages no rule reads: what the stack's queues hold is not its own. */
export const noBacklog: ArrivalsBacklog = { deadLetterQueues: [] };

/** Messages that the rule's reader has not stored: with no queue that could hold anything, they would be lost. */
function missingOf(ledger: Ledger): number {
  return ledger.close().observers[ruleObserver]?.lost ?? 0;
}

interface ReadUnread extends Unread {
  readonly unseenBecause: readonly string[];
}

async function readUnread({ source }: ArrivalsBacklog, run: ReadRun): Promise<ReadUnread> {
  const nothing = { count: 0, longestPauseMs: 0, unseenBecause: [] };
  if (source === undefined) return nothing;
  try {
    return { ...(await source.unread(run)), unseenBecause: [] };
  } catch (error) {
    return { ...nothing, unseenBecause: [describeUnreadable(source.name, error)] };
  }
}

/** Messages of a run that goes on which the rule's reader has not stored; what was given up, `addDeadLetters` reads. */
export async function readUnreadSoFar(backlog: ArrivalsBacklog, run: ReadRun): Promise<Backlog> {
  return unreadOf(await readUnread(backlog, run));
}

function unreadOf({ count, messages, unseenBecause }: ReadUnread): Backlog {
  return {
    ...emptyBacklog,
    unread: count,
    ...(messages && { unreadMessages: messages }),
    unseen: unseenBecause.length > 0 ? Number.POSITIVE_INFINITY : 0,
    unseenBecause,
  };
}

/** A backlog and what was given up of a run. */
export async function addDeadLetters(
  unread: Backlog,
  deadLetterQueues: readonly DeadLetterQueue[],
  { runId, createdAt }: Pick<ReadRun, 'runId' | 'createdAt'>,
): Promise<Backlog> {
  let backlog = unread;
  for (const queue of deadLetterQueues) {
    try {
      const { deadLetters, left } = await queue.read(runId, createdAt);
      backlog = { ...backlog, deadLetters: [...backlog.deadLetters, ...deadLetters] };
      if (left > 0)
        backlog = withUnseen(
          backlog,
          left,
          `${formatPlural(left, 'message')} in the ${queue.name} could not be read in time`,
        );
    } catch (error) {
      backlog = withUnseen(backlog, Number.POSITIVE_INFINITY, describeUnreadable(queue.name, error));
    }
  }
  return backlog;
}

function withUnseen(backlog: Backlog, unseen: number, because: string): Backlog {
  return {
    ...backlog,
    unseen: backlog.unseen + unseen,
    unseenBecause: [...backlog.unseenBecause, because],
  };
}

function describeUnreadable(name: string, error: unknown): string {
  return `the ${name} could not be read (${error instanceof Error ? error.name : String(error)})`;
}

export interface MetricsWait {
  readonly plan: Plan;
  /** Publishes that the service must have counted: the acknowledged ones, or at QoS 0 the sent ones. */
  readonly expectedPublishIn: number;
  /** How long CloudWatch may take to show a minute, milliseconds. */
  readonly delayMs: number;
}

/** CloudWatch's sums over the run, polled until they contain what must be there, or until the time is over. */
export async function settledSums(
  metrics: Metrics,
  { plan, expectedPublishIn, delayMs }: MetricsWait,
): Promise<MetricSums> {
  if (traitsOf(plan.target).serviceCounts !== 'cloudwatch') return {};
  const giveUpAt = performance.now() + delayMs;
  for (;;) {
    const sums = await metrics.sums(cloudWatchProtocolsOf(plan), plan.timeline.createdAt, Date.now());
    if ((sums['PublishIn.Success'] ?? 0) >= expectedPublishIn) return sums;
    const leftMs = giveUpAt - performance.now();
    if (leftMs <= 0) return sums;
    await sleep(Math.min(pollMetricsEveryMs, leftMs));
  }
}
