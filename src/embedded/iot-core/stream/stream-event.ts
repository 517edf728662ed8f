import { writeInteger } from '../../../device/ascii.ts';
import { maxEventBytes } from '../../../plan/queue-readers.ts';
import { accountId, partition, region } from '../../gateway/arns.ts';
import type { ArrivalsStream } from './arrivals-stream.ts';
import { firstNumber, type Shard } from './shard.ts';

/**
 * Records of a shard as the event that Lambda makes of them: fixed pieces around key, sequence number, data and stamp.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 */
interface RecordPieces {
  /** Up to the partition key. */
  readonly head: Buffer;
  /** From the key to the digits of the sequence number that count. */
  readonly afterKey: Buffer;
  readonly afterNumber: Buffer;
  readonly afterData: Buffer;
  /** From the stamp to the digits that count of the sequence number in the event id. */
  readonly afterStamp: Buffer;
  readonly tail: Buffer;
}

const prefix = Buffer.from('{"Records":[');
const suffix = Buffer.from(']}');
/** Digits of the sequence number that count, twice, and of the stamp: `1545084650.987`. */
const numberBytes = 2 * String(firstNumber).length + 14;

/** How much of a shard goes into one event. */
export interface EventExtent {
  /** Number of the first record that is not in it. */
  readonly to: number;
  /** There is no room for another, whether or not there is one. */
  readonly isFull: boolean;
}

/** Makes the events of one shard. */
export class StreamEvents {
  readonly #shard: Shard;
  readonly #pieces: RecordPieces;
  readonly #fixedBytes: number;

  constructor(stream: ArrivalsStream, shard: Shard) {
    const role = JSON.stringify(`arn:${partition}:iam::${accountId}:role/stampede-dev-measure-latency`);
    this.#shard = shard;
    this.#pieces = {
      head: Buffer.from('{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"'),
      afterKey: Buffer.from(`","sequenceNumber":"${shard.sequencePrefix}`),
      afterNumber: Buffer.from('","data":"'),
      afterData: Buffer.from('","approximateArrivalTimestamp":'),
      afterStamp: Buffer.from(
        `},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"${shard.id}:${shard.sequencePrefix}`,
      ),
      tail: Buffer.from(
        `","eventName":"aws:kinesis:record","invokeIdentityArn":${role},"awsRegion":"${region}",` +
          `"eventSourceARN":${JSON.stringify(stream.arn)}},`,
      ),
    };
    this.#fixedBytes = Object.values(this.#pieces).reduce((sum, { length }) => sum + length, 0) + numberBytes;
  }

  /** From this record on: at most so many records, in 6 MB, which base64 counts towards. */
  extent(from: number, maxRecords: number): EventExtent {
    const { log } = this.#shard;
    let bytes = prefix.length + suffix.length;
    const end = Math.min(log.end, from + maxRecords);
    for (let number = from; number < end; number++) {
      const { key, data } = log.at(number);
      bytes += this.#fixedBytes + key.length + data.length;
      if (bytes > maxEventBytes && number > from) return { to: number, isFull: true };
    }
    return { to: end, isFull: end - from === maxRecords };
  }

  /** @param to number of the first record that is not in it */
  write(from: number, to: number): Buffer {
    const { log } = this.#shard;
    const { head, afterKey, afterNumber, afterData, afterStamp, tail } = this.#pieces;
    let room = prefix.length + suffix.length;
    for (let number = from; number < to; number++) {
      const { key, data } = log.at(number);
      room += this.#fixedBytes + key.length + data.length;
    }
    const out = Buffer.allocUnsafe(room);
    let at = copy(prefix, out, 0);
    for (let number = from; number < to; number++) {
      const { key, data, arrivedAt } = log.at(number);
      at = copy(head, out, at);
      at = copy(key, out, at);
      at = copy(afterKey, out, at);
      at = writeInteger(out, at, firstNumber + number);
      at = copy(afterNumber, out, at);
      at = copy(data, out, at);
      at = copy(afterData, out, at);
      at = writeSeconds(out, at, arrivedAt);
      at = copy(afterStamp, out, at);
      at = writeInteger(out, at, firstNumber + number);
      at = copy(tail, out, at);
    }
    // The last comma gives way to the end of the event.
    at = copy(suffix, out, at - 1);
    return out.subarray(0, at);
  }
}

function copy(bytes: Buffer, out: Buffer, at: number): number {
  out.set(bytes, at);
  return at + bytes.length;
}

/** Epoch seconds with three decimals: `1545084650.987`. @param epochMs 13 digits */
function writeSeconds(out: Buffer, at: number, epochMs: number): number {
  const end = writeInteger(out, at, epochMs);
  out.copyWithin(end - 2, end - 3, end);
  out[end - 3] = 0x2e;
  return end + 1;
}
