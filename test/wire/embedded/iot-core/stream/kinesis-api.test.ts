import { hash } from 'node:crypto';
import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  KinesisClient,
  ListShardsCommand,
  ListStreamsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { describe, expect, it } from '@jest/globals';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { startGateway } from '../../../../../src/embedded/gateway/gateway.ts';
import type { Clock } from '../../../../../src/embedded/iot-core/broker-clock.ts';
import { ArrivalsStream } from '../../../../../src/embedded/iot-core/stream/arrivals-stream.ts';
import { makeKinesisApi } from '../../../../../src/embedded/iot-core/stream/kinesis-api.ts';
import { testKey } from '../../../../support/embedded/test-key.ts';
import { atEnd } from '../../../../support/iot-core/fixture.ts';

const StreamName = 'arrivals';
const startedAt = 1_790_000_000_000;

/** The SDK's own client against a stream whose clock the test sets. */
async function start(shards: number) {
  let now = startedAt;
  const clock: Clock = { now: () => now, setTimer: () => () => undefined };
  const stream = new ArrivalsStream({ name: StreamName, shards }, now, 1);
  const gateway = await startGateway({
    accessKeys: [testKey],
    signed: { kinesis: makeKinesisApi(stream, clock) },
    unsigned: [],
  });
  const client = new KinesisClient({
    endpoint: gateway.url,
    region: 'us-east-1',
    credentials: testKey,
    // Kinesis's own client speaks HTTP/2 by default.
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
  atEnd(() => gateway.close());
  atEnd(() => client.destroy());
  const iterator = async (input: Omit<GetShardIteratorCommandInput, 'StreamName'>) =>
    (await client.send(new GetShardIteratorCommand({ StreamName, ...input }))).ShardIterator!;
  return {
    client,
    stream,
    iterator,
    pass: (ms: number) => {
      now += ms;
    },
    putText: (text: string, PartitionKey = text) =>
      client.send(new PutRecordCommand({ StreamName, PartitionKey, Data: Buffer.from(text) })),
    read: async (ShardIterator: string, Limit?: number) => {
      const {
        Records = [],
        NextShardIterator,
        MillisBehindLatest,
      } = await client.send(new GetRecordsCommand({ ShardIterator, ...(Limit && { Limit }) }));
      const texts = Records.map(({ Data }) => Buffer.from(Data!).toString());
      return { Records, texts, NextShardIterator: NextShardIterator!, MillisBehindLatest };
    },
  };
}

const first = 'shardId-000000000000';

describe('embedded Kinesis', () => {
  it('gives back what was put: in order, stamped in milliseconds, under its key', async () => {
    const { putText, iterator, read, pass } = await start(1);
    const { ShardId, SequenceNumber } = await putText('one');
    expect(ShardId).toBe(first);
    pass(7);
    await putText('two', 'a "key" of €');
    const { Records, texts, MillisBehindLatest } = await read(
      await iterator({ ShardId: first, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    expect(texts).toEqual(['one', 'two']);
    expect(MillisBehindLatest).toBe(0);
    expect(Records[0]).toMatchObject({ SequenceNumber, PartitionKey: 'one' });
    expect(Records[1]?.PartitionKey).toBe('a "key" of €');
    expect(Records.map(({ ApproximateArrivalTimestamp: at }) => at?.getTime())).toEqual([
      startedAt,
      startedAt + 7,
    ]);
  });

  it('reads from the position that is given, and says how far behind that is', async () => {
    const { putText, iterator, read, pass } = await start(1);
    const numbers: string[] = [];
    for (const text of ['0', '1', '2', '3']) {
      numbers.push((await putText(text)).SequenceNumber!);
      pass(1_000);
    }
    const from = async (
      input: Omit<GetShardIteratorCommandInput, 'StreamName' | 'ShardId'>,
      limit?: number,
    ) => read(await iterator({ ShardId: first, ...input }), limit);
    const at = { StartingSequenceNumber: numbers[1]! };
    expect((await from({ ShardIteratorType: 'AT_SEQUENCE_NUMBER', ...at })).texts).toEqual(['1', '2', '3']);
    expect((await from({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', ...at })).texts).toEqual(['2', '3']);
    const Timestamp = new Date(startedAt + 2_500);
    expect((await from({ ShardIteratorType: 'AT_TIMESTAMP', Timestamp })).texts).toEqual(['3']);
    expect((await from({ ShardIteratorType: 'LATEST' })).texts).toEqual([]);
    pass(1_000);
    const page = await from({ ShardIteratorType: 'TRIM_HORIZON' }, 3);
    expect(page).toMatchObject({ texts: ['0', '1', '2'], MillisBehindLatest: 2_000 });
    expect((await read(page.NextShardIterator)).texts).toEqual(['3']);
  });

  it('spreads records over its shards by the MD5 of their keys', async () => {
    const { client, stream } = await start(3);
    const Records = Array.from({ length: 300 }, (_, n) => ({
      PartitionKey: `k${n}`,
      Data: Buffer.from('x'),
    }));
    const { FailedRecordCount, Records: results = [] } = await client.send(
      new PutRecordsCommand({ StreamName, Records }),
    );
    expect(FailedRecordCount).toBe(0);
    const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
    expect(Shards.map(({ ShardId }) => ShardId)).toEqual(stream.shards.map(({ id }) => id));
    for (const [n, { ShardId }] of results.entries()) {
      const hashKey = BigInt(`0x${hash('md5', `k${n}`)}`);
      const { StartingHashKey, EndingHashKey } = Shards.find((shard) => shard.ShardId === ShardId)!
        .HashKeyRange!;
      expect(hashKey >= BigInt(StartingHashKey!) && hashKey <= BigInt(EndingHashKey!)).toBe(true);
    }
    expect(BigInt(Shards.at(-1)!.HashKeyRange!.EndingHashKey!)).toBe(2n ** 128n - 1n);
  });

  it('takes 1,000 records a second a shard, and as many in the next', async () => {
    const { client, pass } = await start(1);
    const putMany = async (count: number) => {
      const Records = Array.from({ length: count }, () => ({ PartitionKey: 'k', Data: Buffer.from('x') }));
      return client.send(new PutRecordsCommand({ StreamName, Records }));
    };
    for (let n = 0; n < 2; n++) expect((await putMany(500)).FailedRecordCount).toBe(0);
    const { FailedRecordCount, Records = [] } = await putMany(10);
    expect(FailedRecordCount).toBe(10);
    expect(Records[0]?.ErrorCode).toBe('ProvisionedThroughputExceededException');
    pass(1_000);
    expect((await putMany(500)).FailedRecordCount).toBe(0);
  });

  it('takes 1 MB a second a shard', async () => {
    const { client, pass } = await start(1);
    const put = (bytes: number) =>
      client.send(new PutRecordCommand({ StreamName, PartitionKey: 'k', Data: Buffer.alloc(bytes) }));
    await put(1_000_000);
    await expect(put(100_000)).rejects.toMatchObject({ name: 'ProvisionedThroughputExceededException' });
    pass(1_000);
    await put(100_000);
  });

  it('gives five reads and 2 MB a second a shard', async () => {
    const { client, iterator, read, pass } = await start(1);
    const ShardIterator = await iterator({ ShardId: first, ShardIteratorType: 'TRIM_HORIZON' });
    for (let n = 0; n < 5; n++) await read(ShardIterator);
    await expect(read(ShardIterator)).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
    });
    for (let n = 0; n < 4; n++) {
      pass(1_000);
      await client.send(
        new PutRecordCommand({ StreamName, PartitionKey: 'k', Data: Buffer.alloc(1_000_000) }),
      );
    }
    // 4 MB at once are two seconds’ worth: the next read is a second late.
    expect((await read(ShardIterator)).Records).toHaveLength(4);
    pass(800);
    await expect(read(ShardIterator)).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
    });
    pass(200);
    await read(ShardIterator);
  });

  it('names errors as AWS does', async () => {
    const { client, iterator, read, pass, putText } = await start(1);
    const named = (name: string) => expect.objectContaining({ name });
    await expect(client.send(new DescribeStreamSummaryCommand({ StreamName: 'other' }))).rejects.toEqual(
      named('ResourceNotFoundException'),
    );
    await expect(iterator({ ShardId: 'shardId-9', ShardIteratorType: 'LATEST' })).rejects.toEqual(
      named('ResourceNotFoundException'),
    );
    await expect(
      iterator({ ShardId: first, ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: '1' }),
    ).rejects.toEqual(named('InvalidArgumentException'));
    await expect(read('nonsense')).rejects.toEqual(named('InvalidArgumentException'));
    await expect(putText('x', 'k'.repeat(257))).rejects.toEqual(named('InvalidArgumentException'));
    const old = await iterator({ ShardId: first, ShardIteratorType: 'LATEST' });
    pass(300_001);
    await expect(read(old)).rejects.toEqual(named('ExpiredIteratorException'));
    await expect(
      client.send(new SplitShardCommand({ StreamName, ShardToSplit: first, NewStartingHashKey: '1' })),
    ).rejects.toThrow(/does not support Kinesis SplitShard/);
  });

  it('says what it is', async () => {
    const { client, stream } = await start(4);
    const { StreamNames } = await client.send(new ListStreamsCommand({}));
    expect(StreamNames).toEqual([StreamName]);
    const { StreamDescriptionSummary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamARN: stream.arn }),
    );
    expect(StreamDescriptionSummary).toMatchObject({ StreamStatus: 'ACTIVE', OpenShardCount: 4 });
  });
});
