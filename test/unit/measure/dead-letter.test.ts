import { describe, expect, it } from '@jest/globals';
import { parseDeadLetter } from '../../../src/measure/dead-letter.ts';

const record = { run: 'run-1', slice: 2, n: 7, device: 3, at: 1_000.5, sent: 1_001, rule: 1_010 };
const publish = {
  temperature: 21,
  stampede: { run: 'run-1', slice: 2, n: 7, device: 3, at: 1_000.5, sent: 1_001 },
};

/** As the rules engine hands it to an error action. */
function errorMessage(payload: string, errorText: string): string {
  return JSON.stringify({
    ruleName: 'arrivals',
    topic: 'stampede/run-1/d1/telemetry',
    cloudwatchTraceId: '7e146a2c-95b5-6caf-98b9-50e3969734c7',
    clientId: 'stampede-run-1-d1',
    base64OriginalPayload: Buffer.from(payload).toString('base64'),
    failures: [{ failedAction: 'SqsAction', failedResource: 'arrivals', errorMessage: errorText }],
  });
}

describe('a dead letter', () => {
  it('of the subscriber’s is the rule’s record', () => {
    expect(parseDeadLetter(JSON.stringify(record))).toEqual({
      run: 'run-1',
      slice: 2,
      stream: 0,
      n: 7,
      reason: 'dead-letter queue: measure-latency failed with them',
    });
  });

  it.each([
    ['RetriesExhausted', 'measure-latency failed with them'],
    ['EventAgeExceeded', 'Lambda could not start measure-latency for them in time'],
  ])('of an asynchronous invocation is its event: %s', (condition, reason) => {
    const failed = {
      version: '1.0',
      timestamp: '2026-09-01T12:00:00.000Z',
      requestContext: { requestId: 'r', functionArn: 'arn', condition, approximateInvokeCount: 1 },
      requestPayload: record,
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    };
    expect(parseDeadLetter(JSON.stringify(failed))).toEqual({
      run: 'run-1',
      slice: 2,
      stream: 0,
      n: 7,
      reason: `dead-letter queue: ${reason}`,
    });
    expect(parseDeadLetter(JSON.stringify({ ...failed, requestPayload: null }))).toBeUndefined();
  });

  it.each([
    [
      'Access denied. (Service: AmazonSQS; Status Code: 403; Error Code: AccessDenied; Request ID: 1f-2)',
      ' (AccessDenied)',
    ],
    [
      'ProvisionedThroughputExceededException: Rate exceeded for shard 0',
      ' (ProvisionedThroughputExceededException)',
    ],
    ['it did not work', ''],
  ])('of the rule’s is the publish, with a reason that many share: %s', (text, reason) => {
    expect(parseDeadLetter(errorMessage(JSON.stringify(publish), text))).toEqual({
      run: 'run-1',
      slice: 2,
      stream: 0,
      n: 7,
      reason: `rule’s error queue: SqsAction failed${reason}`,
    });
  });

  it.each([
    ['not JSON', 'hello'],
    ['another program’s', '{"hello":1}'],
    ['null', 'null'],
    ['an unrelated publish', errorMessage('hello', 'x')],
    ['a publish with another envelope', errorMessage('{"stampede":{"run":"run-1","slice":-1,"n":0}}', 'x')],
  ])('is none of Stampede’s: %s', (_what, body) => {
    expect(parseDeadLetter(body)).toBeUndefined();
  });
});
