import type { DeviceTurns } from '../plan/device-turns.ts';
import { isAcknowledged } from '../plan/groups.ts';
import { type HeldMessages, heldMessages, holdAll } from '../plan/held-messages.ts';
import { kindsOf } from '../plan/kinds.ts';
import type { LegTimeline } from '../plan/legs.ts';
import type { GroupPlan, Plan, Slice } from '../plan/plan.ts';
import type { RunOutline } from '../plan/run-outline.ts';
import { countDueBefore } from '../plan/schedule.ts';
import { sliceOf } from '../plan/slices.ts';
import { isScheduled, type ScheduledStream, type Stream } from '../plan/streams.ts';
import { sumBy, sumFields, sumOf } from '../shared/counts.ts';
import { IntervalSet } from './interval-set.ts';
import {
  type LegEntry,
  type LegPart,
  type NumberRange,
  type RunEnding,
  type SentEntry,
  type StreamPart,
  settleMsOf,
} from './leg-entry.ts';
import { closeLeg, sumEntries } from './leg-kinds.ts';
import { countStartedBefore, type LegTotals, type StreamTotals } from './leg-totals.ts';
import type { PublishCounts } from './slice-result.ts';
import type { Arrived } from './unread-backlog.ts';

/** A slice's part of the ledger, once it is closed: its legs, merged. */
export interface SliceEntry extends SentEntry {
  /** By stream number, where kinds of message have names: their sum is the slice's. Empty: they have none. */
  readonly kinds: readonly SentEntry[];
  readonly connected: number;
  /** Devices of which it is not known whether they were connected: a leg died. */
  readonly devicesUnknown: number;
  /** By stage of its group: messages intended within it, and how many of those were sent. */
  readonly stages: readonly StageCounts[];
  /** By stream number. */
  readonly streams: readonly StreamEntry[];
  /** A leg that died makes it a slice that died. */
  readonly outcome: 'completed' | 'stopped' | 'failed' | 'died';
  /** Whether counts of a leg differ from its sets or from those of its kinds, or two legs sent the same message. */
  readonly isMiscounted: boolean;
}

/** What a slice sent of one stream. */
export interface StreamEntry {
  readonly sent: IntervalSet;
  /** Only these of its messages count. Absent: all of them. */
  readonly numbers?: NumberRange;
  /** Messages that may have been seen by a leg that had stored its last record: it died or was stopped too soon. */
  readonly unwatched: readonly NumberRange[];
  /**
   * Of its messages, the first so many were due before an instant (epoch milliseconds), at most: of users as their slice counted them by
   * the second, of all its streams together.
   */
  readonly dueBefore: (instant: number) => number;
}

export interface StageCounts {
  readonly intended: number;
  readonly sent: number;
}

export interface SliceRecord {
  /** By leg number; a leg without totals left neither result nor checkpoint. */
  readonly legs: readonly {
    readonly totals: LegTotals | undefined;
    /** Epoch milliseconds: the leg had died by then. Undefined: it is not known when. */
    readonly diedBy: number | undefined;
  }[];
  /** By stream number. */
  readonly arrived: readonly Arrived[];
}

/** Closes the entries of a plan's slices; safe to call again when more has arrived. */
export function makeSliceCloser(
  plan: Plan,
  outline: RunOutline,
): (slice: number, record: SliceRecord, run: RunEnding) => SliceEntry {
  const partsOf = new Map<number, SliceParts>();
  return (number, record, run) => {
    let parts = partsOf.get(number);
    if (parts?.of !== outline.streamsOf(number)) {
      parts = divideSlice(plan, outline, number);
      partsOf.set(number, parts);
    }
    return closeSlice(parts, record, run);
  };
}

/** What a slice's numbers mean, by the plan alone. */
interface SliceParts {
  /** The streams that it was made of. */
  readonly of: readonly Stream[];
  readonly slice: Slice;
  /** By leg number. */
  readonly legs: readonly LegPart[];
  /** By leg number, epoch milliseconds. */
  readonly legStarts: readonly number[];
  /** By stream, then by stage: its messages have lower numbers than this, and those of later stages do not. Undefined: users decide. */
  readonly stageEnds: readonly (readonly number[] | undefined)[];
  /** By stream: how many of its messages are due before an instant, epoch milliseconds. Undefined: users decide. */
  readonly dueBefore: readonly (((instant: number) => number) | undefined)[];
}

function divideSlice(plan: Plan, outline: RunOutline, number: number): SliceParts {
  const slice = sliceOf(plan, number);
  const streams = outline.streamsOf(number);
  const timelines = outline.legsOf(number);
  const { profile, timeline } = slice.group;
  const { publishAt } = timeline;
  const stageEndsMs = stageEndsOf(slice.group);
  const partOf = (stream: Stream, leg: number) =>
    isScheduled(stream) ? new ScheduledPart(stream, timelines[leg]!, publishAt) : partOfUsers(stream);
  const kinds = new Map(kindsOf(slice.group).map((kind) => [kind.stream, isAcknowledged(kind)]));
  const named = (part: StreamPart, stream: number): StreamPart =>
    profile.messages === undefined ? part : Object.assign(part, { acknowledged: kinds.get(stream) ?? false });
  return {
    of: streams,
    slice,
    legs: timelines.map((_, leg) => ({
      devices: slice.devices,
      acknowledged: isAcknowledged(slice.group),
      settleMs: settleMsOf(profile),
      streams: streams.map((stream, number) => named(partOf(stream, leg), number)),
    })),
    legStarts: timelines.map(({ from }) => from),
    dueBefore: streams.map((stream) =>
      isScheduled(stream) ? (instant: number) => countDueBefore(stream, instant - publishAt) : undefined,
    ),
    stageEnds: streams.map((stream) =>
      isScheduled(stream) ? stageEndsMs.map((ms) => countDueBefore(stream, ms)) : undefined,
    ),
  };
}

/** Where users decide, no plan says whose a message is: such slices have one leg. */
function partOfUsers({ messages }: Stream): StreamPart {
  return { held: holdAll(messages), planned: 0, dueBefore: () => 0, turns: undefined };
}

/** Computed when it is needed: of a leg that ended, its own record says all. */
class ScheduledPart implements StreamPart {
  readonly turns: DeviceTurns;
  readonly dueBefore: (instant: number) => number;
  readonly #hold: () => HeldMessages;
  #held: HeldMessages | undefined;

  constructor(stream: ScheduledStream, leg: LegTimeline, publishAt: number) {
    this.turns = stream.turns;
    this.dueBefore = (instant) => countDueBefore(stream, instant - publishAt);
    this.#hold = () => heldMessages(stream, leg, publishAt);
  }

  get held(): HeldMessages {
    this.#held ??= this.#hold();
    return this.#held;
  }

  get planned(): number {
    return this.held.countBefore(this.held.end);
  }
}

/** Milliseconds after the schedule's zero; what rounding leaves past the last stage belongs to it. */
function stageEndsOf({ profile }: GroupPlan): number[] {
  let end = 0;
  const ends = profile.stages.map(({ durationMs }) => {
    end += durationMs;
    return end;
  });
  return [...ends.slice(0, -1), Number.POSITIVE_INFINITY];
}

/** Of users, as their slice recorded it; what it did not record belongs to the stage of its last record. */
function recordedEnds({ stageEnds = [] }: StreamTotals, { profile: { stages } }: GroupPlan): number[] {
  return stages.map((_, i) => (i < stages.length - 1 ? stageEnds[i] : undefined) ?? Number.POSITIVE_INFINITY);
}

function closeSlice(parts: SliceParts, record: SliceRecord, run: RunEnding): SliceEntry {
  const entries = parts.legs.map((part, leg) =>
    closeLeg(part, { ...record.legs[leg]!, arrived: arrivedOf(record, leg) }, run),
  );
  const streams = parts.stageEnds.map((_, stream) => mergeStream(entries, stream));
  const connected = Math.max(...entries.map((entry) => entry.connected));
  const startedBefore = (instant: number): number =>
    sumBy(record.legs, ({ totals }) =>
      totals?.started === undefined ? 0 : countStartedBefore(totals.started, instant),
    );
  const { messages, droppedBy } = sumEntries(entries);
  const [{ kinds }] = entries as [LegEntry];
  return {
    messages,
    droppedBy,
    kinds: kinds.map((_, stream) => sumEntries(entries.map((entry) => entry.kinds[stream]!))),
    connected,
    devicesUnknown: entries.every(({ knowsDevices }) => knowsDevices) ? 0 : parts.slice.devices - connected,
    stages: countStages(
      parts.stageEnds.map((ends, i) => ends ?? recordedEnds(streams[i]!, parts.slice.group)),
      streams,
    ),
    streams: streams.map(({ sent }, stream) => ({
      sent,
      unwatched: entries.flatMap(({ unwatched }) => unwatched[stream] ?? []),
      dueBefore: parts.dueBefore[stream] ?? startedBefore,
    })),
    outcome: outcomeOf(parts, record, run),
    isMiscounted:
      record.legs.some(({ totals }) => totals !== undefined && isMiscounted(totals)) ||
      messages.sent !== sumOf(streams.map(({ sent }) => sent.count)),
  };
}

/**
 * A leg that died sent what arrived of its stretch, but not what a neighbour sent while devices moved between them. Of one that ended, its own
 * record says what it sent.
 */
function arrivedOf({ legs, arrived }: SliceRecord, leg: number): readonly Arrived[] {
  const { totals } = legs[leg]!;
  if (totals !== undefined && totals.outcome !== 'running') return [];
  const neighbours = [legs[leg - 1], legs[leg + 1]].flatMap((each) => each?.totals ?? []);
  return arrived.map((seen, stream) =>
    neighbours.reduce(
      ({ received, deadLettered }, { streams }) => ({
        received: received.without(streams[stream]!.sent),
        deadLettered: deadLettered.without(streams[stream]!.sent),
      }),
      seen,
    ),
  );
}

function mergeStream(entries: readonly LegEntry[], stream: number): StreamTotals {
  const [only, ...more] = entries.map(({ streams }) => streams[stream]!);
  if (more.length === 0) return only!;
  const sent = new IntervalSet();
  let intended = 0;
  for (const totals of [only!, ...more]) {
    sent.addAll(totals.sent);
    intended += totals.intended;
  }
  return { intended, sent };
}

function isMiscounted({ messages, streams }: LegTotals): boolean {
  if (messages.sent !== sumOf(streams.map(({ sent }) => sent.count))) return true;
  const named = streams.filter(({ counts }) => counts !== undefined);
  if (named.some(({ counts, sent }) => counts?.messages.sent !== sent.count)) return true;
  const kinds = named.flatMap(({ counts }) => counts?.messages ?? []);
  if (kinds.length === 0) return false;
  const sum = kinds.reduce(sumFields);
  return (Object.keys(sum) as (keyof PublishCounts)[]).some((name) => messages[name] !== sum[name]);
}

/** Legs that were to begin after the run was stopped owe nothing: they never started. */
function outcomeOf(
  { legStarts }: SliceParts,
  { legs }: SliceRecord,
  { stoppedAt = Number.POSITIVE_INFINITY }: RunEnding,
): SliceEntry['outcome'] {
  const outcomes = legs
    .filter(({ totals }, leg) => leg === 0 || totals !== undefined || legStarts[leg]! < stoppedAt)
    .map(({ totals }) => totals?.outcome ?? 'running');
  if (outcomes.includes('running')) return 'died';
  if (outcomes.includes('failed')) return 'failed';
  return outcomes.includes('stopped') ? 'stopped' : 'completed';
}

/** Messages become due in the order of their numbers: the intended ones of a stream are 0 … intended − 1. */
function countStages(
  stageEnds: readonly (readonly number[])[],
  streams: readonly StreamTotals[],
): StageCounts[] {
  const stages = (stageEnds[0] ?? []).map(() => ({ intended: 0, sent: 0 }));
  for (const [stream, { intended, sent }] of streams.entries()) {
    const ends = stageEnds[stream]!;
    const sentBefore = ends.map(() => 0);
    sent.forEachInterval((start, length) => {
      for (const [i, end] of ends.entries()) {
        sentBefore[i]! += Math.max(0, Math.min(start + length, end) - start);
      }
    });
    for (const [i, end] of ends.entries()) {
      const before = i === 0 ? 0 : ends[i - 1]!;
      stages[i]!.intended += Math.min(intended, end) - Math.min(intended, before);
      stages[i]!.sent += sentBefore[i]! - (i === 0 ? 0 : sentBefore[i - 1]!);
    }
  }
  return stages;
}
