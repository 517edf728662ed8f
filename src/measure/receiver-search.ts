import { type CommandStream, type Downlink, type PlaceRange, placeOf } from '../plan/downlinks.ts';
import { sharesOf } from '../plan/slices.ts';
import type { IntervalSet } from './interval-set.ts';

/** Deliveries of ranks in a row to devices in a row, of one slice. */
export interface DeliveryTargets {
  /** Of the first; the others follow, as places and devices do. */
  readonly rank: number;
  readonly place: number;
  readonly slice: number;
  /** Index within its slice. */
  readonly device: number;
  readonly count: number;
}

/** The slices whose devices receive, each with its places, in the order of these. */
export function receiversOf(downlink: Downlink): readonly (readonly [slice: number, PlaceRange])[] {
  return downlink.receivers.flatMap(sharesOf).map(({ slice, firstDevice, devices }) => {
    return [slice, { first: placeOf(downlink, firstDevice) ?? 0, count: devices }] as const;
  });
}

/** Visits the devices that deliveries of a stream are for, in the order of the ranks: a step for each slice that they come to. */
export function forEachReceiver(
  { downlink, firstPlace }: CommandStream,
  ranks: IntervalSet,
  visit: (targets: DeliveryTargets) => void,
): void {
  const { devices, isBroadcast } = downlink;
  const shift = isBroadcast ? 0 : firstPlace;
  const receivers = receiversOf(downlink);
  let at = 0;
  ranks.forEachInterval((start, length) => {
    for (let rank = start; rank < start + length; ) {
      const place = (shift + rank) % devices;
      if (place < receivers[at]![1].first) at = 0;
      while (place >= receivers[at]![1].first + receivers[at]![1].count) at++;
      const [slice, { first, count: ofSlice }] = receivers[at]!;
      const count = Math.min(start + length - rank, first + ofSlice - place);
      visit({ rank, place, slice, device: place - first, count });
      rank += count;
    }
  });
}
