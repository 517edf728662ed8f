import { commandStreamIn } from '../plan/downlinks.ts';
import { groupOfSlice } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { sliceOf } from '../plan/slices.ts';
import { CorruptMeasurementError } from './corrupt-measurement.ts';
import { DownlinkCloser } from './downlink-closer.ts';
import type { Receiver, Sender } from './downlink-records.ts';
import type { DownlinkResult } from './downlink-result.ts';
import { type EncodedIntervals, IntervalSet } from './interval-set.ts';
import { lateWindowMs } from './late-sends.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { MessageSets } from './message-sets.ts';
import { OfflineTimes } from './offline-times.ts';
import { type CountsByReason, ReasonCounts } from './reason-counts.ts';
import type { SliceResult } from './slice-result.ts';
import { parseStreamKey, type StreamId } from './stream-key.ts';

/** What slices stored of commands and replies. Slices come in any order. */
export class DownlinkTotals {
  readonly #plan: Plan;
  readonly #offline = new MessageSets();
  readonly #kept = new MessageSets();
  readonly #expired = new MessageSets();
  readonly #receivers = new Map<number, Receiver>();
  readonly #senders = new Map<number, Sender>();
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
  addSlice(result: SliceResult): void {
    const { slice, downlink, replies } = result;
    if (downlink !== undefined) this.#addReceiver(result, downlink);
    if (replies !== undefined) this.#refusedBy.addAll(replies.subscribeRefusedBy);
    if (groupOfSlice(this.#plan, slice).profile.command !== undefined)
      this.#senders.set(slice, this.#senderOf(result));
  }

  #addReceiver({ slice, outcome, at }: SliceResult, downlink: DownlinkResult): void {
    this.#receivers.set(slice, {
      at,
      hasEnded: outcome === 'completed',
      offline: this.#timesOf(slice, downlink.offlineTimes),
      kept: this.#timesOf(slice, downlink.keptTimes),
    });
    for (const [key, count] of Object.entries(downlink.repliesSent)) {
      const id = parseStreamKey(key);
      if (id === undefined || this.#mostRanks(id) === 0)
        throw new CorruptMeasurementError('Replies to a backend');
      this.#repliesSent.set(id.slice, (this.#repliesSent.get(id.slice) ?? 0) + count);
    }
    this.#refusedBy.addAll(downlink.subscribeRefusedBy);
    this.#addRanks(this.#offline, downlink.offline);
    this.#addRanks(this.#kept, downlink.kept ?? {});
    this.#addRanks(this.#expired, downlink.expired ?? {});
  }

  #senderOf({ slice, outcome, streams, latencies, replies }: SliceResult): Sender {
    const { messages } = sliceOf(this.#plan, slice);
    const { sent, lateSends = [] } = streams[0]!;
    return {
      hasEnded: outcome === 'completed',
      sent: IntervalSet.decode(sent, messages),
      sendLagMs: LatencyHistogram.decode(latencies.send_lag).percentileAt(100),
      lateSends: lateSends.map(({ at, n }) => ({
        fromMs: at,
        untilMs: at + lateWindowMs,
        numbers: IntervalSet.decode(n, messages),
      })),
      replies: replies && {
        replied: IntervalSet.decode(replies.replied, this.#mostRanks({ slice, stream: 0 })),
        late: replies.late,
        offline: this.#timesOf(slice, replies.offlineTimes),
      },
    };
  }

  #timesOf(slice: number, times: EncodedIntervals = []): OfflineTimes {
    return new OfflineTimes(times, sliceOf(this.#plan, slice).devices, this.#plan.timeline.createdAt);
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
      kept: this.#kept,
      expired: this.#expired,
      receivers: this.#receivers,
      senders: this.#senders,
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
