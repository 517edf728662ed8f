import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { makeQueueBacklog } from '../../../../../src/aws/queue-backlog.ts';
import { startGateway } from '../../../../../src/embedded/gateway/gateway.ts';
import { Faults } from '../../../../../src/embedded/iot-core/faults.ts';
import { ArrivalsQueue } from '../../../../../src/embedded/iot-core/queue/arrivals-queue.ts';
import {
  EventSourceMapping,
  type InvocationOutcome,
} from '../../../../../src/embedded/iot-core/queue/event-source-mapping.ts';
import { MessageQueue } from '../../../../../src/embedded/iot-core/queue/message-queue.ts';
import { makeSqs } from '../../../../../src/embedded/iot-core/queue/sqs-api.ts';
import { defaultQueue } from '../../../../../src/embedded/iot-core/settings.ts';
import { noFaults } from '../../../../../src/profile/service-faults.ts';
import { testKey } from '../../../../support/embedded/test-key.ts';
import { atEnd, makeVirtualTime } from '../../../../support/iot-core/fixture.ts';

/** The queues behind AWS's own client, in virtual time; the function fails for as long as `fails` is true. */
async function start() {
  const { clock, advance } = makeVirtualTime();
  const settings = { ...defaultQueue, batchSize: 4, maximumConcurrency: 1 };
  const queue = new ArrivalsQueue(settings, clock);
  const ruleErrors = new MessageQueue(clock);
  const subscriber = { fails: true };
  const invoke = async (): Promise<InvocationOutcome> =>
    subscriber.fails ? { kind: 'failed', reason: 'killed' } : { kind: 'returned', payload: '' };
  new EventSourceMapping(queue, { invoke, settings, clock, faults: new Faults(clock, noFaults) });
  const sqs = makeSqs([
    { name: 'arrivals', counts: () => queue.counts },
    { name: 'dead', counts: () => queue.deadLetters.counts, messages: queue.deadLetters },
    { name: 'errors', counts: () => ruleErrors.counts, messages: ruleErrors },
  ]);
  const gateway = await startGateway({ accessKeys: [testKey], signed: { sqs }, unsigned: [] });
  atEnd(() => gateway.close());
  const client = new SQSClient({
    endpoint: gateway.url,
    region: 'us-east-1',
    credentials: testKey,
  });
  atEnd(() => client.destroy());
  const urlOf = (name: string) => `${gateway.url}/123456789012/${name}`;
  const urls = { arrivals: urlOf('arrivals'), deadLetters: urlOf('dead'), ruleErrors: urlOf('errors') };
  const send = (run: string, from: number, to: number) => {
    for (let n = from; n < to; n++) {
      const record = { run, slice: 1, n, device: 0, at: 1, sent: 2, rule: 3, note: 'a "quote"' };
      queue.send(Buffer.from(JSON.stringify(record)), clock.now());
    }
  };
  return { clock, advance, queue, ruleErrors, subscriber, client, urls, send };
}

/** A queue does not know one run from another. */
const run = { runId: 'run-1', createdAt: 0, readUpTo: new Map() };

describe('SQS of embedded AWS, by the SDK', () => {
  it('counts what waits and what is in flight, a failed batch until its visibility timeout', async () => {
    const { client, urls, send, advance, subscriber } = await start();
    const { source } = makeQueueBacklog(urls, client);
    expect(await source!.unread(run)).toEqual({ count: 0, longestPauseMs: 20_000 + 30_000 + 5_000 });
    send('run-1', 0, 6);
    await advance(0);
    // A full batch has failed and is hidden; a reader has received two messages, and gathers more.
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: urls.arrivals, AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '6',
      ApproximateNumberOfMessagesDelayed: '0',
      VisibilityTimeout: '30',
    });
    expect(await source!.unread(run)).toMatchObject({ count: 6 });
    subscriber.fails = false;
    await advance(30_000);
    // A reader polls.
    await advance(10);
    expect(await source!.unread(run)).toMatchObject({ count: 0 });
  });

  it('gives dead-lettered messages out as they were sent, and to one reader at a time', async () => {
    const { client, urls, send, advance, queue, clock } = await start();
    const sentAt = clock.now();
    send('run-1', 0, 4);
    await advance(90_000);
    expect(queue.depth).toMatchObject({ deadLettered: 4, visible: 0, inFlight: 0, delayed: 0 });
    const receive = async (VisibilityTimeout: number, MaxNumberOfMessages = 10) =>
      (
        await client.send(
          new ReceiveMessageCommand({ QueueUrl: urls.deadLetters, VisibilityTimeout, MaxNumberOfMessages }),
        )
      ).Messages ?? [];
    const messages = await receive(30);
    // The SDK has held each body against its MD5.
    expect(messages.map(({ Body }) => (JSON.parse(Body!) as { n: number }).n)).toEqual([0, 1, 2, 3]);
    expect(messages[0]!.Attributes).toMatchObject({ SentTimestamp: String(sentAt) });
    expect(await receive(30)).toEqual([]);
    await advance(30_000);
    const [again] = await receive(30, 1);
    expect(again).toMatchObject({ MessageId: messages[0]!.MessageId });
    await client.send(
      new DeleteMessageCommand({ QueueUrl: urls.deadLetters, ReceiptHandle: again!.ReceiptHandle }),
    );
    await advance(30_000);
    expect(queue.deadLetters.counts).toMatchObject({ visible: 3, notVisible: 0 });
  });

  it('is read for the dead letters of one run, to the message, and leaves them there', async () => {
    const { client, urls, send, advance, queue, ruleErrors, clock } = await start();
    send('run-1', 0, 30);
    send('run-2', 0, 7);
    await advance(300_000);
    const original = { stampede: { run: 'run-1', slice: 0, n: 9, device: 3, at: 1_000, sent: 1_001 } };
    ruleErrors.send(
      JSON.stringify({
        base64OriginalPayload: Buffer.from(JSON.stringify(original)).toString('base64'),
        failures: [{ failedAction: 'KinesisAction', errorMessage: 'Error Code: ThrottlingException' }],
      }),
      clock.now(),
    );
    const { deadLetterQueues } = makeQueueBacklog(urls, client);
    const reading = Promise.all(deadLetterQueues.map((each) => each.read('run-1')));
    // A receiver that finds nothing waits a second for something.
    for (let i = 0; i < 400; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await advance(100);
    }
    const [dead, errors] = await reading;
    expect(dead).toMatchObject({ left: 0 });
    expect(dead!.deadLetters.map(({ reason, messages }) => [reason, messages.encode()])).toEqual([
      ['dead-letter queue: measure-latency failed with them', { 1: [0, 30] }],
    ]);
    expect(errors!.deadLetters.map(({ reason, messages }) => [reason, messages.encode()])).toEqual([
      ['rule’s error queue: KinesisAction failed (ThrottlingException)', { 0: [9, 1] }],
    ]);
    await advance(60_000);
    expect(queue.deadLetters.counts).toMatchObject({ visible: 37, notVisible: 0 });
  });

  it('says what is wrong with a request', async () => {
    const { client, urls } = await start();
    const attributesOf = (QueueUrl: string) => client.send(new GetQueueAttributesCommand({ QueueUrl }));
    await expect(attributesOf(`${urls.arrivals}-2`)).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
    const receive = (QueueUrl: string, MaxNumberOfMessages: number) =>
      client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages }));
    await expect(receive(urls.deadLetters, 11)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(receive(urls.arrivals, 1)).rejects.toMatchObject({ name: 'NotSupportedByEmbeddedAws' });
  });
});
