import { ofEach } from '../shared/counts.ts';
import type { ArrivalWindow, GroupArrivals } from './arrival-window.ts';
import { CorruptMeasurementError } from './corrupt-measurement.ts';
import { CountsBySecond } from './counts-by-second.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { arrivalLatencyNames } from './latency-names.ts';
import { MergedLatencySeconds } from './latency-seconds.ts';
import { MessageSets } from './message-sets.ts';
import { type ArrivalLatencies, addArrivalLatencies } from './run-latencies.ts';
import { noteReadUpTo, positionsOf } from './stream-batch.ts';
import { parseStreamKey } from './stream-key.ts';

/** Seconds from the first arrival of a sum to its last: a stored list has an item for each. */
const maxSpanSeconds = 7_200;

/**
 * The sum of an observer's windows, exact to the message: sets and histograms merge. What only a search reads, `dueSeconds`, is left out: its
 * runs are too short to be folded.
 */
export class WindowFold {
  readonly #windows: string[] = [];
  readonly #seen = new MessageSets();
  readonly #leastTransitUs = new Map<string, number>();
  readonly #latencies = makeArrivalLatencies();
  readonly #parts = new Map<string, PartFold>();
  readonly #perSecond = new CountsBySecond();
  readonly #endToEnd = new MergedLatencySeconds();
  readonly #readUpTo = new Map<string, string>();
  readonly #unrelated = { notJson: 0, noEnvelope: 0, otherRun: 0 };
  #arrivals = 0;
  #redelivered = 0;
  #wills = 0;

  /** How many windows it is the sum of. */
  get count(): number {
    return this.#windows.length;
  }

  /**
   * @returns false for a window that is left as it is: with it the sum would span more than two hours
   * @throws {CorruptMeasurementError}
   */
  add(window: ArrivalWindow): boolean {
    const { startSecond, arrivals } = window.perSecond;
    if (this.#perSecond.spanWith(startSecond, arrivals.length) > maxSpanSeconds) return false;
    this.#windows.push(window.window);
    this.#perSecond.add(startSecond, arrivals);
    this.#arrivals += window.arrivals;
    this.#redelivered += window.redelivered ?? 0;
    this.#wills += window.wills ?? 0;
    for (const [key, numbers] of Object.entries(window.seen)) {
      const stream = parseStreamKey(key);
      if (stream === undefined) throw new CorruptMeasurementError('An arrival window');
      this.#seen.addEncoded(stream, numbers, window.arrivals);
    }
    for (const [slice, us] of Object.entries(window.leastTransitUs ?? {}))
      this.#leastTransitUs.set(slice, Math.min(us, this.#leastTransitUs.get(slice) ?? us));
    addArrivalLatencies(this.#latencies, window);
    for (const [key, part] of Object.entries(window.groups ?? {})) this.#partOf(key).add(part);
    this.#endToEnd.add(window.latencyPerSecond?.end_to_end_latency ?? {});
    for (const position of positionsOf(window)) noteReadUpTo(this.#readUpTo, position);
    const { notJson, noEnvelope, otherRun = 0 } = window.unrelated;
    this.#unrelated.notJson += notJson;
    this.#unrelated.noEnvelope += noEnvelope;
    this.#unrelated.otherRun += otherRun;
    return true;
  }

  /** @param fold its number among the sums of the run's windows */
  window({ runId, observer }: Pick<ArrivalWindow, 'runId' | 'observer'>, fold: number): ArrivalWindow {
    const { otherRun, ...unrelated } = this.#unrelated;
    return {
      version: 2,
      runId,
      observer,
      window: `fold-${fold}`,
      arrivals: this.#arrivals,
      seen: this.#seen.encode(),
      leastTransitUs: Object.fromEntries(this.#leastTransitUs),
      latencies: encodeLatencies(this.#latencies),
      ...(this.#parts.size > 0 && {
        groups: Object.fromEntries([...this.#parts].map(([key, part]) => [key, part.encode()])),
      }),
      perSecond: { startSecond: this.#perSecond.startSecond, arrivals: this.#perSecond.list() },
      latencyPerSecond: { end_to_end_latency: this.#endToEnd.encode() },
      ...(this.#redelivered > 0 && { redelivered: this.#redelivered }),
      ...(this.#wills > 0 && { wills: this.#wills }),
      unrelated: otherRun > 0 ? { ...unrelated, otherRun } : unrelated,
      folded: {
        fold,
        windows: this.#windows,
        readUpTo: [...this.#readUpTo].map(([shard, sequenceNumber]) => ({ shard, sequenceNumber })),
      },
    };
  }

  #partOf(key: string): PartFold {
    let part = this.#parts.get(key);
    if (part === undefined) {
      part = new PartFold();
      this.#parts.set(key, part);
    }
    return part;
  }
}

/** The same of one kind of message of one device group. */
class PartFold {
  readonly #latencies = makeArrivalLatencies();
  readonly #endToEnd = new MergedLatencySeconds();
  #arrivals = 0;

  add(part: GroupArrivals): void {
    this.#arrivals += part.arrivals;
    addArrivalLatencies(this.#latencies, part);
    this.#endToEnd.add(part.endToEndPerSecond ?? {});
  }

  encode(): GroupArrivals {
    return {
      arrivals: this.#arrivals,
      latencies: encodeLatencies(this.#latencies),
      endToEndPerSecond: this.#endToEnd.encode(),
    };
  }
}

function makeArrivalLatencies(): ArrivalLatencies {
  return ofEach(arrivalLatencyNames, () => new LatencyHistogram());
}

function encodeLatencies(latencies: ArrivalLatencies): ArrivalWindow['latencies'] {
  return ofEach(arrivalLatencyNames, (name) => latencies[name].encode());
}
