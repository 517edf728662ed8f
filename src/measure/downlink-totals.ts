import {
  type CommandStream,
  commandStreamIn,
  countReplies,
  countWithin,
  type Downlink,
  downlinksOf,
  type PlaceRange,
  placeOf,
} from '../plan/downlinks.ts';
import { groupOfSlice } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { sharesOf, sliceOf } from '../plan/slices.ts';
import { sumBy } from '../shared/counts.ts';
import { CorruptMeasurementError } from './corrupt-measurement.ts';
import type { DownlinkLedger } from './downlink-ledger.ts';
import type { DownlinkResult } from './downlink-result.ts';
import { IntervalSet } from './interval-set.ts';
import { lateWindowOf, lateWindowsMs, underWayMs } from './late-windows.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { settleMsOf } from './leg-entry.ts';
import { MessageSets } from './message-sets.ts';
import { type CountsByReason, ReasonCounts } from './reason-counts.ts';
import type { StreamEntry } from './slice-entry.ts';
import type { SliceResult } from './slice-result.ts';
import { parseStreamKey, type StreamId } from './stream-key.ts';

interface Receiver {
  /** Epoch milliseconds of its record. */
  readonly at: number;
  readonly hasEnded: boolean;
}

interface Sender {
  readonly replied: IntervalSet;
  readonly late: number;
  readonly hasEnded: boolean;
}

interface Counts {
  offline: number;
  kept: number;
  expired: number;
  unknown: number;
  due: number;
  replied: number;
  unknownReplies: number;
}

/** What slices stored of commands and replies. Slices come in any order. */
export class DownlinkTotals {
  readonly #plan: Plan;
  readonly #offline = new MessageSets();
  /** By window of `lateWindowsMs`. */
  readonly #nearOffline = lateWindowsMs.map(() => new MessageSets());
  readonly #kept = new MessageSets();
  readonly #expired = new MessageSets();
  readonly #receivers = new Map<number, Receiver>();
  readonly #senders = new Map<number, Sender>();
  /** By slice of a backend: its largest send lag. */
  readonly #sendLagsMs = new Map<number, number>();
  /** By slice of the backend. */
  readonly #repliesSent = new Map<number, number>();
  readonly #refusedBy = new ReasonCounts();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Why subscriptions to commands and replies were refused. */
  get subscribeRefusedBy(): CountsByReason {
    return this.#refusedBy.counts();
  }

  /** @throws {CorruptMeasurementError} */
  addSlice({ slice, outcome, at, downlink, replies, latencies }: SliceResult): void {
    const hasEnded = outcome === 'completed';
    if (groupOfSlice(this.#plan, slice).profile.command !== undefined) {
      const lagMs = LatencyHistogram.decode(latencies.send_lag).percentileAt(100);
      this.#sendLagsMs.set(slice, Math.max(lagMs, this.#sendLagsMs.get(slice) ?? 0));
    }
    if (downlink !== undefined) {
      this.#receivers.set(slice, { at, hasEnded });
      for (const [key, count] of Object.entries(downlink.repliesSent)) {
        const id = parseStreamKey(key);
        if (id === undefined || this.#mostRanks(id) === 0)
          throw new CorruptMeasurementError('Replies to a backend');
        this.#repliesSent.set(id.slice, (this.#repliesSent.get(id.slice) ?? 0) + count);
      }
      this.#refusedBy.addAll(downlink.subscribeRefusedBy);
      this.#addRanks(this.#offline, downlink.offline);
      for (const [i, ranks] of (downlink.nearOffline ?? []).entries()) {
        const near = this.#nearOffline[i];
        if (near === undefined)
          throw new CorruptMeasurementError('Commands to devices that were nearly offline');
        this.#addRanks(near, ranks);
      }
      this.#addRanks(this.#kept, downlink.kept ?? {});
      this.#addRanks(this.#expired, downlink.expired ?? {});
    }
    if (replies !== undefined) {
      this.#refusedBy.addAll(replies.subscribeRefusedBy);
      this.#senders.set(slice, {
        replied: IntervalSet.decode(replies.replied, this.#mostRanks({ slice, stream: 0 })),
        late: replies.late,
        hasEnded,
      });
    }
  }

  #addRanks(to: MessageSets, stored: DownlinkResult['offline']): void {
    for (const [key, ranks] of Object.entries(stored)) {
      const id = parseStreamKey(key);
      if (id === undefined) throw new CorruptMeasurementError('Commands to devices that were offline');
      to.addEncoded(id, ranks, this.#mostRanks(id));
    }
  }

  /** Begins to count; the missing deliveries of each stream then go in once. */
  close(): DownlinkCloser {
    return new DownlinkCloser(this.#plan, {
      offline: this.#offline,
      nearOffline: this.#nearOffline,
      kept: this.#kept,
      expired: this.#expired,
      receivers: this.#receivers,
      senders: this.#senders,
      sendLagsMs: this.#sendLagsMs,
      repliesSent: this.#repliesSent,
    });
  }

  /** Deliveries of a stream; 0: it has no commands. */
  #mostRanks({ slice, stream }: StreamId): number {
    if (stream !== 0 || slice >= this.#plan.slices.count) return 0;
    const of = sliceOf(this.#plan, slice);
    const commands = commandStreamIn(this.#plan, of);
    return commands === undefined ? 0 : of.messages * commands.downlink.fanOut;
  }
}

interface Recorded {
  readonly offline: MessageSets;
  readonly nearOffline: readonly MessageSets[];
  readonly kept: MessageSets;
  readonly expired: MessageSets;
  readonly receivers: ReadonlyMap<number, Receiver>;
  readonly senders: ReadonlyMap<number, Sender>;
  readonly sendLagsMs: ReadonlyMap<number, number>;
  readonly repliesSent: ReadonlyMap<number, number>;
}

/** Divides the missing deliveries of a run, stream by stream. */
export class DownlinkCloser {
  readonly #plan: Plan;
  readonly #recorded: Recorded;
  readonly #counts = new Map<Downlink, Counts>();

  constructor(plan: Plan, recorded: Recorded) {
    this.#plan = plan;
    this.#recorded = recorded;
  }

  /** @param missing ranks of the deliveries that did not come @returns of how many it is not known whether they did */
  unseenOf(id: StreamId, missing: IntervalSet, { dueBefore, sent }: StreamEntry): number {
    const stream = commandStreamIn(this.#plan, sliceOf(this.#plan, id.slice));
    if (stream === undefined || id.stream !== 0) return 0;
    const { downlink } = stream;
    const decided = this.#decidedOf(id, missing);
    const rest = decided.without(this.#recorded.offline.of(id));
    let unknown = missing.count - decided.count;
    for (const [slice, range] of receiversOf(downlink)) {
      const blindFrom = this.#blindFrom(slice, stream);
      const first = Number.isFinite(blindFrom) ? dueBefore(blindFrom) * downlink.fanOut : 0;
      rest.forEachInterval((start, length) => {
        if (start + length > first)
          unknown += countWithin(stream, range, Math.max(start, first), start + length);
      });
    }
    const counts = this.#of(downlink);
    counts.offline += decided.count - rest.count;
    counts.unknown += unknown;
    this.#addKept(stream, decided.without(rest), counts);
    this.#addReplies(stream, sent, counts);
    return unknown;
  }

  ledgers(): readonly DownlinkLedger[] {
    return downlinksOf(this.#plan).map((downlink) => {
      const { offline, kept, expired, unknown, due, replied, unknownReplies } = this.#of(downlink);
      const { sender, replying } = downlink;
      const group = sender.group ?? '';
      if (replying === 0) return { group, offline, kept, expired, unknown };
      const sumOfSlices = <Value>(values: ReadonlyMap<number, Value>, of: (value: Value) => number) =>
        sumBy([...values], ([slice, value]) => (groupOfSlice(this.#plan, slice) === sender ? of(value) : 0));
      return {
        group,
        offline,
        kept,
        expired,
        unknown,
        replies: {
          due,
          replied,
          timedOut: due - replied - unknownReplies,
          unknown: unknownReplies,
          late: sumOfSlices(this.#recorded.senders, ({ late }) => late),
          sent: sumOfSlices(this.#recorded.repliesSent, (count) => count),
        },
      };
    });
  }

  /** Of the missing deliveries, those of which the records say whether their device was subscribed when they were sent. */
  #decidedOf(id: StreamId, missing: IntervalSet): IntervalSet {
    const lagMs = this.#recorded.sendLagsMs.get(id.slice) ?? 0;
    if (lagMs <= underWayMs) return missing;
    const near = this.#recorded.nearOffline[lateWindowOf(lagMs)];
    return near === undefined ? new IntervalSet() : missing.without(near.of(id));
  }

  /**
   * Commands of a stream that are due from this instant on, epoch milliseconds, may have come to a receiver after its last record: they
   * were sent late, or were under way. One that has ended waited for the drain; of one that was stopped or died, no message is settled sooner.
   */
  #blindFrom(receiver: number, { slice, downlink: { sender } }: CommandStream): number {
    const record = this.#recorded.receivers.get(receiver);
    if (record === undefined) return Number.NEGATIVE_INFINITY;
    const lagMs = this.#recorded.sendLagsMs.get(slice) ?? 0;
    const waitedMs = record.hasEnded
      ? Math.min(sender.profile.drainMs, underWayMs)
      : settleMsOf(sender.profile);
    return record.at - lagMs - waitedMs;
  }

  /** @param offline ranks of deliveries that did not come, and were due while their device was not subscribed */
  #addKept({ slice, downlink }: CommandStream, offline: IntervalSet, counts: Counts): void {
    if (downlink.sender.profile.publish.qos === 0) return;
    const { kept, expired } = this.#recorded;
    const within = (all: IntervalSet, set: MessageSets) =>
      all.without(all.without(set.of({ slice, stream: 0 })));
    const missed = within(offline, kept);
    counts.kept += missed.count;
    counts.expired += within(missed, expired).count;
  }

  #addReplies(stream: CommandStream, sent: IntervalSet, counts: Counts): void {
    let due = 0;
    sent.forEachInterval((start, length) => {
      due += countReplies(stream, start + length) - countReplies(stream, start);
    });
    const sender = this.#recorded.senders.get(stream.slice);
    const replied = sender?.replied.count ?? 0;
    counts.due += due;
    counts.replied += replied;
    if (sender?.hasEnded !== true) counts.unknownReplies += due - replied;
  }

  #of(downlink: Downlink): Counts {
    let counts = this.#counts.get(downlink);
    if (counts === undefined) {
      counts = { offline: 0, kept: 0, expired: 0, unknown: 0, due: 0, replied: 0, unknownReplies: 0 };
      this.#counts.set(downlink, counts);
    }
    return counts;
  }
}

/** The slices whose devices receive, each with its places. */
function receiversOf(downlink: Downlink): readonly (readonly [slice: number, PlaceRange])[] {
  return downlink.receivers.flatMap(sharesOf).map(({ slice, firstDevice, devices }) => {
    return [slice, { first: placeOf(downlink, firstDevice) ?? 0, count: devices }] as const;
  });
}
