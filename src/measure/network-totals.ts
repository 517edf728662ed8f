import { sumFields } from '../shared/counts.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import type { DirectionResult, NetworkResult } from './network-result.ts';

/** What the injected network did to the devices of one group: the sums of its slices. */
export interface GroupNetwork {
  /** Number of the group. */
  readonly group: number;
  readonly up: DirectionTotals;
  readonly down: DirectionTotals;
  readonly ended: NetworkEndings;
}

export interface DirectionTotals {
  readonly packets: PacketCounts;
  readonly delays: LatencyHistogram;
}

export type PacketCounts = Omit<DirectionResult, 'delay'>;

/** Connections that it ended, by how, and attempts of devices that it did not reach. */
export type NetworkEndings = Omit<NetworkResult, 'up' | 'down'>;

/** Merges what slices stored of their networks. Slices come in any order. */
export class NetworkTotals {
  readonly #groups = new Map<number, GroupNetwork>();

  /** @param group number of the slice's group @throws {CorruptMeasurementError} */
  addSlice(group: number, { network }: { readonly network?: NetworkResult | undefined }): void {
    if (network === undefined) return;
    const { up, down, ...ended } = network;
    const before = this.#groups.get(group);
    this.#groups.set(group, {
      group,
      up: addDirection(before?.up, up),
      down: addDirection(before?.down, down),
      ended: before === undefined ? ended : sumFields(before.ended, ended),
    });
  }

  /** In the order of the groups; undefined: the injected network did nothing. */
  totals(): readonly GroupNetwork[] | undefined {
    if (this.#groups.size === 0) return undefined;
    return [...this.#groups.values()].toSorted((a, b) => a.group - b.group);
  }
}

function addDirection(before: DirectionTotals | undefined, { delay, ...packets }: DirectionResult) {
  const delays = before?.delays ?? new LatencyHistogram();
  delays.mergeEncoded(delay);
  return { packets: before === undefined ? packets : sumFields(before.packets, packets), delays };
}
