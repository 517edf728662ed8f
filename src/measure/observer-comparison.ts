import type { RunOutline } from '../plan/run-outline.ts';
import type { IntervalSet } from './interval-set.ts';
import type { ObserverCloser } from './observer-record.ts';
import type { ObserverComparison } from './run-ledger.ts';
import type { StreamEntry } from './slice-entry.ts';

/** Compares two observers that see every message, slice by slice. */
export class ObserverComparer {
  readonly #names: readonly [string, string];
  readonly #closers: readonly [ObserverCloser, ObserverCloser];
  readonly #counts = { onlyAtFirst: 0, onlyAtSecond: 0, atBoth: 0 };

  constructor(
    first: readonly [name: string, closer: ObserverCloser],
    second: readonly [name: string, closer: ObserverCloser],
  ) {
    this.#names = [first[0], second[0]];
    this.#closers = [first[1], second[1]];
  }

  add(slice: number, streams: readonly StreamEntry[]): void {
    for (const [stream, { sent }] of streams.entries()) {
      const [first, second] = this.#closers.map((closer): IntervalSet => {
        const { received, deadLettered } = closer.arrivedOf({ slice, stream });
        return sent.without(received).without(deadLettered);
      }) as [IntervalSet, IntervalSet];
      const onlyAtFirst = first.without(second).count;
      this.#counts.onlyAtFirst += onlyAtFirst;
      this.#counts.onlyAtSecond += second.without(first).count;
      this.#counts.atBoth += first.count - onlyAtFirst;
    }
  }

  comparison(): ObserverComparison {
    return { observers: this.#names, ...this.#counts };
  }
}

/** The first two observers that see every message; undefined where there are no two. */
export function compareObservers(
  { observers }: RunOutline,
  closers: readonly (readonly [name: string, closer: ObserverCloser])[],
): ObserverComparer | undefined {
  const [first, second] = closers.filter((_, i) => observers[i]?.recordedBy === 'windows');
  return first === undefined || second === undefined ? undefined : new ObserverComparer(first, second);
}
