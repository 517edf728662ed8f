import {
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { parseDeadLetter } from '../measure/dead-letter.ts';
import { MessageSets } from '../measure/message-sets.ts';
import type { DeadLetters } from '../measure/unread-backlog.ts';
import type { ArrivalsBacklog, ArrivalsSource, DeadLetterQueue } from './arrivals-backlog.ts';

/** The queues of the stack's subscriber; absent: it has no such queue. */
export interface QueueUrls {
  /** Between the rule and measure-latency. */
  readonly arrivals?: string;
  /** Name of the stream in its place. */
  readonly stream?: string;
  /** Messages that measure-latency failed with too often. */
  readonly deadLetters?: string;
  /** Messages that the rule could not deliver. */
  readonly ruleErrors?: string;
}

/**
 * Lambda may wait so long before it reads a quiet queue, whatever the batching window.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const quietQueueMs = 20_000;
/** A cold start and an invocation of measure-latency. */
const invocationMs = 5_000;

/** How long dead letters stay hidden from other readers: those wait so long for them. */
const hiddenSeconds = 20;
/** Reading 10 at a time, so many at once: some thousand a second. */
const parallelReceives = 16;
/** Another reader's messages come back within `hiddenSeconds`. */
const longestReadMs = 60_000;

/** The queues of `subscriber: queue`; of `direct`, which has queues for failures only. */
export function makeQueueBacklog(urls: QueueUrls, client: SQSClient = new SQSClient({})): ArrivalsBacklog {
  const { arrivals, deadLetters, ruleErrors } = urls;
  return {
    source: arrivals === undefined ? asynchronousEvents : makeQueueSource(arrivals, client),
    deadLetterQueues: [
      ...(deadLetters === undefined ? [] : [makeDeadLetterQueue('dead-letter queue', deadLetters, client)]),
      ...(ruleErrors === undefined ? [] : [makeDeadLetterQueue('rule’s error queue', ruleErrors, client)]),
    ],
  };
}

/**
 * `direct`: the rule's events wait in a queue of Lambda's own, whose depth cannot be read. None is in it for longer than the stack's
 * MaximumEventAgeInSeconds: then it was worked on, or is in the dead-letter queue.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
 */
const maxEventAgeMs = 60_000;
const asynchronousEvents: ArrivalsSource = {
  name: 'queue of Lambda’s events',
  async unread() {
    return { count: 0, mayHoldMore: true, longestPauseMs: maxEventAgeMs + invocationMs };
  },
};

export function makeQueueSource(url: string, client: SQSClient): ArrivalsSource {
  return {
    name: 'arrivals queue',
    async unread() {
      const { count, visibilityTimeoutMs } = await readDepth(url, client);
      // What is in flight when its invocation fails comes back after the visibility timeout.
      return { count, longestPauseMs: quietQueueMs + visibilityTimeoutMs + invocationMs };
    },
  };
}

export function makeDeadLetterQueue(name: string, url: string, client: SQSClient): DeadLetterQueue {
  return {
    name,
    async read(runId) {
      const byReason = new Map<string, MessageSets>();
      const left = await readAll(url, client, (body) => {
        const letter = parseDeadLetter(body);
        if (letter?.run !== runId) return;
        const messages = byReason.get(letter.reason) ?? new MessageSets();
        messages.add(letter, letter.n);
        byReason.set(letter.reason, messages);
      });
      const deadLetters = [...byReason].map(([reason, messages]): DeadLetters => ({ reason, messages }));
      return { deadLetters, left };
    },
  };
}

/**
 * Every message of a queue, which stays where it is.
 * @param take is given the body of each, once
 * @returns how many are in the queue and could not be read in time
 */
export async function readAll(url: string, client: SQSClient, take: (body: string) => void): Promise<number> {
  const seen = new Set<string>();
  const takeNew = ({ MessageId = '', Body = '' }: Message): void => {
    if (seen.has(MessageId)) return;
    seen.add(MessageId);
    take(Body);
  };
  const giveUpAt = performance.now() + longestReadMs;
  let left = await leftOf(url, client, seen);
  while (left > 0 && performance.now() < giveUpAt) {
    const receivers = Math.min(parallelReceives, Math.ceil(left / 10));
    await Promise.all(Array.from({ length: receivers }, () => receiveAll(url, client, takeNew, giveUpAt)));
    left = await leftOf(url, client, seen);
  }
  return left;
}

/** Until the queue has nothing to give. The wait makes SQS look at all of its servers, not at some. */
async function receiveAll(
  url: string,
  client: SQSClient,
  take: (message: Message) => void,
  giveUpAt: number,
): Promise<void> {
  while (performance.now() < giveUpAt) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 1,
        VisibilityTimeout: hiddenSeconds,
      }),
    );
    if (Messages.length === 0) return;
    for (const message of Messages) take(message);
  }
}

/** Messages in the queue that have not been seen. */
async function leftOf(url: string, client: SQSClient, seen: ReadonlySet<string>): Promise<number> {
  return Math.max(0, (await readDepth(url, client)).count - seen.size);
}

async function readDepth(
  url: string,
  client: SQSClient,
): Promise<{ count: number; visibilityTimeoutMs: number }> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
        'VisibilityTimeout',
      ],
    }),
  );
  const number = (name: keyof typeof Attributes): number => Number(Attributes[name] ?? 0);
  return {
    count:
      number('ApproximateNumberOfMessages') +
      number('ApproximateNumberOfMessagesNotVisible') +
      number('ApproximateNumberOfMessagesDelayed'),
    visibilityTimeoutMs: number('VisibilityTimeout') * 1_000,
  };
}
