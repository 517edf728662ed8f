import type { Receiver } from './downlink-records.ts';
import type { OfflineSearch } from './offline-times.ts';

/** Searches in the offline times of a slice's devices; absent: it stored none. */
export interface ReceiverSearches {
  readonly offline?: OfflineSearch;
  readonly kept?: OfflineSearch;
}

/** @returns the searches of a slice, each of which goes on from where it was */
export function makeSearches(receivers: ReadonlyMap<number, Receiver>): (slice: number) => ReceiverSearches {
  const known = new Map<number, ReceiverSearches>();
  return (slice) => {
    let searches = known.get(slice);
    if (searches === undefined) {
      const receiver = receivers.get(slice);
      searches =
        receiver === undefined ? {} : { offline: receiver.offline.search(), kept: receiver.kept.search() };
      known.set(slice, searches);
    }
    return searches;
  };
}
