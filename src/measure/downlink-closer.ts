import {
  type CommandStream,
  commandStreamIn,
  countReplies,
  countWithin,
  type Downlink,
  downlinksOf,
} from '../plan/downlinks.ts';
import { groupOfSlice } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { sliceOf } from '../plan/slices.ts';
import { ofEach, sumBy, sumOf } from '../shared/counts.ts';
import { type DownlinkLedger, type UnknownReason, unknownReasons } from './downlink-ledger.ts';
import type { DownlinkRecords, LateDeliveries, Receiver, Sender } from './downlink-records.ts';
import { IntervalSet } from './interval-set.ts';
import { underWayMs } from './late-sends.ts';
import { settleMsOf } from './leg-entry.ts';
import { countOfflineReplies } from './offline-replies.ts';
import { makeSearches } from './receiver-offline.ts';
import { forEachReceiver, receiversOf } from './receiver-search.ts';
import type { StreamEntry } from './slice-entry.ts';
import type { StreamId } from './stream-key.ts';

interface Counts {
  offline: number;
  kept: number;
  expired: number;
  readonly unknown: Record<UnknownReason, number>;
  due: number;
  replied: number;
  offlineReplies: number;
  unknownReplies: number;
}

/** Deliveries by when their commands were sent. */
interface BySend {
  /** So shortly after they were due that they count as sent then. */
  readonly timely: IntervalSet;
  readonly late: readonly LateDeliveries[];
  /** The backend's record does not contain that they were sent. */
  readonly unrecorded: IntervalSet;
}

/** Divides the missing deliveries of a run, stream by stream. */
export class DownlinkCloser {
  readonly #plan: Plan;
  readonly #records: DownlinkRecords;
  readonly #counts = new Map<Downlink, Counts>();

  constructor(plan: Plan, records: DownlinkRecords) {
    this.#plan = plan;
    this.#records = records;
  }

  /** @param missing ranks of the deliveries that did not come @returns of how many it is not known whether they did */
  unseenOf(id: StreamId, missing: IntervalSet, { dueBefore, sent }: StreamEntry): number {
    const stream = commandStreamIn(this.#plan, sliceOf(this.#plan, id.slice));
    if (stream === undefined || id.stream !== 0) return 0;
    const counts = this.#of(stream.downlink);
    const unknownBefore = sumOf(Object.values(counts.unknown));
    const { timely, late, unrecorded } = this.#bySend(stream, missing);
    counts.unknown['backend-ended'] += unrecorded.count;
    this.#addTimely(stream, timely, dueBefore, counts);
    for (const each of late) this.#addLate(stream, each, counts);
    this.#addReplies(stream, sent, missing, counts);
    return sumOf(Object.values(counts.unknown)) - unknownBefore;
  }

  ledgers(): readonly DownlinkLedger[] {
    return downlinksOf(this.#plan).map((downlink) => {
      const { offline, kept, expired, unknown, due, replied, offlineReplies, unknownReplies } =
        this.#of(downlink);
      const { sender, replying } = downlink;
      const deliveries = {
        group: sender.group ?? '',
        offline,
        kept,
        expired,
        unknown: sumOf(Object.values(unknown)),
        unknownBecause: unknown,
      };
      if (replying === 0) return deliveries;
      const sumOfSlices = <Value>(values: ReadonlyMap<number, Value>, of: (value: Value) => number) =>
        sumBy([...values], ([slice, value]) => (groupOfSlice(this.#plan, slice) === sender ? of(value) : 0));
      return {
        ...deliveries,
        replies: {
          due,
          replied,
          timedOut: due - replied - unknownReplies,
          offline: offlineReplies,
          unknown: unknownReplies,
          late: sumOfSlices(this.#records.senders, ({ replies }) => replies?.late ?? 0),
          sent: sumOfSlices(this.#records.repliesSent, (count) => count),
        },
      };
    });
  }

  #bySend(stream: CommandStream, ranks: IntervalSet): BySend {
    const sender = this.#records.senders.get(stream.slice);
    const ranksOf = (numbers: IntervalSet): IntervalSet => ranks.within(ranksOfCommands(stream, numbers));
    const recorded = sender === undefined ? new IntervalSet() : ranksOf(sender.sent);
    const late = (sender?.lateSends ?? []).map(({ numbers, ...when }) => ({
      ...when,
      ranks: recorded.within(ranksOf(numbers)),
    }));
    return {
      timely: late.reduce((rest, each) => rest.without(each.ranks), recorded),
      late: late.filter((each) => each.ranks.count > 0),
      unrecorded: ranks.without(recorded),
    };
  }

  /** What was sent when it was due is offline where its device says so. */
  #addTimely(
    stream: CommandStream,
    timely: IntervalSet,
    dueBefore: StreamEntry['dueBefore'],
    counts: Counts,
  ): void {
    const { slice, downlink } = stream;
    const id = { slice, stream: 0 };
    const rest = timely.without(this.#records.offline.of(id));
    const lagMs = Math.min(underWayMs, this.#records.senders.get(slice)?.sendLagMs ?? 0);
    for (const [receiver, range] of receiversOf(downlink)) {
      const blindFrom = blindFromOf(this.#records.receivers.get(receiver), downlink) - lagMs;
      const first = Number.isFinite(blindFrom) ? dueBefore(blindFrom) * downlink.fanOut : 0;
      rest.forEachInterval((start, length) => {
        if (start + length > first)
          counts.unknown['receiver-ended'] += countWithin(
            stream,
            range,
            Math.max(start, first),
            start + length,
          );
      });
    }
    counts.offline += timely.count - rest.count;
    if (!isStorable(downlink)) return;
    const missed = timely.without(rest).within(this.#records.kept.of(id));
    counts.kept += missed.count;
    counts.expired += missed.within(this.#records.expired.of(id)).count;
  }

  /** What was sent later is looked up: of each slice only the devices that were offline then. */
  #addLate(stream: CommandStream, { fromMs, untilMs, ranks }: LateDeliveries, counts: Counts): void {
    const { downlink } = stream;
    const { messageExpirySeconds = Number.POSITIVE_INFINITY } = downlink.sender.profile.publish;
    const searches = makeSearches(this.#records.receivers);
    forEachReceiver(stream, ranks, ({ slice, device: first, count }) => {
      const { offline, kept } = searches(slice);
      let online = count;
      offline?.forEachOffline({ first, count }, [fromMs, untilMs], (device, share) => {
        online--;
        if (share === 'part') {
          counts.unknown['near-offline']++;
          return;
        }
        counts.offline++;
        if (!isStorable(downlink) || kept?.shareOf(device, fromMs, untilMs) !== 'all') return;
        counts.kept++;
        const keptMs = kept.endOf(device, fromMs) - untilMs;
        if (keptMs >= messageExpirySeconds * 1_000) counts.expired++;
      });
      if (untilMs > blindFromOf(this.#records.receivers.get(slice), downlink))
        counts.unknown['receiver-ended'] += online;
    });
  }

  #addReplies(stream: CommandStream, sent: IntervalSet, missing: IntervalSet, counts: Counts): void {
    if (stream.downlink.replying === 0) return;
    let due = 0;
    sent.forEachInterval((start, length) => {
      due += countReplies(stream, start + length) - countReplies(stream, start);
    });
    const sender = this.#records.senders.get(stream.slice);
    const replied = sender?.replies?.replied ?? new IntervalSet();
    counts.due += due;
    counts.replied += replied.count;
    if (sender?.replies === undefined || !sender.hasEnded) {
      counts.unknownReplies += due - replied.count;
      return;
    }
    counts.offlineReplies += this.#offlineRepliesOf(stream, sender, missing);
  }

  #offlineRepliesOf(stream: CommandStream, { sent, replies }: Sender, missing: IntervalSet): number {
    const { offline, replied } = replies!;
    if (offline.areOverBy(this.#plan.timeline.publishAt)) return 0;
    const unanswered = ranksOfCommands(stream, sent).without(missing).without(replied);
    const { timely, late } = this.#bySend(stream, unanswered);
    return countOfflineReplies(this.#plan, stream, {
      timely,
      late,
      offline,
      receivers: this.#records.receivers,
    });
  }

  #of(downlink: Downlink): Counts {
    let counts = this.#counts.get(downlink);
    if (counts === undefined) {
      counts = {
        offline: 0,
        kept: 0,
        expired: 0,
        unknown: ofEach(unknownReasons, () => 0),
        due: 0,
        replied: 0,
        offlineReplies: 0,
        unknownReplies: 0,
      };
      this.#counts.set(downlink, counts);
    }
    return counts;
  }
}

/**
 * Commands that were sent from this instant on, epoch milliseconds, may have come to a receiver after its last record, because they were under
 * way. One that has ended waited for the drain; of one that was stopped or died, no message is settled sooner.
 */
function blindFromOf(receiver: Receiver | undefined, { sender: { profile } }: Downlink): number {
  if (receiver === undefined) return Number.NEGATIVE_INFINITY;
  const waitedMs = receiver.hasEnded ? Math.min(profile.drainMs, underWayMs) : settleMsOf(profile);
  return receiver.at - waitedMs;
}

/** At QoS 0 no session stores a message. */
function isStorable({ sender: { profile } }: Downlink): boolean {
  return profile.publish.qos !== 0;
}

function ranksOfCommands({ downlink: { fanOut } }: CommandStream, numbers: IntervalSet): IntervalSet {
  if (fanOut === 1) return numbers;
  const ranks = new IntervalSet();
  numbers.forEachInterval((start, length) => {
    ranks.addRange(start * fanOut, length * fanOut);
  });
  return ranks;
}
