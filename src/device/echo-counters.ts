import type { ObservedMessages, QuickestEcho } from '../measure/slice-result.ts';
import { sumBy } from '../shared/counts.ts';
import type { CountedStreams } from './counted-streams.ts';
import { IntervalHistogram } from './interval-histogram.ts';
import type { EchoedMessage } from './payload.ts';
import type { StreamCounters } from './stream-counters.ts';

/** Messages that devices of a slice received on their own subscriptions. */
export class EchoCounters {
  readonly latency = new IntervalHistogram();
  /** All that were received. */
  received = 0;
  quickest: QuickestEcho | undefined;
  readonly #ranksOf: CountedStreams['echoRanksOf'];
  readonly #streams: readonly StreamCounters[];
  /** How often own messages were back at their devices. */
  #arrivals = 0;

  /** @param streams of the slice, by number */
  constructor({ echoRanksOf }: CountedStreams, streams: readonly StreamCounters[]) {
    this.#ranksOf = echoRanksOf;
    this.#streams = streams;
  }

  /** @param deviceIndex of the device that received it, over the whole run */
  echoed(deviceIndex: number, { at, own }: EchoedMessage, arrivedMs: number): void {
    if (own !== undefined) {
      // On a shared topic devices receive each other's messages: those are no echoes.
      if (own.deviceIndex === deviceIndex) this.#observe(own.stream, own.n);
      const us = Math.round((arrivedMs - own.sent) * 1_000);
      if (this.quickest === undefined || us < this.quickest.us) {
        const { stream, n } = own;
        this.quickest = { ...(stream > 0 && { stream }), n, us };
      }
    }
    this.received++;
    this.latency.record(arrivedMs - at);
  }

  /** Messages that were sent and are to come back to their devices, but are not back yet. */
  get missing(): number {
    return sumBy(this.#streams, (each, i) => each.echoesMissing(this.#ranksOf?.(i)));
  }

  /** Undefined: none is to come back. */
  observed(): ObservedMessages | undefined {
    if (this.#ranksOf === undefined) return undefined;
    return { arrivals: this.#arrivals, seen: this.#streams.map(({ echoes }) => echoes.encode()) };
  }

  #observe(stream: number, n: number): void {
    const { sent, echoes } = this.#streams[stream]!;
    const rankOf = this.#ranksOf?.(stream);
    if (rankOf === undefined || !sent.has(n)) return;
    const rank = rankOf(n);
    // Of a device that is not expected to receive it.
    if (rankOf(n + 1) === rank) return;
    this.#arrivals++;
    echoes.add(rank);
  }
}
