import { accountId, partition, region } from '../../gateway/arns.ts';
import { AwsError, notSupported } from '../../gateway/aws-error.ts';
import { type JsonInput, makeJsonService, optionalNumber, requiredString } from '../../gateway/aws-json.ts';
import type { GatewayService } from '../../gateway/gateway-service.ts';
import type { MessageQueue, QueueCounts, ReceivedMessage } from './message-queue.ts';

/** A queue by name. The subscriber's is read by its event source mapping alone. */
export interface NamedQueue {
  readonly name: string;
  readonly counts: () => QueueCounts;
  /** Absent: nothing but its attributes can be asked for. */
  readonly messages?: MessageQueue;
}

/** Of Amazon SQS, what Stampede and a look at a dead-letter queue need: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/ */
export function makeSqs(queues: readonly NamedQueue[]): GatewayService {
  const queueOf = (input: JsonInput): NamedQueue => {
    const url = requiredString(input, 'QueueUrl');
    const queue = queues.find(({ name }) => url.endsWith(`/${accountId}/${name}`));
    if (queue === undefined) {
      throw new AwsError('QueueDoesNotExist', `The specified queue does not exist: ${url}`, 400);
    }
    return queue;
  };
  const messagesOf = (input: JsonInput): MessageQueue => {
    const { name, messages } = queueOf(input);
    if (messages === undefined) {
      throw notSupported(`SQS receiving from ${name}, which its event source mapping reads`);
    }
    return messages;
  };
  return makeJsonService({
    service: 'SQS',
    version: '1.0',
    maxBodyBytes: 65_536,
    operations: {
      GetQueueAttributes: (input) => attributesOf(queueOf(input), input),
      async ReceiveMessage(input) {
        const received = await messagesOf(input).receive({
          max: numberIn(input, 'MaxNumberOfMessages', [1, 10], 1),
          visibilityTimeoutMs: numberIn(input, 'VisibilityTimeout', [0, 43_200], 30) * 1_000,
          waitMs: numberIn(input, 'WaitTimeSeconds', [0, 20], 0) * 1_000,
        });
        return received.length === 0 ? {} : { Messages: received.map(render) };
      },
      DeleteMessage(input) {
        messagesOf(input).delete(requiredString(input, 'ReceiptHandle'));
        return {};
      },
    },
  });
}

function attributesOf({ name, counts }: NamedQueue, { AttributeNames }: JsonInput): object {
  const { visible, notVisible, delayed, visibilityTimeoutMs } = counts();
  const all = {
    QueueArn: `arn:${partition}:sqs:${region}:${accountId}:${name}`,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(notVisible),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    VisibilityTimeout: String(visibilityTimeoutMs / 1_000),
  };
  const names = Array.isArray(AttributeNames) ? AttributeNames : [];
  const requested = Object.entries(all).filter(([each]) => names.includes('All') || names.includes(each));
  return requested.length === 0 ? {} : { Attributes: Object.fromEntries(requested) };
}

function render(message: ReceivedMessage): object {
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: message.md5OfBody,
    Body: message.body,
    Attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
      SentTimestamp: String(message.sentAtMs),
    },
  };
}

function numberIn(
  input: JsonInput,
  member: string,
  [least, most]: readonly [number, number],
  otherwise: number,
): number {
  const value = optionalNumber(input, member) ?? otherwise;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new AwsError(
    'InvalidParameterValue',
    `Value ${value} for parameter ${member} is invalid. Reason: Must be between ${least} and ${most}, if provided.`,
    400,
  );
}
