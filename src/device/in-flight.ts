/** A message that was sent and is not answered yet. */
export interface InFlightMessage {
  readonly token: number;
  /** Index within the slice. */
  readonly device: number;
  /** Index of the message's stream within the slice, and the message's number in it. */
  readonly stream: number;
  readonly n: number;
  /** Epoch milliseconds. */
  readonly sentMs: number;
  /** At QoS 2: its PUBREC has come. */
  readonly isAccepted: boolean;
}

/** No message: the end of a list, or a free place. */
const none = -1;
/** A record is 32 bytes: six 32-bit fields, and a double in the place of the last two. */
const fieldsEach = 8;
const doublesEach = 4;
const tokenField = 0;
const deviceField = 1;
/** The stream; its complement, which is negative, once the message is accepted. */
const streamField = 2;
const numberField = 3;
/** Tokens of the same device's message before and after this one. */
const beforeField = 4;
const afterField = 5;
const sentMsDouble = 3;

/**
 * Messages in flight, found by the token that they were sent with: no object, no timer and no allocation a message. A message's
 * place is its token's low bits. Tokens ascend in the order of sending, and one whose place is taken is passed over, so that
 * the table is as large as what is in flight at once, however long one message stays. A device's messages are a
 * linked list through their records.
 */
export class InFlight {
  #fields: Int32Array;
  #doubles: Float64Array;
  #mask: number;
  /** By device: the token of its latest message. */
  readonly #latestOf: Int32Array;
  #size = 0;
  #nextToken = 0;
  /** No message in flight has a token below this one. */
  #oldest = 0;
  readonly #taken = { token: 0, device: 0, stream: 0, n: 0, sentMs: 0, isAccepted: false };

  /** @param capacity in messages, a power of two; grows on demand */
  constructor(devices: number, capacity = 1_024) {
    this.#latestOf = new Int32Array(devices).fill(none);
    this.#fields = new Int32Array(capacity * fieldsEach).fill(none);
    this.#doubles = new Float64Array(this.#fields.buffer);
    this.#mask = capacity - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** The token of the next message: 0 … 2³¹ − 1, greater than all before it. */
  get nextToken(): number {
    while (this.#fields[(this.#nextToken & this.#mask) * fieldsEach] !== none) this.#nextToken++;
    return this.#nextToken;
  }

  /** The message was sent with `nextToken`. */
  add({ device, stream, n }: Pick<InFlightMessage, 'device' | 'stream' | 'n'>, sentMs: number): void {
    const token = this.nextToken;
    const place = token & this.#mask;
    const at = place * fieldsEach;
    const fields = this.#fields;
    const before = this.#latestOf[device]!;
    fields[at + tokenField] = token;
    fields[at + deviceField] = device;
    fields[at + streamField] = stream;
    fields[at + numberField] = n;
    fields[at + beforeField] = before;
    fields[at + afterField] = none;
    this.#doubles[place * doublesEach + sentMsDouble] = sentMs;
    if (before !== none) fields[(before & this.#mask) * fieldsEach + afterField] = token;
    this.#latestOf[device] = token;
    if (this.#size === 0) this.#oldest = token;
    this.#size++;
    this.#nextToken = token + 1;
    if (this.#size * 2 > this.#mask) this.#grow();
  }

  /**
   * @param token any number: an answer may arrive late, or for a token that was never used
   * @returns the message, no longer in flight, in an object that is reused; undefined where it was not
   */
  take(token: number): InFlightMessage | undefined {
    const place = token & this.#mask;
    const at = place * fieldsEach;
    const fields = this.#fields;
    if (token < 0 || fields[at + tokenField] !== token) return undefined;
    const device = fields[at + deviceField]!;
    const before = fields[at + beforeField]!;
    const after = fields[at + afterField]!;
    if (before !== none) fields[(before & this.#mask) * fieldsEach + afterField] = after;
    if (after !== none) fields[(after & this.#mask) * fieldsEach + beforeField] = before;
    else this.#latestOf[device] = before;
    fields[at + tokenField] = none;
    this.#size--;
    const taken = this.#taken;
    taken.token = token;
    taken.device = device;
    const stream = fields[at + streamField]!;
    taken.isAccepted = stream < 0;
    taken.stream = stream < 0 ? ~stream : stream;
    taken.n = fields[at + numberField]!;
    taken.sentMs = this.#doubles[place * doublesEach + sentMsDouble]!;
    return taken;
  }

  /** Marks a message as accepted; nothing happens where it is no longer in flight. */
  accept(token: number): void {
    const at = (token & this.#mask) * fieldsEach;
    const stream = this.#fields[at + streamField]!;
    if (this.#fields[at + tokenField] === token && stream >= 0) this.#fields[at + streamField] = ~stream;
  }

  /** The next of the device's messages, latest first. */
  takeOf(device: number): InFlightMessage | undefined {
    return this.take(this.#latestOf[device]!);
  }

  /** The next message that was sent at or before `beforeMs`, in the order of sending. */
  takeExpired(beforeMs: number): InFlightMessage | undefined {
    if (this.#size === 0) return undefined;
    while (this.#fields[(this.#oldest & this.#mask) * fieldsEach] !== this.#oldest) this.#oldest++;
    const sentMs = this.#doubles[(this.#oldest & this.#mask) * doublesEach + sentMsDouble]!;
    return sentMs > beforeMs ? undefined : this.take(this.#oldest);
  }

  #grow(): void {
    const fields = this.#fields;
    this.#fields = new Int32Array(fields.length * 2).fill(none);
    this.#doubles = new Float64Array(this.#fields.buffer);
    this.#mask = this.#mask * 2 + 1;
    // Two tokens that were apart in the smaller table are apart in the larger.
    for (let at = 0; at < fields.length; at += fieldsEach) {
      const token = fields[at + tokenField]!;
      if (token === none) continue;
      this.#fields.set(fields.subarray(at, at + fieldsEach), (token & this.#mask) * fieldsEach);
    }
  }
}
