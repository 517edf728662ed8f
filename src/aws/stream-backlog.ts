import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { reasonOfGivenUp, reasonOfTooOldBatch } from '../measure/dead-letter.ts';
import { MessageSets } from '../measure/message-sets.ts';
import { parseRuleRecord } from '../measure/rule-record.ts';
import { compareSequenceNumbers, parseGivenUpBatch } from '../measure/stream-batch.ts';
import type { DeadLetters } from '../measure/unread-backlog.ts';
import type { ArrivalsBacklog, ArrivalsSource, DeadLetterQueue, ReadRun } from './arrivals-backlog.ts';
import type { QueueUrls } from './queue-backlog.ts';
import { makeDeadLetterQueue, readAll } from './queue-backlog.ts';

/** A look of Lambda at the shard, its batching window, a cold start and, should it fail, the longest wait for a retry. */
const longestPauseMs = 45_000;
/** A shard gives five reads a second, of which Lambda takes one. */
const readEveryMs = 300;
const longestReadMs = 120_000;
/** What the rule stamped before the run began is not of the run; the clocks of AWS's machines are not that far apart. */
const clockMarginMs = 60_000;

/** The queues and the stream of `subscriber: stream`. */
export function makeStreamBacklog(
  { stream = '', deadLetters = '', ruleErrors = '' }: QueueUrls,
  // The client's default is HTTP/2, which only subscriptions need; they are not used here.
  kinesis: KinesisClient = new KinesisClient({ requestHandler: new NodeHttpHandler() }),
  sqs: SQSClient = new SQSClient({}),
): ArrivalsBacklog {
  return {
    source: makeStreamSource(stream, kinesis),
    deadLetterQueues: [
      makeGivenUpBatches(deadLetters, stream, kinesis, sqs),
      makeDeadLetterQueue('rule’s error queue', ruleErrors, sqs),
    ],
  };
}

/** What one read of a shard found of the run. */
interface Page {
  readonly last: string;
  readonly messages: MessageSets;
}

/** A shard, from where the run's windows end to its newest record. */
interface Tail {
  readonly shard: string;
  pages: Page[];
  iterator: string | undefined;
  last: string | undefined;
}

/**
 * Reads from the stream which records are not read yet: its records behind the last one in an arrival window. To the message, but for
 * records that a window has and the page beside them has not: those are known as received.
 */
function makeStreamSource(stream: string, client: KinesisClient): ArrivalsSource {
  let tails: { readonly runId: string; readonly shards: readonly Tail[] } | undefined;
  return {
    name: 'arrivals stream',
    async unread(run) {
      if (tails?.runId !== run.runId) {
        const shards = await shardsOf(stream, client);
        tails = {
          runId: run.runId,
          shards: shards.map((shard) => ({ shard, pages: [], iterator: undefined, last: undefined })),
        };
      }
      await Promise.all(tails.shards.map((tail) => follow(tail, stream, run, client)));
      const messages = new MessageSets();
      for (const { pages } of tails.shards) for (const page of pages) messages.addAll(page.messages);
      return { count: messages.count, messages, longestPauseMs };
    },
  };
}

async function follow(tail: Tail, stream: string, run: ReadRun, client: KinesisClient): Promise<void> {
  const readUpTo = run.readUpTo.get(tail.shard);
  if (readUpTo !== undefined) {
    tail.pages = tail.pages.filter(({ last }) => compareSequenceNumbers(last, readUpTo) > 0);
    // Where a window has been read to need not be read again.
    if (tail.last === undefined || compareSequenceNumbers(readUpTo, tail.last) > 0) {
      tail.last = readUpTo;
      tail.iterator = undefined;
    }
  }
  const giveUpAt = performance.now() + longestReadMs;
  for (;;) {
    tail.iterator ??= await iteratorOf(stream, tail.shard, startOf(tail, run), client);
    const page = await readPage(tail.iterator, client);
    tail.iterator = page.NextShardIterator;
    const { Records = [], MillisBehindLatest = 0 } = page;
    const last = Records.at(-1)?.SequenceNumber;
    if (last !== undefined) {
      tail.last = last;
      const messages = new MessageSets();
      addRecords(messages, Records, run.runId);
      if (messages.count > 0) tail.pages.push({ last, messages });
    }
    if (MillisBehindLatest === 0 || tail.iterator === undefined) return;
    if (performance.now() >= giveUpAt) throw new ReadingTookTooLong();
    await sleep(readEveryMs);
  }
}

class ReadingTookTooLong extends Error {
  override readonly name = 'ReadingTookTooLong';
}

function startOf({ last }: Tail, { createdAt }: ReadRun): Omit<GetShardIteratorCommandInput, 'ShardId'> {
  return last === undefined
    ? { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(createdAt - clockMarginMs) }
    : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: last };
}

/**
 * Batches that measure-latency failed on too often: the queue says which records they held, the stream which messages
 * those are.
 */
function makeGivenUpBatches(
  url: string,
  stream: string,
  kinesis: KinesisClient,
  sqs: SQSClient,
): DeadLetterQueue {
  return {
    name: 'dead-letter queue',
    async read(runId, createdAt = 0) {
      const bodies: string[] = [];
      let left = await readAll(url, sqs, (body) => bodies.push(body));
      const givenUp = new Map(
        [reasonOfGivenUp, reasonOfTooOldBatch].map((reason) => [reason, new MessageSets()]),
      );
      for (const body of bodies) {
        const batch = parseGivenUpBatch(body);
        // The stream may no longer have records from before the run. They are not of the run.
        if (batch === undefined || batch.lastArrivedAt < createdAt - clockMarginMs) continue;
        let found = 0;
        let iterator = await iteratorOf(
          stream,
          batch.shardId,
          { ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: batch.startSequenceNumber },
          kinesis,
        );
        while (found < batch.batchSize && iterator !== undefined) {
          const page = await readPage(iterator, kinesis, batch.batchSize - found);
          const { Records = [] } = page;
          if (Records.length === 0 && page.MillisBehindLatest === 0) break;
          addRecords(givenUp.get(batch.isTooOld ? reasonOfTooOldBatch : reasonOfGivenUp)!, Records, runId);
          found += Records.length;
          iterator = page.NextShardIterator;
        }
        left += batch.batchSize - found;
      }
      const deadLetters = [...givenUp].map(([reason, messages]): DeadLetters => ({ reason, messages }));
      return { deadLetters: deadLetters.filter(({ messages }) => messages.count > 0), left };
    },
  };
}

function addRecords(
  messages: MessageSets,
  records: NonNullable<GetRecordsCommandOutput['Records']>,
  runId: string,
): void {
  for (const { Data = new Uint8Array() } of records) {
    const record = parseRuleRecord(Buffer.from(Data).toString());
    if (typeof record !== 'string' && record.run === runId) messages.add(record, record.n);
  }
}

async function shardsOf(stream: string, client: KinesisClient): Promise<string[]> {
  const shards: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new ListShardsCommand(NextToken === undefined ? { StreamName: stream } : { NextToken }),
    );
    for (const { ShardId } of page.Shards ?? []) if (ShardId !== undefined) shards.push(ShardId);
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return shards;
}

async function iteratorOf(
  StreamName: string,
  ShardId: string,
  start: Omit<GetShardIteratorCommandInput, 'ShardId'>,
  client: KinesisClient,
): Promise<string | undefined> {
  const { ShardIterator } = await client.send(new GetShardIteratorCommand({ StreamName, ShardId, ...start }));
  return ShardIterator;
}

/** Lambda reads the same shard: what is past its five reads a second, or its 2 MB, is read a little later. */
async function readPage(
  iterator: string | undefined,
  client: KinesisClient,
  Limit?: number,
): Promise<GetRecordsCommandOutput> {
  const giveUpAt = performance.now() + longestReadMs;
  for (;;) {
    try {
      return await client.send(new GetRecordsCommand({ ShardIterator: iterator, ...(Limit && { Limit }) }));
    } catch (error) {
      const isThrottled = error instanceof Error && error.name === 'ProvisionedThroughputExceededException';
      if (!isThrottled || performance.now() >= giveUpAt) throw error;
      await sleep(readEveryMs);
    }
  }
}
