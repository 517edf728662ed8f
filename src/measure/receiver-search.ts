import { type CommandStream, type Downlink, type PlaceRange, placeOf } from '../plan/downlinks.ts';
import { firstPlace } from '../plan/schedules/reordered-schedule.ts';
import { sharesOf } from '../plan/slices.ts';

/** The device that a delivery is for. */
export interface DeliveryTarget {
  /** Of the command in its stream. */
  readonly n: number;
  readonly place: number;
  readonly slice: number;
  /** Index within its slice. */
  readonly device: number;
}

/** The slices whose devices receive, each with its places, in the order of these. */
export function receiversOf(downlink: Downlink): readonly (readonly [slice: number, PlaceRange])[] {
  return downlink.receivers.flatMap(sharesOf).map(({ slice, firstDevice, devices }) => {
    return [slice, { first: placeOf(downlink, firstDevice) ?? 0, count: devices }] as const;
  });
}

/** @returns finds the device of a rank of the stream */
export function makeReceiverSearch({
  downlink,
  firstPlace: placeOfFirst,
}: CommandStream): (rank: number) => DeliveryTarget {
  const { devices, fanOut, isBroadcast } = downlink;
  const receivers = receiversOf(downlink);
  return (rank) => {
    const n = Math.floor(rank / fanOut);
    const place = isBroadcast ? rank % devices : (placeOfFirst + n) % devices;
    const after = firstPlace(receivers.length, (i) => receivers[i]![1].first <= place);
    const [slice, { first }] = receivers[after - 1]!;
    return { n, place, slice, device: place - first };
  };
}
