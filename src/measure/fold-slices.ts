import { groupOfSlice } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { CountLists } from './counts-by-second.ts';
import { type EncodedHistogram, LatencyHistogram } from './latency-histogram.ts';
import { type EncodedLatencySeconds, MergedLatencySeconds } from './latency-seconds.ts';
import type { ConnectSeries, SliceResult, SliceSecondCounts, StreamCounts } from './slice-result.ts';

/** Results of legs that have ended, which lie in the run store as one file: `runs/{runId}/slices/folded/{fold}.json`. */
export interface FoldedSlices {
  readonly version: 1;
  readonly runId: string;
  /** 0, 1, 2 … */
  readonly fold: number;
  /**
   * Each leg's own, without what is summed: histograms and counts by second. Of those of one group the first has the sums.
   * @maxItems 100000
   */
  readonly results: readonly SliceResult[];
}

/** Whether a leg's result may be folded: nothing that a ledger derives of a completed leg hangs on its counts by second. */
export function isFoldable({ outcome }: Pick<SliceResult, 'outcome'>): boolean {
  return outcome === 'completed';
}

/**
 * Results of which a ledger makes the same as of those that were added: what it adds up by group lies in the first of each group, and the
 * others keep what is a leg's own.
 */
export class SliceFold {
  readonly #plan: Plan;
  /** By number of the group. */
  readonly #groups = new Map<number, GroupFold>();
  #count = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * @param result one that `isFoldable`
   * @returns false for one that is left as it is: with it the sum would span more than two hours
   * @throws {CorruptMeasurementError}
   */
  add(result: SliceResult): boolean {
    const { number } = groupOfSlice(this.#plan, result.slice);
    const group = this.#groups.get(number) ?? new GroupFold();
    this.#groups.set(number, group);
    const isAdded = group.add(result);
    this.#count += Number(isAdded);
    return isAdded;
  }

  /** @param fold its number among those of the run's slices */
  slices(fold: number): FoldedSlices {
    const results = [...this.#groups.values()].flatMap((group) => group.results());
    return { version: 1, runId: this.#plan.runId, fold, results };
  }
}

/** Lists that a slice counts by second; the optional ones are absent where they are of no use. */
const counters = [
  'intended',
  'sent',
  'acked',
  'connected',
  'echoed',
  'users',
  'delivered',
  'replied',
] as const;
type Counter = (typeof counters)[number];

/** From the first of a sum's seconds to the last: a stored list has an item for each. */
const maxSpanSeconds = 7_200;

class GroupFold {
  readonly #results: SliceResult[] = [];
  readonly #perSecond = new CountLists<Counter>();
  readonly #latencies = new Histograms();
  readonly #connectedSendLag = new LatencyHistogram();
  readonly #latencySeconds = new Map<string, MergedLatencySeconds>();
  readonly #connects = new CountLists<'offered' | 'granted'>();
  /** By stream number. */
  readonly #kinds = new Map<number, KindFold>();

  add(result: SliceResult): boolean {
    const { perSecond, latencies, latencyPerSecond = {}, connects, connectedSendLag } = result;
    const { startSecond, sent, echoed, delivered = echoed } = perSecond;
    if (this.#perSecond.spanWith(startSecond, sent.length) > maxSpanSeconds) return false;
    for (const counter of counters)
      this.#perSecond.add(counter, startSecond, counter === 'delivered' ? delivered : perSecond[counter]);
    this.#latencies.add(latencies);
    this.#connectedSendLag.mergeEncoded(connectedSendLag ?? latencies.send_lag);
    for (const [name, seconds] of Object.entries<EncodedLatencySeconds>(latencyPerSecond)) {
      const merged = this.#latencySeconds.get(name) ?? new MergedLatencySeconds();
      this.#latencySeconds.set(name, merged);
      merged.add(seconds);
    }
    if (connects !== undefined)
      for (const list of ['offered', 'granted'] as const)
        this.#connects.add(list, Math.floor(connects.startSecond), connects[list]);
    for (const [stream, { counts }] of result.streams.entries()) {
      if (counts === undefined) continue;
      const kind = this.#kinds.get(stream) ?? new KindFold();
      this.#kinds.set(stream, kind);
      kind.add(startSecond, counts);
    }
    this.#results.push(ownPartOf(result));
    return true;
  }

  results(): readonly SliceResult[] {
    const [first, ...others] = this.#results;
    return first === undefined ? [] : [this.#withSums(first), ...others];
  }

  #withSums(first: SliceResult): SliceResult {
    const perSecond = this.#perSecond.lists() as SliceSecondCounts;
    const { isEmpty } = this.#connects;
    return {
      ...first,
      streams: first.streams.map((stream, number) => ({
        ...stream,
        ...(stream.counts && {
          counts: { ...stream.counts, ...this.#kinds.get(number)?.sums(perSecond.startSecond) },
        }),
      })),
      perSecond,
      latencies: { ...first.latencies, ...this.#latencies.encode() },
      connectedSendLag: this.#connectedSendLag.encode(),
      latencyPerSecond: Object.fromEntries(
        [...this.#latencySeconds].map(([name, seconds]) => [name, seconds.encode()]),
      ) as SliceResult['latencyPerSecond'] & object,
      ...(!isEmpty && { connects: this.#connects.lists() as ConnectSeries }),
    };
  }
}

const noSamples = new LatencyHistogram().encode();

/** What is a leg's own. */
function ownPartOf(result: SliceResult): SliceResult {
  const { latencyPerSecond: _, connects: __, connectedSendLag: ___, ...rest } = result;
  const names = Object.keys(result.latencies);
  return {
    ...rest,
    streams: result.streams.map(({ counts, ...stream }) => ({
      ...stream,
      ...(counts && {
        counts: { messages: counts.messages, droppedBy: counts.droppedBy, undecided: counts.undecided },
      }),
    })),
    perSecond: {
      startSecond: result.perSecond.startSecond,
      intended: [],
      sent: [],
      acked: [],
      connected: [],
    },
    latencies: Object.fromEntries(
      names.map((name) => [name, noSamples]),
    ) as unknown as SliceResult['latencies'],
  };
}

/** What is summed of one kind of message. */
class KindFold {
  readonly #latencies = new Histograms();
  readonly #perSecond = new CountLists<'intended' | 'sent'>();

  add(startSecond: number, { latencies = {}, perSecond }: StreamCounts): void {
    this.#latencies.add(latencies);
    for (const counter of ['intended', 'sent'] as const) {
      let second = startSecond;
      const encoded = perSecond?.[counter] ?? [];
      for (let i = 0; i + 1 < encoded.length; i += 2) {
        second += encoded[i]!;
        this.#perSecond.add(counter, second, [encoded[i + 1]!]);
        second++;
      }
    }
  }

  /** @param startSecond that the counts begin at, epoch seconds */
  sums(startSecond: number): Pick<StreamCounts, 'latencies' | 'perSecond'> {
    return {
      latencies: this.#latencies.encode(),
      perSecond: {
        intended: this.#perSecond.encoded('intended', startSecond),
        sent: this.#perSecond.encoded('sent', startSecond),
      },
    };
  }
}

/** Histograms by their names. */
class Histograms {
  readonly #histograms = new Map<string, LatencyHistogram>();

  add(encoded: Readonly<Partial<Record<string, EncodedHistogram>>>): void {
    for (const [name, each] of Object.entries(encoded)) {
      const histogram = this.#histograms.get(name) ?? new LatencyHistogram();
      this.#histograms.set(name, histogram);
      if (each !== undefined) histogram.mergeEncoded(each);
    }
  }

  encode(): Record<string, EncodedHistogram> {
    return Object.fromEntries([...this.#histograms].map(([name, each]) => [name, each.encode()]));
  }
}
