import { maxSlices } from '../shared/run-bounds.ts';

/** A stream of a run: one kind of message of one slice, numbered n = 0, 1, 2 … without a gap. */
export interface StreamId {
  readonly slice: number;
  readonly stream: number;
}

/** Kinds of message that one slice may send. Bounds what a forged key can make a reader keep. */
export const maxStreams = 100;

/** Whether a run of any plan can have this stream. */
export function isStreamId(id: { readonly [Key in keyof StreamId]: unknown }): id is StreamId {
  return isBelow(id.slice, maxSlices) && isBelow(id.stream, maxStreams);
}

/** The key of a stream in stored files: `7` for stream 0 of slice 7, `7.1` for its stream 1. */
export function formatStreamKey({ slice, stream }: StreamId): string {
  return stream === 0 ? String(slice) : `${slice}.${stream}`;
}

const keyPattern = /^(0|[1-9]\d{0,4})(?:\.([1-9]\d?))?$/;

/** The stream that a key names; undefined for a key that `formatStreamKey` does not write. */
export function parseStreamKey(key: string): StreamId | undefined {
  const [, slice, stream = 0] = keyPattern.exec(key) ?? [];
  const id = { slice: Number(slice), stream: Number(stream) };
  return isStreamId(id) ? id : undefined;
}

/**
 * The key of a kind of message in arrival windows: `2` for stream 0 of device group 2, `2.1` for its stream 1.
 * @param group its number; 0: the one of a flat profile
 */
export function formatKindKey(group: number, stream: number): string {
  return stream === 0 ? String(group) : `${group}.${stream}`;
}

/** A number for each kind of message of a group: a map's key that costs no string. */
export function kindIndexOf(group: number, stream: number): number {
  return group * maxStreams + stream;
}

/** `formatKindKey` of the kind with such a number. */
export function kindKeyAt(index: number): string {
  return formatKindKey(Math.floor(index / maxStreams), index % maxStreams);
}

/** The number of the group that such a key names; NaN for any other text. */
export function groupOfKindKey(key: string): number {
  return keyPattern.test(key) ? Number.parseInt(key, 10) : Number.NaN;
}

/** A number for each stream, 0 … `maxSlices · maxStreams` − 1: a map's key that costs no string. */
export function streamIndexOf({ slice, stream }: StreamId): number {
  return slice * maxStreams + stream;
}

export function streamAt(index: number): StreamId {
  return { slice: Math.floor(index / maxStreams), stream: index % maxStreams };
}

function isBelow(value: unknown, limit: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < limit;
}
