import { shardLimits } from '../../../targets/aws-iot/shard-limits.ts';
import { AwsError } from '../../gateway/aws-error.ts';
import {
  type JsonInput,
  makeJsonService,
  optionalNumber,
  optionalString,
  requiredList,
  requiredString,
} from '../../gateway/aws-json.ts';
import type { GatewayService } from '../../gateway/gateway-service.ts';
import type { Clock } from '../broker-clock.ts';
import type { ArrivalsStream } from './arrivals-stream.ts';
import type { LoggedRecord } from './record-log.ts';
import type { Shard } from './shard.ts';

/** An iterator is good for five minutes. @see https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html */
const iteratorMs = 300_000;
/** PutRecords takes 500 records in 5 MB, base64 on the wire. */
export const maxBodyBytes = 8 * 1_048_576;
const maxPutRecords = 500;
const maxKeyCharacters = 256;

/**
 * Kinesis Data Streams, of one stream: what its clients need to put, to find their way and to read.
 * @see https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html
 */
export function makeKinesisApi(stream: ArrivalsStream, clock: Clock): GatewayService {
  const streamOf = (input: JsonInput): ArrivalsStream => {
    const named = optionalString(input, 'StreamARN') ?? requiredString(input, 'StreamName');
    if (named === stream.name || named === stream.arn) return stream;
    throw notFound(`Stream ${named} not found`);
  };
  return makeJsonService({
    service: 'Kinesis',
    version: '1.1',
    maxBodyBytes,
    operations: {
      ListStreams: () => ({ StreamNames: [stream.name], HasMoreStreams: false }),
      DescribeStreamSummary: (input) => ({ StreamDescriptionSummary: summaryOf(streamOf(input)) }),
      ListShards: (input) => ({ Shards: describeShards(streamOf(input)) }),
      PutRecord(input) {
        const { shard, number } = put(streamOf(input), input, clock.now());
        if (number === undefined) throw pastRate(stream, shard);
        return { ShardId: shard.id, SequenceNumber: shard.sequenceNumberOf(number), EncryptionType: 'KMS' };
      },
      PutRecords: (input) => putAll(streamOf(input), requiredList(input, 'Records'), clock.now()),
      GetShardIterator(input) {
        const shard = shardNamed(streamOf(input), requiredString(input, 'ShardId'));
        return { ShardIterator: iteratorOf(shard, startOf(shard, input), clock.now()) };
      },
      GetRecords: (input) => getRecords(stream, input, clock.now()),
    },
  });
}

function summaryOf({ name, arn, shards, createdAt }: ArrivalsStream): object {
  return {
    StreamName: name,
    StreamARN: arn,
    StreamStatus: 'ACTIVE',
    StreamModeDetails: { StreamMode: 'PROVISIONED' },
    RetentionPeriodHours: 24,
    StreamCreationTimestamp: createdAt / 1_000,
    EnhancedMonitoring: [],
    EncryptionType: 'KMS',
    OpenShardCount: shards.length,
  };
}

function describeShards(stream: ArrivalsStream): object[] {
  return stream.shards.map((shard, index) => ({
    ShardId: shard.id,
    HashKeyRange: stream.hashKeysOf(index),
    SequenceNumberRange: { StartingSequenceNumber: shard.sequenceNumberOf(0) },
  }));
}

function put(stream: ArrivalsStream, input: JsonInput, nowMs: number) {
  const key = requiredString(input, 'PartitionKey');
  if ([...key].length > maxKeyCharacters)
    throw invalid(`PartitionKey is longer than ${maxKeyCharacters} characters`);
  const data = Buffer.from(requiredString(input, 'Data'), 'base64');
  if (data.length + Buffer.byteLength(key) > shardLimits.recordBytes) {
    throw invalid(`the record is larger than ${shardLimits.recordBytes} bytes`);
  }
  return stream.put(key, data, nowMs);
}

function putAll(stream: ArrivalsStream, records: readonly JsonInput[], nowMs: number): object {
  if (records.length > maxPutRecords) throw invalid(`more than ${maxPutRecords} records`);
  const results = records.map((record) => {
    const { shard, number } = put(stream, record, nowMs);
    if (number !== undefined) return { ShardId: shard.id, SequenceNumber: shard.sequenceNumberOf(number) };
    const { code, message } = pastRate(stream, shard);
    return { ErrorCode: code, ErrorMessage: message };
  });
  const failed = results.filter((result) => 'ErrorCode' in result);
  return { FailedRecordCount: failed.length, Records: results, EncryptionType: 'KMS' };
}

/** Number of the first record that an iterator of this type begins with. */
function startOf(shard: Shard, input: JsonInput): number {
  const type = requiredString(input, 'ShardIteratorType');
  const numbered = (): number => {
    const sequenceNumber = requiredString(input, 'StartingSequenceNumber');
    const number = shard.numberOf(sequenceNumber);
    if (number !== undefined) return number;
    throw invalid(`StartingSequenceNumber ${sequenceNumber} is not one of shard ${shard.id}`);
  };
  switch (type) {
    case 'TRIM_HORIZON':
      return shard.log.start;
    case 'LATEST':
      return shard.log.end;
    case 'AT_SEQUENCE_NUMBER':
      return numbered();
    case 'AFTER_SEQUENCE_NUMBER':
      return numbered() + 1;
    case 'AT_TIMESTAMP': {
      const seconds = optionalNumber(input, 'Timestamp');
      if (seconds === undefined) throw invalid('Timestamp is required for AT_TIMESTAMP');
      return shard.log.since(seconds * 1_000);
    }
    default:
      throw invalid(`ShardIteratorType ${type} is not known`);
  }
}

interface Iterator {
  readonly shard: string;
  readonly number: number;
  readonly at: number;
}

function iteratorOf({ id }: Shard, number: number, nowMs: number): string {
  const iterator: Iterator = { shard: id, number, at: nowMs };
  return Buffer.from(JSON.stringify(iterator)).toString('base64');
}

function parseIterator(text: string): Iterator {
  try {
    const { shard, number, at } = JSON.parse(Buffer.from(text, 'base64').toString()) as Iterator;
    if (typeof shard === 'string' && Number.isSafeInteger(number) && typeof at === 'number') {
      return { shard, number, at };
    }
  } catch {
    // answered below
  }
  throw invalid('ShardIterator is none of this stream');
}

function getRecords(stream: ArrivalsStream, input: JsonInput, nowMs: number): object {
  const iterator = parseIterator(requiredString(input, 'ShardIterator'));
  const limit = optionalNumber(input, 'Limit') ?? shardLimits.recordsPerRead;
  if (limit < 1 || limit > shardLimits.recordsPerRead)
    throw invalid(`Limit is not 1 to ${shardLimits.recordsPerRead}`);
  if (nowMs - iterator.at > iteratorMs) {
    throw new AwsError('ExpiredIteratorException', 'the iterator is older than five minutes');
  }
  const shard = shardNamed(stream, iterator.shard);
  // What was trimmed meanwhile is passed over, as on AWS.
  const from = Math.max(iterator.number, shard.log.start);
  const records = shard.read(from, limit, nowMs);
  if (records === undefined) throw pastRate(stream, shard);
  const next = from + records.length;
  return {
    Records: records.map((record, index) => describeRecord(shard, from + index, record)),
    NextShardIterator: iteratorOf(shard, next, nowMs),
    MillisBehindLatest: next < shard.log.end ? Math.max(0, nowMs - shard.log.arrivedAt(next)) : 0,
  };
}

function describeRecord(shard: Shard, number: number, { key, data, arrivedAt }: LoggedRecord): object {
  return {
    SequenceNumber: shard.sequenceNumberOf(number),
    ApproximateArrivalTimestamp: arrivedAt / 1_000,
    Data: data.toString('latin1'),
    PartitionKey: JSON.parse(`"${key.toString()}"`) as string,
    EncryptionType: 'KMS',
  };
}

function shardNamed(stream: ArrivalsStream, id: string): Shard {
  const shard = stream.shards.find((each) => each.id === id);
  if (shard === undefined) throw notFound(`Shard ${id} of stream ${stream.name} not found`);
  return shard;
}

function pastRate({ name }: ArrivalsStream, { id }: Shard): AwsError {
  return new AwsError(
    'ProvisionedThroughputExceededException',
    `Rate exceeded for shard ${id} in stream ${name}`,
  );
}

function notFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', message);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidArgumentException', message);
}
