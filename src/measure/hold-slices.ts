import { isAcknowledged } from '../plan/groups.ts';
import { kindsOf } from '../plan/kinds.ts';
import { longestSleepMs } from '../plan/lifecycle.ts';
import type { GroupPlan } from '../plan/plan.ts';
import { sumOf } from '../shared/counts.ts';
import type { SecondSpan } from './hold-latencies.ts';
import type { DropReason, DueSeconds, HoldSeconds, MessageFate } from './hold-seconds.ts';
import type { EncodedIntervals } from './interval-set.ts';
import type { EncodedBuckets } from './latency-buckets.ts';
import type { NumberRange, SentEntry } from './leg-entry.ts';
import { sumEntries } from './leg-kinds.ts';
import type { SliceEntry } from './slice-entry.ts';
import type { DeviceCounts, SliceResult } from './slice-result.ts';

/** What a slice recorded of a hold. */
export interface SliceHold {
  /** By stream number: the messages that were due in the hold, and how many of them had each fate. */
  readonly streams: readonly { readonly numbers: NumberRange; readonly fates: FateCounts }[];
  /** Epoch milliseconds: the instant of its record. */
  readonly at: number;
  /** Whether the record says of each of these messages what became of it. */
  readonly isComplete: boolean;
  /** Devices that were connected at the same time, at most. */
  readonly connected: number;
  readonly attempts: Pick<DeviceCounts, 'connectFailed' | 'reconnects'>;
  /** Turns in which devices ended their connections to connect again. */
  readonly turns: number;
}

type FateCounts = Readonly<Partial<Record<MessageFate, number>>>;
const dropReasons = ['not-connected', 'backlog', 'stopped'] as const satisfies DropReason[];

/** @returns undefined for a slice of a run without a search */
export function sliceHoldOf(group: GroupPlan, result: SliceResult, span: SecondSpan): SliceHold | undefined {
  const { holds, perSecond, at, outcome } = result;
  if (holds === undefined) return undefined;
  const within = (counts: EncodedBuckets = []) => countWithin(counts, perSecond.startSecond, span);
  const streams = holds.streams.map((due) => ({
    numbers: numbersOf(due, perSecond.startSecond, span),
    fates: Object.fromEntries(Object.entries(due.fates).map(([fate, counts]) => [fate, within(counts)])),
  }));
  const isAcked = acknowledgedOf(group);
  const isDecided = streams.every(({ numbers, fates }, stream) => {
    const decided = isAcked(stream)
      ? sumOf(Object.values(fates))
      : droppedOf(fates) + countBetween(result.streams[stream]?.sent ?? [], numbers);
    return decided >= numbers.end - numbers.first;
  });
  const untilMs = span.until * 1_000;
  // Attempts to connect that began in the hold have as long to be answered as messages.
  const answeredMs = group.profile.reconnects === undefined ? 0 : group.profile.publish.ackTimeoutMs;
  const isComplete =
    outcome === 'completed' ||
    (at >= untilMs + answeredMs && (isDecided || at >= untilMs + decidedAfterMs(group)));
  return {
    streams,
    at,
    isComplete,
    connected: mostWithin(perSecond.connected, perSecond.startSecond, span),
    attempts: { connectFailed: within(holds.connectsFailed), reconnects: within(holds.reconnects) },
    turns: within(holds.turns),
  };
}

/** A message waits for at most so long until it is sent, and then for its answer; a device is looked at every few milliseconds. */
function decidedAfterMs({ profile }: GroupPlan): number {
  return longestSleepMs(profile) + 2 * profile.publish.ackTimeoutMs + 100;
}

/**
 * A slice's part of the ledger, as if it had been to send only what was due in the hold. Of a slice that left no complete record of the
 * hold, the plan says what was due, and it is not known what became of what it did not record.
 */
export function withinHold(
  entry: SliceEntry,
  hold: SliceHold | undefined,
  group: GroupPlan,
  span: SecondSpan,
): SliceEntry {
  const isAcked = acknowledgedOf(group);
  const streams = entry.streams.map((each, stream) => ({
    ...each,
    numbers: hold?.isComplete
      ? hold.streams[stream]!.numbers
      : { first: each.dueBefore(span.from * 1_000), end: each.dueBefore(span.until * 1_000) },
  }));
  const kinds = streams.map(({ sent, numbers }, stream) =>
    fatesOf({
      intended: numbers.end - numbers.first,
      sent: sent.between(numbers.first, numbers.end).count,
      fates: hold?.streams[stream]?.fates ?? {},
      isComplete: hold?.isComplete === true,
      acknowledged: isAcked(stream),
    }),
  );
  return {
    ...entry,
    ...sumEntries(kinds),
    kinds: entry.kinds.length === 0 ? [] : kinds,
    streams: streams.map((each) => ({
      ...each,
      sent: each.sent.between(each.numbers.first, each.numbers.end),
    })),
    connected: hold?.connected ?? entry.connected,
    devicesUnknown: hold?.isComplete ? 0 : entry.devicesUnknown,
    // A slice that still runs, or that died later, did not die in the hold.
    outcome: hold?.isComplete && entry.outcome === 'died' ? 'completed' : entry.outcome,
  };
}

interface StreamFates {
  readonly intended: number;
  readonly sent: number;
  readonly fates: FateCounts;
  readonly isComplete: boolean;
  readonly acknowledged: boolean;
}

function fatesOf({ intended, sent, fates, isComplete, acknowledged }: StreamFates): SentEntry {
  const { acked = 0, throttled = 0, failed = 0, unacknowledged = 0 } = fates;
  const answered = acked + throttled + failed;
  const unsent = intended - sent;
  const recorded = Math.min(droppedOf(fates), unsent);
  const dropped = isComplete ? unsent : recorded;
  return {
    messages: {
      intended,
      sent,
      dropped,
      sendUnknown: unsent - dropped,
      acked,
      throttled,
      failed,
      unacknowledged: acknowledged && isComplete ? Math.max(0, sent - answered) : unacknowledged,
      ackUnknown: acknowledged && !isComplete ? Math.max(0, sent - answered - unacknowledged) : 0,
    },
    droppedBy: {
      ...Object.fromEntries(dropReasons.map((reason) => [reason, fates[reason] ?? 0])),
      'not decided': dropped - recorded,
    },
  };
}

function droppedOf(fates: FateCounts): number {
  return sumOf(dropReasons.map((reason) => fates[reason] ?? 0));
}

function acknowledgedOf(group: GroupPlan): (stream: number) => boolean {
  const kinds = new Map(kindsOf(group).map((kind) => [kind.stream, isAcknowledged(kind)]));
  // Users whose messages come back have a second stream of the same kind.
  return (stream) => kinds.get(stream) ?? isAcknowledged(group);
}

function numbersOf({ first, intended }: DueSeconds, startSecond: number, span: SecondSpan): NumberRange {
  const before =
    first + countWithin(intended, startSecond, { from: Number.NEGATIVE_INFINITY, until: span.from });
  return { first: before, end: before + countWithin(intended, startSecond, span) };
}

/** @param counts by second from `startSecond` on: seconds to skip, then a count, and so on */
export function countWithin(
  counts: EncodedBuckets,
  startSecond: number,
  { from, until }: SecondSpan,
): number {
  let second = startSecond;
  let sum = 0;
  for (let i = 0; i + 1 < counts.length; i += 2) {
    second += counts[i]!;
    if (second >= from && second < until) sum += counts[i + 1]!;
    second++;
  }
  return sum;
}

function mostWithin(gauge: readonly number[], startSecond: number, { from, until }: SecondSpan): number {
  return Math.max(0, ...gauge.slice(Math.max(0, from - startSecond), Math.max(0, until - startSecond)));
}

function countBetween(encoded: EncodedIntervals, { first, end }: NumberRange): number {
  let n = 0;
  let count = 0;
  for (let i = 0; i + 1 < encoded.length; i += 2) {
    const start = n + encoded[i]!;
    n = start + encoded[i + 1]!;
    count += Math.max(0, Math.min(n, end) - Math.max(start, first));
  }
  return count;
}

/** The highest of a hold's seconds. */
export function peakShareOf({ cpuShare }: HoldSeconds, { from, until }: SecondSpan): number {
  const shares = Object.entries(cpuShare).filter(
    ([second]) => Number(second) >= from && Number(second) < until,
  );
  return Math.max(0, ...shares.map(([, share]) => share));
}
