import { randomUUID } from 'node:crypto';
import { accountId, partition, region } from '../../gateway/arns.ts';

/**
 * One record of the event that Lambda makes of an SQS message. Its fields have a fixed order and, but for the body,
 * at a fixed width, so that a record is two templates around a body, with digits put in their places.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#sqs-standard-queue-message-event
 */
export interface RecordTemplate {
  /** Up to the body's opening quote; the message's number goes to `numberAt`. */
  readonly head: Buffer;
  /** From the body's closing quote. The offsets below count from its start. */
  readonly tail: Buffer;
}

/** A message id ends in its number: 12 decimal digits, which are hexadecimal ones too. Numbers begin at 10¹¹ for that. */
export const firstNumber = 100_000_000_000;
/** Epoch milliseconds until 2286. */
const instant = '0'.repeat(13);
const md5 = '0'.repeat(32);
const beforeNumber = '{"messageId":"';
const beforeReceiveCount = '","attributes":{"ApproximateReceiveCount":"';
const beforeSent = '1","SentTimestamp":"';
/** The sender is the rule's role, as in real events: role id and session. */
const beforeFirstReceive = '","SenderId":"AROAIOTRULE:iot","ApproximateFirstReceiveTimestamp":"';
const beforeMd5 = '"},"messageAttributes":{},"md5OfBody":"';

/** Everything of a message id before its number. */
const idPrefixLength = 24;
export const messageIdAt = beforeNumber.length;
export const messageIdLength = idPrefixLength + String(firstNumber).length;
export const numberAt = messageIdAt + idPrefixLength;
export const receiveCountAt = beforeReceiveCount.length;
export const sentAt = receiveCountAt + beforeSent.length;
export const firstReceiveAt = sentAt + instant.length + beforeFirstReceive.length;
export const md5At = firstReceiveAt + instant.length + beforeMd5.length;

export function makeRecordTemplate(queueName: string): RecordTemplate {
  const idPrefix = randomUUID().slice(0, idPrefixLength);
  const arn = JSON.stringify(`arn:${partition}:sqs:${region}:${accountId}:${queueName}`);
  return {
    head: Buffer.from(`${beforeNumber}${idPrefix}${firstNumber}","receiptHandle":"AQEB","body":"`),
    tail: Buffer.from(
      `${beforeReceiveCount}${beforeSent}${instant}${beforeFirstReceive}${instant}${beforeMd5}${md5}"` +
        `,"eventSource":"aws:sqs","eventSourceARN":${arn},"awsRegion":"${region}"}`,
    ),
  };
}
