import { shardLimits } from '../../../targets/aws-iot/shard-limits.ts';
import { TokenBucket } from '../token-bucket.ts';
import { type LoggedRecord, RecordLog } from './record-log.ts';

/** Sequence numbers are 56 digits, as Kinesis's mostly are: these many stand for the shard, the rest count. */
const prefixDigits = 41;
/** The first record’s; numbers begin here so that all have the same number of digits. */
export const firstNumber = 100_000_000_000_000;
const sequenceNumberDigits = prefixDigits + String(firstNumber).length;

/** One shard: takes 1,000 records and 1 MiB a second, gives 2 MiB in five reads a second, and keeps the order. */
export class Shard {
  readonly id: string;
  /** All of its sequence numbers begin so. */
  readonly sequencePrefix: string;
  readonly log = new RecordLog();
  readonly #records: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #reads: TokenBucket;
  #readableAt = Number.NEGATIVE_INFINITY;
  /** The oldest record that a reader has given up. It is kept, because the failure record points to it. */
  #heldFrom = Number.POSITIVE_INFINITY;

  /** @param createdAt epoch milliseconds of the stream @param burstSeconds of the two rates it takes records at */
  constructor(index: number, createdAt: number, burstSeconds: number) {
    const padded = String(index).padStart(12, '0');
    this.id = `shardId-${padded}`;
    this.sequencePrefix = `49${createdAt}${padded}`.padEnd(prefixDigits, '0');
    this.#records = new TokenBucket(shardLimits.recordsPerSecond, burstSeconds);
    this.#bytes = new TokenBucket(shardLimits.bytesPerSecond, burstSeconds);
    this.#reads = new TokenBucket(shardLimits.readsPerSecond, 1);
  }

  /** @returns the record's number; undefined if it is past what the shard takes */
  put(key: string, data: Buffer, nowMs: number): number | undefined {
    if (!this.#records.take(nowMs)) return undefined;
    if (!this.#bytes.take(nowMs, Buffer.byteLength(key) + data.length)) return undefined;
    return this.log.append(key, data, nowMs);
  }

  /**
   * Reads up to so many records, in at most 10 MiB.
   * @returns undefined if the shard has given all that it gives for now
   */
  read(from: number, limit: number, nowMs: number): readonly LoggedRecord[] | undefined {
    if (nowMs < this.#readableAt || !this.#reads.take(nowMs)) return undefined;
    const records: LoggedRecord[] = [];
    let bytes = 0;
    for (let number = from; number < this.log.end && records.length < limit; number++) {
      const record = this.log.at(number);
      if (records.length > 0 && bytes + record.bytes > shardLimits.bytesPerRead) break;
      records.push(record);
      bytes += record.bytes;
    }
    // What a large read takes beyond a second's share, the next ones wait for.
    this.#readableAt = nowMs + Math.max(0, (bytes / shardLimits.readBytesPerSecond - 1) * 1_000);
    return records;
  }

  /** These are not to be trimmed. */
  hold(from: number): void {
    this.#heldFrom = Math.min(this.#heldFrom, from);
  }

  /** Records before this one have been read: of them, so many bytes are kept. */
  trim(before: number, maxHeldBytes: number): void {
    this.log.trim(Math.min(before, this.#heldFrom), maxHeldBytes);
  }

  sequenceNumberOf(number: number): string {
    return `${this.sequencePrefix}${firstNumber + number}`;
  }

  /** @returns undefined for a sequence number of another shard */
  numberOf(sequenceNumber: string): number | undefined {
    if (!sequenceNumber.startsWith(this.sequencePrefix) || sequenceNumber.length !== sequenceNumberDigits) {
      return undefined;
    }
    const number = Number(sequenceNumber.slice(prefixDigits)) - firstNumber;
    return Number.isSafeInteger(number) && number >= 0 && number < this.log.end ? number : undefined;
  }
}
