import { KinesisClient } from '@aws-sdk/client-kinesis';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { makeStreamBacklog } from '../../../src/aws/stream-backlog.ts';
import { startGateway } from '../../../src/embedded/gateway/gateway.ts';
import { type Clock, wallClock } from '../../../src/embedded/iot-core/broker-clock.ts';
import { MessageQueue } from '../../../src/embedded/iot-core/queue/message-queue.ts';
import { makeSqs } from '../../../src/embedded/iot-core/queue/sqs-api.ts';
import { ArrivalsStream } from '../../../src/embedded/iot-core/stream/arrivals-stream.ts';
import { makeKinesisApi } from '../../../src/embedded/iot-core/stream/kinesis-api.ts';
import { testKey } from '../../support/embedded/test-key.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Messages that were received come back after twenty seconds: nothing waits for that. */
const clock: Clock = {
  now: wallClock.now,
  setTimer(delayMs, fn) {
    const timer = setTimeout(fn, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/** The SDK's clients against an embedded stream and embedded queues; nothing reads the stream but what is tested. */
async function start(shards: number) {
  const stream = new ArrivalsStream({ name: 'arrivals', shards }, Date.now(), 10);
  const deadLetters = new MessageQueue(clock);
  const ruleErrors = new MessageQueue(clock);
  const sqsApi = makeSqs([
    { name: 'dead', counts: () => deadLetters.counts, messages: deadLetters },
    { name: 'errors', counts: () => ruleErrors.counts, messages: ruleErrors },
  ]);
  const edge = await startGateway({
    accessKeys: [testKey],
    signed: { kinesis: makeKinesisApi(stream, wallClock), sqs: sqsApi },
    unsigned: [],
  });
  const settings = {
    endpoint: edge.url,
    region: 'us-east-1',
    credentials: testKey,
  };
  const kinesis = new KinesisClient({ ...settings, requestHandler: new NodeHttpHandler() });
  const sqs = new SQSClient(settings);
  closers.push(
    () => edge.close(),
    () => kinesis.destroy(),
    () => sqs.destroy(),
  );
  const urlOf = (name: string) => `${edge.url}/123456789012/${name}`;
  const backlog = makeStreamBacklog(
    { stream: 'arrivals', deadLetters: urlOf('dead'), ruleErrors: urlOf('errors') },
    kinesis,
    sqs,
  );
  return {
    stream,
    deadLetters,
    backlog,
    put: (run: string, from: number, to: number) => {
      for (let n = from; n < to; n++) {
        const record = { run, slice: 0, n, device: 0, at: 1, sent: 2, rule: 3 };
        stream.put(`${run}/${n}`, Buffer.from(JSON.stringify(record)), Date.now());
      }
    },
  };
}

const createdAt = Date.now();
const nothingRead = { runId: 'r1', createdAt, readUpTo: new Map<string, string>() };

describe('what a stream holds', () => {
  it('is counted to the message, of one run, from where its windows end', async () => {
    const { put, backlog, stream } = await start(3);
    put('r1', 0, 100);
    put('r2', 0, 50);
    const before = await backlog.source!.unread(nothingRead);
    expect(before.count).toBe(100);
    expect(before.messages?.encode()).toEqual({ 0: [0, 100] });
    const readUpTo = new Map(
      stream.shards.map((shard) => [shard.id, shard.sequenceNumberOf(shard.log.end - 1)]),
    );
    expect(await backlog.source!.unread({ ...nothingRead, readUpTo })).toMatchObject({ count: 0 });
    put('r1', 100, 110);
    const after = await backlog.source!.unread({ ...nothingRead, readUpTo });
    expect(after.messages?.encode()).toEqual({ 0: [100, 10] });
    // Another run’s: it begins anew.
    expect(await backlog.source!.unread({ ...nothingRead, runId: 'r2' })).toMatchObject({ count: 50 });
  });

  it('is counted even if others read more from a shard than it gives in a second', async () => {
    const { put, backlog, stream } = await start(1);
    put('r1', 0, 10);
    const [shard] = stream.shards;
    for (let n = 0; n < 5; n++) shard!.read(0, 1, Date.now());
    expect(await backlog.source!.unread(nothingRead)).toMatchObject({ count: 10 });
  });
});

describe('batches that were given up', () => {
  const batchOf = (stream: ArrivalsStream, from: number, batchSize: number, lastArrivedAt: number) => {
    const [shard] = stream.shards;
    return JSON.stringify({
      requestContext: { condition: 'RetryAttemptsExhausted' },
      KinesisBatchInfo: {
        shardId: shard!.id,
        startSequenceNumber: shard!.sequenceNumberOf(from),
        batchSize,
        approximateArrivalOfLastRecord: new Date(lastArrivedAt).toISOString(),
      },
    });
  };

  it('are read back from the stream, to the message', async () => {
    const { put, backlog, stream, deadLetters } = await start(1);
    put('r1', 0, 10);
    put('r2', 0, 5);
    put('r1', 10, 20);
    deadLetters.send(batchOf(stream, 5, 12, createdAt), createdAt);
    const [batches] = backlog.deadLetterQueues;
    const { deadLetters: found, left } = await batches!.read('r1', createdAt);
    expect(left).toBe(0);
    expect(found.map(({ reason, messages }) => [reason, messages.encode()])).toEqual([
      ['dead-letter queue: measure-latency failed with them', { 0: [5, 7] }],
    ]);
  });

  it('of before the run are none of its, also where the stream has them no more', async () => {
    const { put, backlog, stream, deadLetters } = await start(1);
    put('r1', 0, 10);
    deadLetters.send(batchOf(stream, 0, 10, createdAt - 3_600_000), createdAt);
    deadLetters.send('not a batch', createdAt);
    const [batches] = backlog.deadLetterQueues;
    expect(await batches!.read('r1', createdAt)).toEqual({ deadLetters: [], left: 0 });
  });
});
