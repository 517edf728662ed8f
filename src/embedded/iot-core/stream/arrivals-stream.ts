import { hash } from 'node:crypto';
import { accountId, partition, region } from '../../gateway/arns.ts';
import { Shard } from './shard.ts';

/** Where a record was put. */
export interface PutResult {
  readonly shard: Shard;
  /** Of the record in its shard; undefined if it is past what the shard takes. */
  readonly number: number | undefined;
}

export interface StreamChoices {
  readonly name: string;
  /** 1 or more. */
  readonly shards: number;
}

/** Bytes of records that have been read and are kept all the same, over all shards. AWS keeps them for 24 hours. */
const keptBytes = 64 * 1_048_576;

/** A Kinesis data stream, open for as long as this process: records by partition key into its shards. */
export class ArrivalsStream {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly shards: readonly Shard[];
  #records = 0;
  #throttled = 0;

  constructor({ name, shards }: StreamChoices, nowMs: number, burstSeconds: number) {
    this.name = name;
    this.arn = `arn:${partition}:kinesis:${region}:${accountId}:stream/${name}`;
    this.createdAt = nowMs;
    this.shards = Array.from({ length: shards }, (_, index) => new Shard(index, nowMs, burstSeconds));
  }

  /** Records taken, and puts refused, so far. */
  get counts(): { readonly records: number; readonly throttled: number } {
    return { records: this.#records, throttled: this.#throttled };
  }

  put(key: string, data: Buffer, nowMs: number): PutResult {
    const shard = this.shardOf(key);
    const number = shard.put(key, data, nowMs);
    if (number === undefined) this.#throttled++;
    else this.#records++;
    return { shard, number };
  }

  /** Hash keys are the MD5 of partition keys, 128 bits, which the shards share evenly; 32 bits are enough to find the shard. */
  shardOf(key: string): Shard {
    const hashKey = Number.parseInt(hash('md5', key).slice(0, 8), 16);
    return this.shards[Math.floor((hashKey * this.shards.length) / 0x1_0000_0000)]!;
  }

  /** A shard's hash keys, inclusive, as decimals. */
  hashKeysOf(index: number): { readonly StartingHashKey: string; readonly EndingHashKey: string } {
    // The first of 2³² prefixes that is this shard's: the least p with floor(p·n / 2³²) = index.
    const first = (at: number): bigint => BigInt(Math.ceil((at * 0x1_0000_0000) / this.shards.length)) << 96n;
    return { StartingHashKey: String(first(index)), EndingHashKey: String(first(index + 1) - 1n) };
  }

  /** Records of a shard before this number have been read. */
  trim(shard: Shard, before: number): void {
    shard.trim(before, keptBytes / this.shards.length);
  }
}
