import { makeDeviceTurns } from '../plan/device-turns.ts';
import { countEchoesBefore } from '../plan/echoes.ts';
import type { Plan, Slice } from '../plan/plan.ts';
import { countDueBefore, makeSliceSchedule, type SliceSchedule } from '../plan/schedule.ts';
import { sliceOf } from '../plan/slices.ts';
import { IntervalSet } from './interval-set.ts';
import type { CountsByReason } from './reason-counts.ts';
import { noMessages, type PublishCounts, type SliceResult } from './slice-result.ts';
import { type Arrived, countArrived } from './unread-backlog.ts';

/** What is kept of a slice until the arrivals are in. */
export interface SliceTotals
  extends Pick<SliceResult, 'outcome' | 'at' | 'devices' | 'messages' | 'droppedBy' | 'undecided'> {
  readonly startLagMs: number;
  readonly sent: IntervalSet;
}

/** A slice's part of the ledger, once it is closed. */
export interface SliceEntry {
  readonly messages: SliceMessages;
  readonly droppedBy: CountsByReason;
  readonly connected: number;
  /** Devices of which it is not known whether they were connected: their slice died. */
  readonly devicesUnknown: number;
  /** Messages that the slice should have received on its devices' own subscriptions, by what it recorded as sent. */
  readonly echoesDue: number;
  /** By stage of the profile: messages intended within it, and how many of those were sent. */
  readonly stages: readonly StageCounts[];
}

interface SliceMessages extends PublishCounts {
  readonly sendUnknown: number;
  readonly ackUnknown: number;
  readonly received: number;
  readonly deadLettered: number;
  /** Sent, and neither of the two. */
  readonly missing: number;
}

export interface StageCounts {
  readonly intended: number;
  readonly sent: number;
}

/** How a run ended, or that it goes on: what its slices owe. */
export interface RunEnding {
  /** Slices that have not ended still run, and count only what they had intended by then. */
  readonly goesOn: boolean;
  /** Epoch milliseconds of the request to stop the run. */
  readonly stoppedAt: number | undefined;
  /** Whether publishes are acknowledged at all. */
  readonly acknowledged: boolean;
}

export interface SliceRecord {
  /** Undefined: the slice left neither result nor checkpoint. */
  readonly book: SliceTotals | undefined;
  readonly arrived: Arrived;
  /** Epoch milliseconds: the slice had died by then. Undefined: it is not known when. */
  readonly diedBy: number | undefined;
}

/** Closes the entries of a plan's slices; safe to call again when more has arrived. */
export function makeSliceCloser(
  plan: Plan,
): (slice: number, record: SliceRecord, run: RunEnding) => SliceEntry {
  const stageEnds = stageEndsOf(plan);
  const numbersOf = new Map<number, SliceNumbers>();
  return (number, record, run) => {
    let numbers = numbersOf.get(number);
    if (numbers === undefined) {
      const slice = sliceOf(plan, number);
      const schedule = makeSliceSchedule(plan, slice);
      numbers = { slice, schedule, stageEnds: stageEnds.map((ms) => countDueBefore(schedule, ms)) };
      numbersOf.set(number, numbers);
    }
    return closeSlice(plan, numbers, record, run);
  };
}

/** What a slice's numbers mean, by the plan alone. */
interface SliceNumbers {
  readonly slice: Slice;
  readonly schedule: SliceSchedule;
  /** By stage: its messages have lower numbers than this, and those of later stages do not. */
  readonly stageEnds: readonly number[];
}

/** Milliseconds after the schedule's zero; what rounding leaves past the last stage belongs to it. */
function stageEndsOf({ profile }: Plan): number[] {
  let end = 0;
  const ends = profile.stages.map(({ durationMs }) => {
    end += durationMs;
    return end;
  });
  return [...ends.slice(0, -1), Number.POSITIVE_INFINITY];
}

function closeSlice(plan: Plan, numbers: SliceNumbers, record: SliceRecord, run: RunEnding): SliceEntry {
  const { slice } = numbers;
  const { book, arrived } = record;
  if (book === undefined || book.outcome === 'running') return closeUnended(plan, numbers, record, run);
  const { echoed: _, ...counts } = book.messages;
  // The remaining messages of a failed slice were intended, but never sent.
  const isCutShort = run.goesOn || run.stoppedAt !== undefined;
  const rest = book.outcome === 'failed' && !isCutShort ? Math.max(0, slice.messages - counts.intended) : 0;
  const messages = {
    ...counts,
    intended: counts.intended + rest,
    dropped: counts.dropped + rest,
    sendUnknown: 0,
    ackUnknown: 0,
    ...countArrived(book.sent, arrived),
  };
  return {
    messages,
    droppedBy: { ...book.droppedBy, 'slice-failed': rest },
    connected: book.devices.connected,
    devicesUnknown: 0,
    echoesDue: countEchoes(plan, slice, book.sent),
    stages: countStages(numbers, messages.intended, book.sent),
  };
}

/**
 * A slice that died, or that still runs. Sent is what its checkpoint counts together with what arrived or was given up.
 * Each remaining message was either dropped by the checkpoint; or due after the slice had died, and so never sent; or it
 * is not known whether it was sent.
 */
function closeUnended(
  plan: Plan,
  numbers: SliceNumbers,
  { book, arrived, diedBy }: SliceRecord,
  { goesOn, stoppedAt, acknowledged }: RunEnding,
): SliceEntry {
  const { slice } = numbers;
  const counts = book?.messages ?? noMessages;
  const sent = new IntervalSet();
  if (book !== undefined) sent.addAll(book.sent);
  sent.addAll(arrived.received);
  sent.addAll(arrived.deadLettered);

  const droppedBy = knownDrops(book);
  const known = sent.count + sumOf(droppedBy);
  const intendedByThen = Math.max(counts.intended, sent.end);
  const scheduled = intendedBy(plan, numbers, goesOn ? book?.at : stoppedAt);
  const intended = Math.max(goesOn ? known : scheduled, intendedByThen, known);
  const dueByDeath =
    goesOn || diedBy === undefined
      ? intended
      : Math.max(intendedByThen, Math.min(intended, intendedBy(plan, numbers, diedBy)));
  const neverDue = Math.min(intended - known, intended - dueByDeath);
  const sendUnknown = intended - known - neverDue;

  const inFlight = Math.min(counts.unacknowledged, book?.undecided?.inFlight ?? 0);
  const unacknowledged = counts.unacknowledged - inFlight;
  const answered = counts.acked + counts.throttled + counts.failed + unacknowledged;
  const connected = Math.max(book?.devices.connected ?? 0, countDevices(sent, slice.devices));
  return {
    messages: {
      intended,
      sent: sent.count,
      dropped: sumOf(droppedBy) + neverDue,
      sendUnknown,
      acked: counts.acked,
      throttled: counts.throttled,
      failed: counts.failed,
      unacknowledged,
      ackUnknown: acknowledged ? sent.count - answered : 0,
      ...countArrived(sent, arrived),
    },
    droppedBy: { ...droppedBy, 'slice-died': neverDue },
    connected,
    devicesUnknown: goesOn && book !== undefined ? 0 : slice.devices - connected,
    echoesDue: book === undefined ? 0 : countEchoes(plan, slice, book.sent),
    stages: countStages(numbers, intended, sent),
  };
}

/** Without those that still waited: they may have been sent after all. */
function knownDrops(book: SliceTotals | undefined): Record<string, number> {
  if (book === undefined) return {};
  const waiting: Readonly<Partial<Record<string, number>>> = book.undecided?.waiting ?? {};
  return Object.fromEntries(
    Object.entries(book.droppedBy).map(([reason, count]) => [reason, count - (waiting[reason] ?? 0)]),
  );
}

/** @param until epoch milliseconds; undefined: all that the plan gives the slice */
function intendedBy(
  { timeline }: Plan,
  { slice, schedule }: SliceNumbers,
  until: number | undefined,
): number {
  return until === undefined ? slice.messages : countDueBefore(schedule, until - timeline.publishAt);
}

/** Devices that sent at least one of these messages. */
function countDevices(numbers: IntervalSet, devices: number): number {
  const { deviceOf } = makeDeviceTurns(devices);
  const seen = new Uint8Array(devices);
  let count = 0;
  numbers.forEachInterval((start, length) => {
    for (let n = start; n < start + Math.min(length, devices) && count < devices; n++) {
      const device = deviceOf(n);
      count += 1 - seen[device]!;
      seen[device] = 1;
    }
  });
  return count;
}

function countEchoes(plan: Plan, slice: Slice, sent: IntervalSet): number {
  const echoesBefore = countEchoesBefore(plan, slice);
  let count = 0;
  sent.forEachInterval((start, length) => {
    count += echoesBefore(start + length) - echoesBefore(start);
  });
  return count;
}

/** Messages become due in the order of their numbers: the intended ones are 0 … intended − 1. */
function countStages({ stageEnds }: SliceNumbers, intended: number, sent: IntervalSet): StageCounts[] {
  const sentBefore = stageEnds.map(() => 0);
  sent.forEachInterval((start, length) => {
    for (const [i, end] of stageEnds.entries()) {
      sentBefore[i]! += Math.max(0, Math.min(start + length, end) - start);
    }
  });
  return stageEnds.map((end, i) => ({
    intended: Math.min(intended, end) - Math.min(intended, stageEnds[i - 1] ?? 0),
    sent: sentBefore[i]! - (sentBefore[i - 1] ?? 0),
  }));
}

function sumOf(counts: CountsByReason): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
