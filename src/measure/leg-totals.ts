import { isScheduled, type Stream } from '../plan/streams.ts';
import { sumOf } from '../shared/counts.ts';
import { type EncodedIntervals, IntervalSet } from './interval-set.ts';
import type { SliceResult, StreamCounts } from './slice-result.ts';

/** What is kept of a leg until the arrivals are in. */
export interface LegTotals
  extends Pick<SliceResult, 'outcome' | 'at' | 'devices' | 'messages' | 'droppedBy' | 'undecided'> {
  readonly startLagMs: number;
  /** By stream number. */
  readonly streams: readonly StreamTotals[];
  /** Messages that were due within `settleMs` before this record, to the second: some may not have been seen by then. */
  readonly recent: number;
  /** Of users: when they started messages; absent where the plan says when each is due. */
  readonly started?: StartedBySecond;
}

/** Messages of all streams of a leg, by the second in which users wanted to send them. */
export interface StartedBySecond {
  /** Epoch seconds. */
  readonly startSecond: number;
  readonly counts: readonly number[];
}

/** How many messages had been started before an instant, epoch milliseconds, at most: the second that it lies in counts whole. */
export function countStartedBefore({ startSecond, counts }: StartedBySecond, instant: number): number {
  return sumOf(counts.slice(0, Math.max(0, Math.ceil(instant / 1_000) - startSecond)));
}

/** @throws {CorruptMeasurementError} for sets that are larger than their streams allow */
export function legTotalsOf(result: SliceResult, streams: readonly Stream[], settleMs: number): LegTotals {
  const { outcome, at, devices, messages, generator, droppedBy, undecided, perSecond } = result;
  const settledSeconds = Math.max(0, Math.floor((at - settleMs) / 1_000) - perSecond.startSecond);
  return {
    outcome,
    at,
    devices,
    messages,
    startLagMs: generator.startLagMs,
    droppedBy,
    ...(undecided === undefined ? {} : { undecided }),
    streams: result.streams.map(({ intended, sent, stageEnds, counts }, stream) => {
      const set = IntervalSet.decode(sent, streams[stream]!.messages);
      const rest = {
        intended,
        ...(stageEnds === undefined ? {} : { stageEnds }),
        ...(counts && { counts: decidedOf(counts) }),
      };
      return sent.length > mostListed ? { ...rest, sent: set } : new ListedStream(rest, sent);
    }),
    recent: sumOf(perSecond.intended.slice(settledSeconds)),
    ...(!streams.every(isScheduled) && {
      started: { startSecond: perSecond.startSecond, counts: perSecond.intended },
    }),
  };
}

/** Lengths of a list that takes less memory than the pages of its set: the legs of a run of days are ten thousands. */
const mostListed = 1_024;

/** Its set is made whenever it is asked for. */
class ListedStream implements StreamTotals {
  readonly intended: number;
  readonly stageEnds?: readonly number[];
  readonly counts?: StreamTotals['counts'] & object;
  readonly #sent: EncodedIntervals;

  constructor(rest: Omit<StreamTotals, 'sent'>, sent: EncodedIntervals) {
    this.intended = rest.intended;
    if (rest.stageEnds !== undefined) this.stageEnds = rest.stageEnds;
    if (rest.counts !== undefined) this.counts = rest.counts;
    this.#sent = sent;
  }

  get sent(): IntervalSet {
    return IntervalSet.decode(this.#sent);
  }
}

/** Without what a run adds up as it comes: a ledger keeps this of each leg. */
function decidedOf({ messages, droppedBy, undecided }: StreamCounts) {
  return { messages, droppedBy, undecided };
}

/** What was due of one stream, and what was sent of it. */
export interface StreamTotals {
  readonly intended: number;
  readonly sent: IntervalSet;
  /** Of users: as of `StreamResult`. */
  readonly stageEnds?: readonly number[];
  /** Of a kind that has a name: what its leg recorded of it. */
  readonly counts?: Pick<StreamCounts, 'messages' | 'droppedBy' | 'undecided'>;
}
