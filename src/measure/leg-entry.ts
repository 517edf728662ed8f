import type { DeviceTurns } from '../plan/device-turns.ts';
import type { HeldMessages } from '../plan/held-messages.ts';
import { longestSleepMs } from '../plan/lifecycle.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import { sumOf } from '../shared/counts.ts';
import { IntervalSet } from './interval-set.ts';
import type { LegTotals, StreamTotals } from './leg-totals.ts';
import type { CountsByReason } from './reason-counts.ts';
import { noMessages, type PublishCounts } from './slice-result.ts';
import type { Arrived } from './unread-backlog.ts';

/** The longest from a message's intended time until it has been seen or is lost: what comes after the drain is too late to count on. */
export function settleMsOf(profile: Pick<LoadProfile, 'publish' | 'drainMs' | 'lifecycle'>): number {
  return longestSleepMs(profile) + profile.publish.ackTimeoutMs + profile.drainMs;
}

/** How a run ended, or that it goes on: what its slices must account for. */
export interface RunEnding {
  /** Slices that have not ended still run, and count only what they had intended by then. */
  readonly goesOn: boolean;
  /** Epoch milliseconds of the request to stop the run. */
  readonly stoppedAt: number | undefined;
}

/** What a leg's numbers mean, by the plan alone. */
export interface LegPart {
  readonly devices: number;
  /** Whether publishes of the slice's group are acknowledged. */
  readonly acknowledged: boolean;
  readonly settleMs: number;
  /** By stream number. */
  readonly streams: readonly StreamPart[];
}

/** n = first … end − 1. */
export interface NumberRange {
  readonly first: number;
  readonly end: number;
}

/** The messages of one stream that are a leg's. Where users decide, all that there can be. */
export interface StreamPart {
  readonly held: HeldMessages;
  /** Of a kind that has a name, which is closed by itself: whether its publishes are acknowledged. Absent: the slice's kinds have none. */
  readonly acknowledged?: boolean;
  /** By the plan alone; 0 where users decide. */
  readonly planned: number;
  /** Undefined: the plan does not say which device sends a message. */
  readonly turns: DeviceTurns | undefined;
  /** How many messages of the whole stream are due before an instant, epoch milliseconds. */
  readonly dueBefore: (instant: number) => number;
}

export interface LegRecord {
  /** Undefined: the leg left neither result nor checkpoint. */
  readonly totals: LegTotals | undefined;
  /** By stream number: what arrived, and is not recorded as sent by another leg. */
  readonly arrived: readonly Arrived[];
  /** Epoch milliseconds: the leg had died by then. Undefined: it is not known when. */
  readonly diedBy: number | undefined;
}

/** What became of messages, by the records of those who sent them. */
export interface SentEntry {
  readonly messages: SentMessages;
  readonly droppedBy: CountsByReason;
}

/** A leg's part of the ledger, once it is closed. */
export interface LegEntry extends SentEntry {
  /** By stream number, where kinds of message have names: their sum is the leg's. Empty: they have none. */
  readonly kinds: readonly SentEntry[];
  readonly connected: number;
  /** Whether every device is known to have been connected or not. */
  readonly knowsDevices: boolean;
  readonly streams: readonly StreamTotals[];
  /** By stream number: messages of which the leg was stored too early to contain whether it saw them; absent where it saw all. */
  readonly unwatched: readonly NumberRange[];
}

/** Messages by their senders' records; `sendUnknown` and `ackUnknown` are what legs that died did not record. */
export interface SentMessages extends PublishCounts {
  readonly sendUnknown: number;
  readonly ackUnknown: number;
}

/** All streams of a leg together. */
export function closeStreams(part: LegPart, record: LegRecord, run: RunEnding): LegEntry {
  const { totals } = record;
  if (totals === undefined || totals.outcome === 'running') return closeUnended(part, record, run);
  const { echoed: _, ...counts } = totals.messages;
  // The remaining messages of a failed leg were intended, but never sent.
  const isCutShort = run.goesOn || run.stoppedAt !== undefined;
  const hasRemainder = totals.outcome === 'failed' && !isCutShort;
  const planned = hasRemainder ? part.streams.map((stream) => stream.planned) : [];
  const rest = hasRemainder ? Math.max(0, sumOf(planned) - counts.intended) : 0;
  return {
    messages: {
      ...counts,
      intended: counts.intended + rest,
      dropped: counts.dropped + rest,
      sendUnknown: 0,
      ackUnknown: 0,
    },
    droppedBy: { ...totals.droppedBy, 'slice-failed': rest },
    kinds: [],
    connected: totals.devices.connected,
    knowsDevices: true,
    streams: totals.streams.map((stream, i) => ({
      ...stream,
      sent: stream.sent,
      intended: hasRemainder ? Math.max(stream.intended, planned[i] ?? 0) : stream.intended,
    })),
    unwatched: totals.outcome === 'stopped' ? unwatchedAfter(part, totals) : [],
  };
}

/** @param totals the leg's last record; undefined: it left none */
function unwatchedAfter({ streams, settleMs }: LegPart, totals: LegTotals | undefined): NumberRange[] {
  return streams.map((stream, i) => {
    const { first, end } = stream.held;
    const settled = totals === undefined ? first : settledBy(stream, totals.streams[i]!, totals, settleMs);
    return { first: Math.min(Math.max(settled, first), end), end };
  });
}

/** Of a stream, the messages before this number had been seen by a record, or were lost. What users sent is known by the record alone. */
function settledBy(
  { turns, dueBefore }: StreamPart,
  { intended }: StreamTotals,
  { at, recent }: LegTotals,
  settleMs: number,
): number {
  return turns === undefined ? intended - recent : dueBefore(at - settleMs);
}

/**
 * A leg that died, or that still runs. Sent is what its checkpoint counts together with what arrived or was given up.
 * Each remaining message was either dropped by the checkpoint; or due after the leg had died, and so never sent; or it
 * is not known whether it was sent.
 */
function closeUnended(
  part: LegPart,
  { totals, arrived, diedBy }: LegRecord,
  { goesOn, stoppedAt }: RunEnding,
): LegEntry {
  const counts = totals?.messages ?? noMessages;
  const sent = part.streams.map(({ held }, stream) =>
    sentOf(totals?.streams[stream]?.sent, arrived[stream], held),
  );
  const sentCount = sumOf(sent.map(({ count }) => count));
  const droppedBy = knownDrops(totals);
  const known = sentCount + sumOf(Object.values(droppedBy));
  // Messages become due in the order of their numbers.
  const intendedByThen = part.streams.map(({ held }, stream) =>
    Math.max(totals?.streams[stream]?.intended ?? 0, held.countBefore(sent[stream]!.end)),
  );
  const intended = part.streams.map((stream, i) =>
    Math.max(intendedByThen[i]!, goesOn ? 0 : intendedBy(stream, stoppedAt)),
  );
  const total = Math.max(sumOf(intended), known);
  const dueByDeath =
    goesOn || diedBy === undefined
      ? total
      : sumOf(
          part.streams.map((stream, i) =>
            Math.max(intendedByThen[i]!, Math.min(intended[i]!, intendedBy(stream, diedBy))),
          ),
        );
  const neverDue = Math.min(total - known, total - dueByDeath);

  const inFlight = Math.min(counts.unacknowledged, totals?.undecided?.inFlight ?? 0);
  const unacknowledged = counts.unacknowledged - inFlight;
  const answered = counts.acked + counts.throttled + counts.failed + unacknowledged;
  return {
    messages: {
      intended: total,
      sent: sentCount,
      dropped: sumOf(Object.values(droppedBy)) + neverDue,
      sendUnknown: total - known - neverDue,
      acked: counts.acked,
      throttled: counts.throttled,
      failed: counts.failed,
      unacknowledged,
      ackUnknown: part.acknowledged ? sentCount - answered : 0,
    },
    droppedBy: { ...droppedBy, 'slice-died': neverDue },
    kinds: [],
    connected: Math.max(totals?.devices.connected ?? 0, countDevices(sent, part)),
    knowsDevices: goesOn && totals !== undefined,
    streams: sent.map((numbers, i) => ({ ...totals?.streams[i], intended: intended[i]!, sent: numbers })),
    unwatched: unwatchedAfter(part, totals),
  };
}

function sentOf(
  recorded: IntervalSet | undefined,
  arrived: Arrived | undefined,
  held: HeldMessages,
): IntervalSet {
  const sent = new IntervalSet();
  if (recorded !== undefined) sent.addAll(recorded);
  for (const seen of [arrived?.received, arrived?.deadLettered]) {
    seen?.forEachInterval((start, length) =>
      held.forEachRange(start, start + length, (from, count) => sent.addRange(from, count)),
    );
  }
  return sent;
}

/** Without those that still waited: they may have been sent after all. */
function knownDrops(totals: LegTotals | undefined): Record<string, number> {
  if (totals === undefined) return {};
  const waiting: Readonly<Partial<Record<string, number>>> = totals.undecided?.waiting ?? {};
  return Object.fromEntries(
    Object.entries(totals.droppedBy).map(([reason, count]) => [reason, count - (waiting[reason] ?? 0)]),
  );
}

/** Of a leg's messages. @param until epoch milliseconds; undefined: all that the plan gives the leg */
function intendedBy(stream: StreamPart, until: number | undefined): number {
  return until === undefined ? stream.planned : stream.held.countBefore(stream.dueBefore(until));
}

/** Devices that sent at least one of these messages. */
export function countDevices(sent: readonly IntervalSet[], { devices, streams }: LegPart): number {
  const seen = new Uint8Array(devices);
  let count = 0;
  for (const [stream, numbers] of sent.entries()) {
    const { turns } = streams[stream]!;
    if (turns === undefined) continue;
    const { deviceOf, roundLength } = turns;
    numbers.forEachInterval((start, length) => {
      for (let n = start; n < start + Math.min(length, roundLength) && count < devices; n++) {
        const device = deviceOf(n);
        count += 1 - seen[device]!;
        seen[device] = 1;
      }
    });
  }
  return count;
}
