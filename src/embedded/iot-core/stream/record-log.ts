import { writeBase64 } from './base64.ts';

/** A record as it lies in the log: views, good until it is trimmed. */
export interface LoggedRecord {
  /** The inside of a JSON string. */
  readonly key: Buffer;
  /** In base64. */
  readonly data: Buffer;
  /** Epoch milliseconds. */
  readonly arrivedAt: number;
  /** Key and data as they came. */
  readonly bytes: number;
}

/** Room of a segment, but for a record that is larger than one. */
const segmentBytes = 262_144;
const segmentRecords = 2_048;

/** Records of one shard, numbered from 0, in the form in which JSON carries them: each is written once. */
export class RecordLog {
  readonly #segments: Segment[] = [];
  #end = 0;

  /** Number of the oldest record that is kept. */
  get start(): number {
    return this.#segments[0]?.first ?? this.#end;
  }

  /** Number of the next record. */
  get end(): number {
    return this.#end;
  }

  /** Bytes held in memory. */
  get heldBytes(): number {
    return this.#segments.reduce((sum, { room }) => sum + room, 0);
  }

  append(key: string, data: Buffer, nowMs: number): number {
    const escaped = JSON.stringify(key).slice(1, -1);
    const bytes = Buffer.byteLength(escaped) + 4 * Math.ceil(data.length / 3);
    let last = this.#segments.at(-1);
    if (last === undefined || !last.fits(bytes)) {
      last = new Segment(this.#end, Math.max(segmentBytes, bytes));
      this.#segments.push(last);
    }
    last.append(escaped, data, Buffer.byteLength(key) + data.length, nowMs);
    return this.#end++;
  }

  /** @param number from `start` up to, and without, `end` */
  at(number: number): LoggedRecord {
    return this.#segmentOf(number).at(number);
  }

  arrivedAt(number: number): number {
    return this.#segmentOf(number).arrivedAt(number);
  }

  /** The oldest record that arrived then or later; `end` if there is none. */
  since(epochMs: number): number {
    let [low, high] = [this.start, this.#end];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.arrivedAt(middle) < epochMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Gives up the oldest segments, none with a record of this number or a later one, while more is held than may be. */
  trim(before: number, maxHeldBytes: number): void {
    let held = this.heldBytes;
    while (held > maxHeldBytes && (this.#segments[1]?.first ?? Number.POSITIVE_INFINITY) <= before) {
      held -= this.#segments.shift()!.room;
    }
  }

  /** Reads go on where the last one ended or begin near an end: the search is from the newest. */
  #segmentOf(number: number): Segment {
    for (let i = this.#segments.length - 1; i >= 0; i--) {
      const segment = this.#segments[i]!;
      if (number >= segment.first) return segment;
    }
    throw new RangeError(`record ${number} is not in the log of ${this.start} to ${this.#end}`);
  }
}

class Segment {
  readonly first: number;
  readonly #bytes: Buffer;
  readonly #keyEnds = new Int32Array(segmentRecords);
  readonly #ends = new Int32Array(segmentRecords);
  readonly #rawBytes = new Int32Array(segmentRecords);
  readonly #arrivals = new Float64Array(segmentRecords);
  #records = 0;
  #length = 0;

  constructor(first: number, room: number) {
    this.first = first;
    this.#bytes = Buffer.allocUnsafeSlow(room);
  }

  get room(): number {
    return this.#bytes.length;
  }

  fits(bytes: number): boolean {
    return this.#records < segmentRecords && this.#length + bytes <= this.#bytes.length;
  }

  append(key: string, data: Buffer, rawBytes: number, nowMs: number): void {
    const record = this.#records++;
    this.#length += this.#bytes.write(key, this.#length, 'utf8');
    this.#keyEnds[record] = this.#length;
    this.#length = writeBase64(this.#bytes, this.#length, data);
    this.#ends[record] = this.#length;
    this.#rawBytes[record] = rawBytes;
    this.#arrivals[record] = nowMs;
  }

  at(number: number): LoggedRecord {
    const record = number - this.first;
    const start = record === 0 ? 0 : this.#ends[record - 1]!;
    const keyEnd = this.#keyEnds[record]!;
    return {
      key: this.#bytes.subarray(start, keyEnd),
      data: this.#bytes.subarray(keyEnd, this.#ends[record]!),
      arrivedAt: this.#arrivals[record]!,
      bytes: this.#rawBytes[record]!,
    };
  }

  arrivedAt(number: number): number {
    return this.#arrivals[number - this.first]!;
  }
}
