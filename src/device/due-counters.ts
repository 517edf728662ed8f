import type { DueLatencyName, DueSeconds, MessageFate } from '../measure/hold-seconds.ts';
import { dueSecondOf } from '../measure/hold-seconds.ts';
import { encodeBuckets } from '../measure/latency-buckets.ts';
import { LatencySeconds, openDueSeconds } from '../measure/latency-seconds.ts';

/**
 * What becomes of the messages of one stream, by the second in which they were due. Messages become due in the order of their numbers, so
 * a number alone says the second: nothing is kept for a message.
 */
export class DueCounters {
  readonly #startSecond: number;
  /** By second since the first: number of the first message that is due then or later. */
  readonly #firsts: number[] = [];
  /** One more than the number of the last message that is due. */
  #end = 0;
  readonly #fates: Partial<Record<MessageFate, number[]>> = {};
  readonly #latencies: Partial<Record<DueLatencyName, LatencySeconds>> = {};
  readonly #statuses = new Map<number, LatencySeconds>();
  /** The second found last: that of most messages. */
  #second = 0;

  /** @param startSecond epoch seconds; what is due earlier counts there */
  constructor(startSecond: number) {
    this.#startSecond = startSecond;
  }

  /** The next message is due. @param atMs epoch milliseconds, not before that of the message before */
  intended(n: number, atMs: number): void {
    const second = Math.max(0, dueSecondOf(atMs) - this.#startSecond);
    while (this.#firsts.length <= second) this.#firsts.push(n);
    this.#end = n + 1;
  }

  decided(fate: MessageFate, n: number): void {
    let counts = this.#fates[fate];
    if (counts === undefined) {
      counts = [];
      this.#fates[fate] = counts;
    }
    const second = this.#secondOf(n);
    while (counts.length <= second) counts.push(0);
    counts[second]!++;
  }

  measured(name: DueLatencyName, n: number, latencyMs: number): void {
    this.#latencies[name] ??= new LatencySeconds(openDueSeconds);
    this.#latencies[name].record(this.#dueMsOf(n), latencyMs);
  }

  /** A request was answered. */
  answered(status: number, n: number, tookMs: number): void {
    let times = this.#statuses.get(status);
    if (times === undefined) {
      times = new LatencySeconds(openDueSeconds);
      this.#statuses.set(status, times);
    }
    times.record(this.#dueMsOf(n), tookMs);
    this.measured('response_time', n, tookMs);
  }

  /** The last message that became due: of one whose number is not known. */
  get last(): number {
    return Math.max(0, this.#end - 1);
  }

  encode(): DueSeconds {
    const ends = [...this.#firsts.slice(1), this.#end];
    return {
      first: this.#firsts[0] ?? 0,
      intended: encodeBuckets(this.#firsts.map((first, second) => ends[second]! - first)),
      fates: encodeEach(this.#fates, encodeBuckets),
      latencies: encodeEach(this.#latencies, (seconds) => seconds.encode()),
      ...(this.#statuses.size > 0 && {
        statuses: Object.fromEntries([...this.#statuses].map(([status, times]) => [status, times.encode()])),
      }),
    };
  }

  #dueMsOf(n: number): number {
    return (this.#startSecond + this.#secondOf(n)) * 1_000;
  }

  #secondOf(n: number): number {
    const firsts = this.#firsts;
    let second = this.#second;
    while (second + 1 < firsts.length && firsts[second + 1]! <= n) second++;
    while (second > 0 && firsts[second]! > n) second--;
    this.#second = second;
    return second;
  }
}

function encodeEach<Name extends string, Value, Encoded>(
  values: Readonly<Partial<Record<Name, Value>>>,
  encode: (value: Value) => Encoded,
): Partial<Record<Name, Encoded>> {
  const entries = Object.entries(values) as [Name, Value][];
  return Object.fromEntries(entries.map(([name, value]) => [name, encode(value)])) as Partial<
    Record<Name, Encoded>
  >;
}
