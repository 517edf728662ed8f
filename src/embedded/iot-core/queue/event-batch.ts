import { hash } from 'node:crypto';
import { writeInteger } from '../../../device/ascii.ts';
import { maxEventBytes } from '../../../plan/queue-readers.ts';
import {
  firstNumber,
  firstReceiveAt,
  md5At,
  messageIdAt,
  messageIdLength,
  numberAt,
  type RecordTemplate,
  receiveCountAt,
  sentAt,
} from './sqs-record.ts';

/** Room of a batch at first; it doubles as it fills. */
const firstBytes = 65_536;

const prefix = Buffer.from('{"Records":[');
const comma = 0x2c;
const backslash = 0x5c;
/**
 * By byte of a JSON text: 0 if it needs no escape in a string, else what follows the backslash. Of the control
 * characters JSON has but these between its tokens (RFC 8259, 2).
 */
const escapes = new Uint8Array(256);
escapes[0x22] = 0x22;
escapes[backslash] = backslash;
for (const [control, letter] of [
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0d, 'r'],
] as const) {
  escapes[control] = letter.charCodeAt(0);
}

/**
 * Messages of the queue as the very bytes of the event they will be delivered in: each is written once, and moved as it
 * is from the batch it waits in to the batch it is delivered in. When, and how often, it was received is put into its place.
 */
export class EventBatch {
  readonly #template: RecordTemplate;
  #bytes = Buffer.allocUnsafeSlow(firstBytes);
  /** By record: where it ends, past its comma. */
  readonly #ends: Int32Array;
  #length = prefix.length;
  /** Of these records, the first `#moved` are in other batches by now. */
  #records = 0;
  #moved = 0;
  /** Times it was received; all its records alike. */
  receiveCount = 0;

  /** @param maxRecords 1–10,000 */
  constructor(template: RecordTemplate, maxRecords: number) {
    this.#template = template;
    this.#ends = new Int32Array(maxRecords);
    this.#bytes.set(prefix);
  }

  get records(): number {
    return this.#records - this.#moved;
  }

  get isFull(): boolean {
    return this.#records === this.#ends.length;
  }

  /**
   * @param body JSON text
   * @param number of the message, counted from 0 over all messages
   * @returns false if there is no room left
   */
  append(body: Buffer, number: number, sentAtMs: number): boolean {
    const { head, tail } = this.#template;
    const start = this.#length;
    // At worst each byte of the body needs an escape; the bracket that closes the event takes one more.
    const longest = start + head.length + body.length * 2 + tail.length + 2;
    if (this.isFull || longest > maxEventBytes) return false;
    this.#reserve(longest);
    const out = this.#bytes;
    out.set(head, start);
    writeInteger(out, start + numberAt, firstNumber + number);
    const tailStart = escapeInto(out, start + head.length, body);
    out.set(tail, tailStart);
    writeInteger(out, tailStart + sentAt, sentAtMs);
    writeInteger(out, tailStart + firstReceiveAt, sentAtMs);
    out.write(hash('md5', body), tailStart + md5At, 'latin1');
    out[tailStart + tail.length] = comma;
    this.#length = tailStart + tail.length + 1;
    this.#ends[this.#records++] = this.#length;
    return true;
  }

  /**
   * Moves the oldest records to the end of another batch, as received now for the first time.
   * @returns how many there were, and there was room for
   */
  moveTo(target: EventBatch, most: number, nowMs: number): number {
    const from = this.#startOf(this.#moved);
    const last = Math.min(
      this.#records,
      this.#moved + most,
      this.#moved + target.#ends.length - target.#records,
    );
    const { tail } = this.#template;
    const shift = target.#length - from;
    let place = this.#moved;
    for (; place < last && this.#ends[place]! + shift + 1 <= maxEventBytes; place++) {
      target.#ends[target.#records++] = this.#ends[place]! + shift;
      writeInteger(this.#bytes, this.#ends[place]! - 1 - tail.length + firstReceiveAt, nowMs);
    }
    const count = place - this.#moved;
    if (count === 0) return 0;
    const to = this.#ends[place - 1]!;
    target.#reserve(to + shift + 1);
    this.#bytes.copy(target.#bytes, target.#length, from, to);
    target.#length = to + shift;
    this.#moved = place;
    return count;
  }

  /**
   * Counts a receive; every record says the first by itself.
   * @returns the event as JSON: a view, good until the batch changes
   */
  receive(): Buffer {
    const out = this.#bytes;
    this.receiveCount++;
    if (this.receiveCount > 1) {
      const digit = 0x30 + Math.min(this.receiveCount, 9);
      for (let i = 0; i < this.#records; i++) {
        out[this.#ends[i]! - 1 - this.#template.tail.length + receiveCountAt] = digit;
      }
    }
    // The last comma gives way to the end of the event; should the batch grow again, it comes back.
    out.write(']}', this.#length - 1, 'latin1');
    return out.subarray(0, this.#length + 1);
  }

  /** Places by message id. */
  indexById(): Map<string, number> {
    const index = new Map<string, number>();
    for (let i = 0; i < this.#records; i++) {
      const idStart = this.#startOf(i) + messageIdAt;
      index.set(this.#bytes.toString('latin1', idStart, idStart + messageIdLength), i);
    }
    return index;
  }

  /** What a dead-letter queue keeps of these records: each message as it was sent. */
  messagesAt(places: readonly number[]): { messageId: string; body: string; sentAtMs: number }[] {
    return places.map((place) => {
      const record = JSON.parse(
        this.#bytes.toString('utf8', this.#startOf(place), this.#ends[place]! - 1),
      ) as {
        messageId: string;
        body: string;
        attributes: { SentTimestamp: string };
      };
      return {
        messageId: record.messageId,
        body: record.body,
        sentAtMs: Number(record.attributes.SentTimestamp),
      };
    });
  }

  /** Leaves only these records, in their order. @param places ascending */
  keep(places: readonly number[]): void {
    let length = prefix.length;
    for (const [record, place] of places.entries()) {
      const start = this.#startOf(place);
      const end = this.#ends[place]!;
      this.#bytes.copyWithin(length, start, end);
      length += end - start;
      this.#bytes[length - 1] = comma;
      this.#ends[record] = length;
    }
    this.#records = places.length;
    this.#length = length;
  }

  /** Empty, as new: for the next messages. */
  clear(): void {
    this.#length = prefix.length;
    this.#records = 0;
    this.#moved = 0;
    this.receiveCount = 0;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.min(maxEventBytes, Math.max(bytes, this.#bytes.length * 2)));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  #startOf(place: number): number {
    return place === 0 ? prefix.length : this.#ends[place - 1]!;
  }
}

/** The body as the inside of a JSON string. @returns past what was written */
function escapeInto(out: Buffer, at: number, body: Buffer): number {
  let to = at;
  for (let from = 0; from < body.length; from++) {
    const byte = body[from]!;
    const mark = escapes[byte]!;
    if (mark === 0) {
      out[to++] = byte;
    } else {
      out[to] = backslash;
      out[to + 1] = mark;
      to += 2;
    }
  }
  return to;
}
